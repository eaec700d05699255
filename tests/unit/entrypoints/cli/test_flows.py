"""Reading access flows, and writing them from files."""

from pathlib import Path

import pytest
import yaml

from tests.unit.entrypoints.cli.fake_api import (
    FakeApi,
    Json,
    a_condition,
    a_flow,
    a_rule,
    a_versioned,
    problem,
    resources,
)
from tests.unit.entrypoints.cli.terminal import Terminal

PATH = "/v1/flows/orders-roles"
FLOW = "id: orders-roles\nname: Sales and billing\ngrant: {default: PT1H, maximum: PT8H}\n"
DEFINITION = {"name": "Sales and billing", "grant": {"default": "PT1H", "maximum": "PT8H"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "flows.yaml"
    written.write_text(FLOW)
    return written


def test_a_new_flow_is_created(terminal: Terminal, api: FakeApi, file: Path) -> None:
    api.on("PUT", PATH, a_versioned(a_flow(), status=201))
    assert "orders-roles  created  version 1" in terminal.table("flows", "apply", "-f", str(file))
    assert api.body("PUT", PATH) == DEFINITION
    assert "if-match" not in api.sent("PUT", PATH)[0].headers


@pytest.mark.parametrize(("version", "result"), [(4, "updated"), (3, "unchanged")])
def test_a_known_flow_is_written_over_the_version_that_was_read(
    terminal: Terminal, api: FakeApi, file: Path, version: int, result: str
) -> None:
    api.on("GET", PATH, a_versioned(a_flow(3)))
    api.on("PUT", PATH, a_versioned(a_flow(version)))
    applied = terminal.json("flows", "apply", "-f", str(file))
    assert applied == {"flows": [{"id": "orders-roles", "result": result, "version": version}]}
    assert api.sent("PUT", PATH)[0].headers["if-match"] == '"3"'


@pytest.mark.parametrize("separator", ["---\n", "list"])
def test_several_documents_or_a_list_are_several_flows(
    terminal: Terminal, api: FakeApi, tmp_path: Path, separator: str
) -> None:
    two = [{"id": "one", **DEFINITION}, {"id": "two", **DEFINITION}]
    file = tmp_path / "flows.yaml"
    file.write_text(yaml.safe_dump(two) if separator == "list" else yaml.safe_dump_all(two))
    for name in ("one", "two"):
        api.on("PUT", f"/v1/flows/{name}", a_versioned(a_flow(), status=201))
    assert [flow["id"] for flow in terminal.json("flows", "apply", "-f", str(file))["flows"]] == ["one", "two"]


def test_what_the_api_prints_as_json_can_be_applied(terminal: Terminal, api: FakeApi) -> None:
    api.on("PUT", PATH, a_versioned(a_flow(), status=201))
    terminal.json("flows", "apply", "-f", "-", typed=yaml.safe_dump(a_flow(name="Read again")))
    assert api.body("PUT", PATH)["name"] == "Read again"


def test_a_refused_flow_is_named_with_file_and_pointer_and_the_others_go_on(
    terminal: Terminal, api: FakeApi, file: Path
) -> None:
    file.write_text(FLOW + "---\nid: second\nname: Second\n")
    fault = {"pointer": "/grant/maximum", "detail": "must not be longer than 30 days"}
    api.on("PUT", PATH, problem(400, "invalid-input", "What was sent is wrong", errors=[fault]))
    api.on("PUT", "/v1/flows/second", a_versioned(a_flow(), status=201))
    result = terminal.run("flows", "apply", "-f", str(file))
    assert result.exit_code == 1
    assert f"✗ {file}, flow 1 (orders-roles): What was sent is wrong" in result.stderr
    assert "  /grant/maximum: must not be longer than 30 days" in result.stderr
    assert "1 of 2 flows were refused" in result.stderr
    assert '"second"' in result.stdout


@pytest.mark.parametrize("text", ["", "just text", "name: no id\n", "- [1]\n", "a: [", "\x00"])
def test_a_file_without_flows_is_refused_before_anything_is_sent(
    terminal: Terminal, api: FakeApi, file: Path, text: str
) -> None:
    file.write_text(text)
    assert terminal.run("flows", "apply", "-f", str(file)).exit_code == 2
    assert not api.calls


def test_a_missing_file_is_refused(terminal: Terminal) -> None:
    assert terminal.run("flows", "apply", "-f", "nowhere.yaml").exit_code == 2


def test_the_list_says_who_may_what_and_who_decides(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/flows", {"flows": [a_flow()]})
    shown = " ".join(terminal.table("flows", "list").split())
    assert (
        "orders-roles developers role1 on orders-db/orders 1 approval needed from approvers 1 h, at most 8 h always 1"
        in shown
    )


@pytest.mark.parametrize(
    ("definition", "shown"),
    [
        ({"who": {"match": "any", "conditions": [a_condition("*", attribute="person")]}}, "everybody"),
        (
            {"who": {"match": "all", "conditions": [a_condition("a", "b"), a_condition("c", operator="is not")]}},
            "a, b and group is not c",
        ),
        (
            {"who": {"match": "any", "conditions": [a_condition("a"), a_condition("dba-", operator="starts with")]}},
            "a or group starts with dba-",
        ),
        ({"on_behalf": {"people": ["usr_noa"], "groups": ["support"]}}, "on behalf of them: support, usr_noa"),
        (
            {
                "what": {
                    **resources("*"),
                    "integration": "db",
                    "exclude": resources("old", tags=("pii",)),
                    "permissions": ["*"],
                }
            },
            "* on db/* without old, #pii",
        ),
        ({"approve": {"steps": [a_rule(), a_rule("dba")]}}, "1 approval needed from approvers, then 1 approval"),
        (
            {"grant": {"default": "PT1H", "maximum": "PT2H", "extensions": {"count": 2, "longest": "PT30M"}}},
            "1 h, at most 2 h; 2 extensions of 30 min",
        ),
        (
            {"when": {"zone": "Europe/Berlin", "days": ["mon", "tue"], "start": "08:00", "end": "18:00"}},
            "mon, tue 08:00-18:00 Europe/Berlin",
        ),
        (
            {
                "when": {
                    "zone": "UTC",
                    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                    "start": "00:00",
                    "end": "24:00",
                }
            },
            "every day 00:00-24:00 UTC",
        ),
    ],
)
def test_the_list_says_each_rule_in_words(terminal: Terminal, api: FakeApi, definition: Json, shown: str) -> None:
    api.on("GET", "/v1/flows", {"flows": [a_flow(**definition)]})
    assert shown in " ".join(terminal.table("flows", "list").split())


def test_a_shown_flow_can_be_applied_again(terminal: Terminal, api: FakeApi) -> None:
    flow = a_flow(3)
    api.on("GET", PATH, flow)
    shown = terminal.table("flows", "show", "orders-roles")
    assert shown.startswith("# Version 3, written by Ada Berg, 14:00 CET\n")
    assert yaml.safe_load(shown) == {"id": "orders-roles", **flow["definition"]}


def test_a_path_in_an_id_stays_an_id(terminal: Terminal, api: FakeApi) -> None:
    terminal.run("flows", "show", "../integrations/x")
    assert api.calls[0].url.raw_path == b"/v1/flows/..%2Fintegrations%2Fx"
