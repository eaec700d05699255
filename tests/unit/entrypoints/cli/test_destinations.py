"""Destinations from the command line."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.entrypoints.cli.fake_api import FakeApi
from tests.unit.entrypoints.cli.terminal import Terminal

PATH = "/v1/destinations/siem"
TEMPLATE = '{"title": "{{ event_type }} by {{ actor.name }}"}\n'
VALIDATORS = [{"path": "$.status", "expected": ["ok", 0]}]


def a_destination(**more: Any) -> dict[str, Any]:
    progress: dict[str, Any] = {
        "next_seq": 8,
        "behind": 2,
        "attempts": 0,
        "retry_at": None,
        "failing_since": None,
        "last_delivered_at": "2026-11-22T13:00:00.000Z",
        "delivered": 7,
        "undelivered": 0,
        "lost": [],
        "replays": [],
    }
    return {
        "id": "siem",
        "version": 3,
        "name": "SIEM",
        "kind": "webhook",
        "settings": {"url": "https://siem.example", "batch": False},
        "has_secret": True,
        "selection": {"event_types": ["access.*"], "severities": [], "integrations": []},
        "format": "native",
        "template": "",
        "headers": {},
        "validators": [],
        "timeout": 10,
        "is_active": True,
        "disabled_because": "",
        "created_at": "2026-11-22T12:00:00.000Z",
        "updated_at": "2026-11-22T12:00:00.000Z",
        **more,
        "progress": {**progress, **more.get("progress", {})},
    }


def a_delivery(**more: Any) -> dict[str, Any]:
    return {
        "id": "dlv_1",
        "at": "2026-11-22T13:00:00.000Z",
        "result": "delivered",
        "is_test": False,
        "replay": 0,
        "parcel": "parcel_1",
        "first_seq": 3,
        "last_seq": 7,
        "entries": 5,
        "attempt": 1,
        "status": 200,
        "took_milliseconds": 40,
        "answer": "ok",
        "error": "",
        "retry_at": None,
        **more,
    }


@pytest.fixture(autouse=True)
def known(api: FakeApi) -> None:
    stored = httpx.Response(200, json=a_destination(), headers={"etag": '"3"'})
    api.on("GET", PATH, stored)
    api.on("PUT", PATH, stored)
    api.on("POST", "/v1/destinations", httpx.Response(201, json=a_destination() | {"new_secret": "whsec_made"}))
    for verb in ("enable", "disable", "replay"):
        api.on("POST", f"{PATH}/{verb}", a_destination())


def test_a_destination_is_made_from_what_is_typed(terminal: Terminal, api: FakeApi) -> None:
    chosen = ("--set", "url=https://siem.example", "--set", "batch=true", "--event", "access.*,anomaly.*")
    added = ("destinations", "add", "siem", "--kind", "webhook", *chosen, "--header", "X-Team=a=b")
    terminal.json(*added, "--secret-stdin", typed="s\n")
    assert api.body("POST", "/v1/destinations") == {
        "id": "siem",
        "kind": "webhook",
        "name": "siem",
        "settings": {"url": "https://siem.example", "batch": True},
        "headers": {"X-Team": "a=b"},
        "selection": {"event_types": ["access.*", "anomaly.*"]},
        "secret": "s",
    }


def test_a_secret_that_was_made_is_shown_once_and_one_that_was_typed_never(terminal: Terminal) -> None:
    result = terminal.run("destinations", "add", "siem", "--kind", "webhook", "-o", "table", typed="hunter2\n")
    assert "whsec_made" in result.stdout
    assert "not shown again" in result.stdout
    assert "hunter2" not in result.output


def test_only_what_is_named_is_changed(terminal: Terminal, api: FakeApi) -> None:
    terminal.json("destinations", "edit", "siem", "--set", "batch=true", "--severity", "error")
    body = api.body("PUT", PATH)
    assert body["settings"] == {"url": "https://siem.example", "batch": True}
    assert body["selection"] == {"event_types": ["access.*"], "severities": ["error"], "integrations": []}
    assert (body["name"], body["timeout"]) == ("SIEM", 10)
    assert "kind" not in body
    assert api.sent("PUT", PATH)[-1].headers["if-match"] == '"3"'


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return written(tmp_path / "template.json", TEMPLATE)


@pytest.fixture
def validators(tmp_path: Path) -> Path:
    return written(tmp_path / "validators.json", json.dumps(VALIDATORS))


def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_a_template_validators_and_the_first_entry_are_sent(
    terminal: Terminal, api: FakeApi, template: Path, validators: Path
) -> None:
    files = ("--template", str(template), "--validators", str(validators))
    added = ("destinations", "add", "siem", "--kind", "webhook", "--from", "a-1", *files)
    terminal.json(*added, "--secret-stdin", typed="s\n")
    body = api.body("POST", "/v1/destinations")
    assert (body["format"], body["template"], body["validators"]) == ("template", TEMPLATE, VALIDATORS)
    assert body["from_entry"] == "a-1"
    assert "since" not in body


def test_a_time_to_begin_with_is_sent(terminal: Terminal, api: FakeApi) -> None:
    added = ("destinations", "add", "siem", "--kind", "webhook", "--since", "2026-11-22T10:00:00Z")
    terminal.json(*added, "--secret-stdin", typed="s\n")
    body = api.body("POST", "/v1/destinations")
    assert body["since"] == "2026-11-22T10:00:00.000Z"
    assert "from_entry" not in body


def test_a_template_and_validators_that_are_not_named_are_kept(terminal: Terminal, api: FakeApi) -> None:
    kept = {"format": "template", "template": TEMPLATE, "validators": VALIDATORS}
    api.on("GET", PATH, httpx.Response(200, json=a_destination(**kept), headers={"etag": '"3"'}))
    terminal.json("destinations", "edit", "siem", "--timeout", "20")
    assert api.body("PUT", PATH).items() >= kept.items()


def test_a_template_and_validators_are_replaced(
    terminal: Terminal, api: FakeApi, template: Path, validators: Path
) -> None:
    terminal.json("destinations", "edit", "siem", "--template", str(template))
    terminal.json("destinations", "edit", "siem", "--validators", str(validators), "--format", "ocsf")
    first, second = (json.loads(call.content) for call in api.sent("PUT", PATH))
    assert (first["format"], first["template"], first["validators"]) == ("template", TEMPLATE, [])
    assert (second["format"], second["template"], second["validators"]) == ("ocsf", "", VALIDATORS)


def test_a_format_that_is_named_is_the_one_even_with_a_template(
    terminal: Terminal, api: FakeApi, template: Path
) -> None:
    terminal.json("destinations", "edit", "siem", "--template", str(template), "--format", "native")
    assert (api.body("PUT", PATH)["format"], api.body("PUT", PATH)["template"]) == ("native", TEMPLATE)


@pytest.mark.parametrize(
    ("option", "content", "why"),
    [
        ("--validators", "[{path: 1}]", "is no JSON"),
        ("--validators", "Grüße", "cannot be read"),
        ("--template", "Grüße", "cannot be read"),
    ],
)
def test_a_file_that_is_not_what_it_must_be_is_a_mistake(
    terminal: Terminal, tmp_path: Path, option: str, content: str, why: str
) -> None:
    file = tmp_path / "file"
    file.write_text(content, encoding="latin-1")
    result = terminal.run("destinations", "edit", "siem", option, str(file))
    assert result.exit_code == 2
    assert why in result.stderr


def test_the_list_tells_how_they_are(terminal: Terminal, api: FakeApi) -> None:
    failing = a_destination(id="hec", progress={"failing_since": "2026-11-22T12:00:00.000Z"})
    off = a_destination(id="old", is_active=False, disabled_because="it is gone")
    api.on("GET", "/v1/destinations", {"destinations": [a_destination(), failing, off]})
    shown = " ".join(terminal.table("destinations", "list").split())
    assert "siem webhook ● active 2 14:00 CET SIEM" in shown
    assert "hec webhook ✗ failing" in shown
    assert "old webhook ○ disabled 2 14:00 CET it is gone" in shown


def test_one_is_shown_with_what_was_lost(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", PATH, a_destination(progress={"lost": [{"first": 3, "last": 5}]}))
    shown = terminal.table("destinations", "show", "siem")
    assert "3 numbers; `replay --failed` sends them again" in shown
    assert "Failing since" not in shown


def test_a_test_that_was_not_taken_is_exit_code_1(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", f"{PATH}/test", a_delivery(result="failed", status=503, error="answered 503", first_seq=0))
    result = terminal.run("destinations", "test", "siem")
    assert result.exit_code == 1
    assert "answered 503" in result.stderr


def test_a_test_that_was_taken_is_shown(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", f"{PATH}/test", a_delivery(first_seq=0))
    assert "● delivered" in terminal.table("destinations", "test", "siem")


def test_the_log_is_a_table(terminal: Terminal, api: FakeApi) -> None:
    failed = a_delivery(result="retrying", status=503, error="answered 503", attempt=2)
    api.on("GET", f"{PATH}/deliveries", {"deliveries": [failed], "next_cursor": None, "_links": {}})
    shown = " ".join(terminal.table("destinations", "log", "siem", "-n", "5").split())
    assert "◐ retrying 3-7 2 503 40 ms answered 503 dlv_1" in shown
    assert api.query(f"{PATH}/deliveries") == {"limit": ["5"]}


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (("--failed",), {"failed": True}),
        (("--delivery", "dlv_1"), {"delivery": "dlv_1"}),
        (("--from", "a-1", "--to", "b-2"), {"from_entry": "a-1", "to_entry": "b-2"}),
        (("--since", "2026-11-22T10:00:00Z"), {"since": "2026-11-22T10:00:00.000Z"}),
    ],
)
def test_what_is_to_be_delivered_again_is_sent(
    terminal: Terminal, api: FakeApi, typed: tuple[str, ...], sent: dict[str, Any]
) -> None:
    terminal.json("destinations", "replay", "siem", *typed)
    assert api.body("POST", f"{PATH}/replay") == sent


def test_a_replay_of_nothing_is_a_mistake(terminal: Terminal, api: FakeApi) -> None:
    assert terminal.run("destinations", "replay", "siem").exit_code == 2
    assert not api.calls


def test_a_secret_is_rotated(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", f"{PATH}/rotate-secret", a_destination() | {"new_secret": None})
    terminal.json("destinations", "rotate-secret", "siem", "--secret-stdin", typed="another\n")
    assert api.body("POST", f"{PATH}/rotate-secret") == {"secret": "another"}


def test_it_is_switched_off_and_on(terminal: Terminal, api: FakeApi) -> None:
    terminal.json("destinations", "disable", "siem", "-r", "moving")
    terminal.json("destinations", "enable", "siem")
    assert api.body("POST", f"{PATH}/disable") == {"reason": "moving"}
    assert api.sent("POST", f"{PATH}/enable")


def test_nothing_is_removed_before_somebody_has_said_yes(terminal: Terminal, api: FakeApi) -> None:
    api.on("DELETE", PATH, httpx.Response(204))
    assert terminal.run("destinations", "remove", "siem", typed="n\n").exit_code != 0
    assert not api.sent("DELETE", PATH)
    terminal.json("destinations", "remove", "siem", "--yes")
    assert api.sent("DELETE", PATH)[-1].headers["if-match"] == '"3"'
