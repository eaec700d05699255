"""Finding out what would come of asking."""

import json
import shlex

import httpx
import pytest

from tests.unit.entrypoints.cli.fake_api import (
    REQUEST_ID,
    FakeApi,
    a_dry_run,
    a_refused_dry_run,
    a_request,
    a_rule,
    an_alternative,
    an_offer,
    approvers,
)
from tests.unit.entrypoints.cli.terminal import Terminal

PATH = "/v1/dry-runs"
TRY = ("request", "orders-db/orders", "-p", "role1", "--dry-run")
OF_TWO = {"integration": {"id": "hr-db", "name": "People", "kind": "postgresql"}}


@pytest.fixture(autouse=True)
def offers(api: FakeApi) -> None:
    api.on("GET", "/v1/catalog", {"offers": [an_offer(), {**an_offer(), **OF_TWO}]})
    api.on("POST", PATH, a_dry_run())


def lines(shown: str) -> list[str]:
    return [" ".join(line.split()) for line in shown.splitlines()]


def test_a_dry_run_makes_no_request(terminal: Terminal, api: FakeApi) -> None:
    assert terminal.json(*TRY, "--for", "2h")["allowed"]
    assert api.body("POST", PATH)["duration"] == "PT2H"
    assert not api.sent("POST", "/v1/requests")


def test_it_tells_flow_approvers_and_times(terminal: Terminal) -> None:
    assert lines(terminal.table(*TRY)) == [
        "✓ Would come under flow Sales and billing the only flow that covers it",
        "Asked 1 approval for each item from approvers",
        "Lasts 2 h, at most 8 h",
        "Begins as soon as it is approved",
    ]


def test_it_tells_every_step_the_start_and_the_extensions(terminal: Terminal, api: FakeApi) -> None:
    dry_run = a_dry_run(
        approvers=approvers(a_rule(), a_rule("dba", needed=2)),
        starts_at="2026-11-23T15:34:00.000Z",
        extensions={"used": 0, "allowed": 2, "longest_seconds": 3600},
    )
    api.on("POST", PATH, dry_run)
    assert lines(terminal.table(*TRY))[1:] == [
        "Step 1 1 approval for each item from approvers",
        "Step 2 2 approvals for each item from dba",
        "Lasts 2 h, at most 8 h",
        "Begins 23 Nov 16:34 CET",
        "Extensions 2, each at most 1 h",
    ]


def test_nobody_is_asked_where_approval_is_automatic(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", PATH, a_dry_run(approvers=approvers()))
    assert "Asked       nobody: approved automatically" in terminal.table(*TRY)


def test_a_refusal_tells_why_and_what_to_type_instead(terminal: Terminal, api: FakeApi) -> None:
    later = an_alternative(kind="other time", text="begin later", starts_at="2026-11-23T07:00:00.000Z")
    api.on("POST", PATH, a_refused_dry_run(an_alternative(), later))
    result = terminal.run(*TRY, "--for", "9h", "--reason", "it's on fire", "--ticket", "OPS-1", "-o", "table")
    kept = """--reason 'it'"'"'s on fire' --ticket OPS-1"""
    assert result.exit_code == 1
    assert lines(result.stdout) == [
        "✗ Would be refused",
        "/duration: must not be longer than PT8H",
        "What would work:",
        "ask for at most PT8H",
        f"nightlatch request orders-db/orders -p role1 --for 8h {kept}",
        "begin later",
        f"nightlatch request orders-db/orders -p role1 --for 8h --start 2026-11-23T08:00+01:00 {kept}",
    ]


def test_the_command_that_is_told_can_be_typed(terminal: Terminal, api: FakeApi) -> None:
    start = "2026-11-23T07:00:00.000Z"
    api.on("POST", PATH, a_refused_dry_run(an_alternative(starts_at=start)), a_dry_run())
    shown = terminal.run(*TRY, "--reason", "it's on fire", "-o", "table").stdout
    command = next(line for line in shown.splitlines() if "nightlatch request" in line)
    terminal.json(*shlex.split(command)[1:], "--dry-run")
    sent = api.body("POST", PATH)
    assert (sent["duration"], sent["starts_at"], sent["justification"]) == ("PT8H", start, "it's on fire")


def test_an_open_request_for_the_same_is_named(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", PATH, a_dry_run(allowed=False, duplicate_of=REQUEST_ID))
    result = terminal.run(*TRY, "-o", "table")
    assert result.exit_code == 1
    assert lines(result.stdout) == ["✗ An open request asks for the same", f"nightlatch requests show {REQUEST_ID}"]


def test_a_script_gets_the_answer_and_an_exit_code(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", PATH, a_refused_dry_run())
    result = terminal.run(*TRY)
    assert (result.exit_code, json.loads(result.stdout)) == (1, a_refused_dry_run())


def test_targets_of_two_integrations_are_tried_one_by_one(terminal: Terminal) -> None:
    both = ("request", "orders-db/orders", "hr-db/orders", "-p", "role1", "--dry-run")
    shown = lines(terminal.table(*both))
    assert (shown[0], shown[5]) == ("orders-db", "hr-db")
    assert terminal.json(*both) == {"dry_runs": [a_dry_run(), a_dry_run()]}


def test_what_the_catalog_does_not_offer_is_tried_as_it_was_typed(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", PATH, a_refused_dry_run())
    terminal.run("request", "orders-db/secrets", "-p", "root", "--dry-run")
    wanted = {"resource_type": "database", "resource": "secrets", "permission": "root"}
    assert api.body("POST", PATH)["items"] == [wanted]


@pytest.mark.parametrize(("target", "message"), [("x/y", "say what it is with --type"), ("x", "INTEGRATION/RESOURCE")])
def test_what_cannot_be_guessed_must_be_said(terminal: Terminal, target: str, message: str) -> None:
    result = terminal.run("request", target, "-p", "root", "--dry-run")
    assert result.exit_code == 2
    assert message in result.stderr


def test_somebody_may_be_asked_for_who_may_have_what_one_may_not(terminal: Terminal, api: FakeApi) -> None:
    made = a_request(asked_by={"id": "usr_omar", "name": "Omar Haddad", "email": ""})
    api.on("POST", "/v1/requests", httpx.Response(201, json=made))
    shown = terminal.table("request", "x/y", "-p", "root", "--type", "host", "--for-person", "usr_maya")
    assert api.body("POST", "/v1/requests")["on_behalf_of"] == "usr_maya"
    assert f"✓ Sent   {REQUEST_ID}   for Maya Cohen" in shown
