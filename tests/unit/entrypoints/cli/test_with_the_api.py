"""The commands at the real API's functions, over the fakes: the two speak the same language."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml

from nightlatch.domain.access_flow import ExtensionRule, FlowRegister
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep, Escalation
from nightlatch.domain.change import Change
from nightlatch.domain.identity import Principal
from nightlatch.domain.opening_hours import OpeningHours
from nightlatch.domain.selectors import PeopleSelector, TargetSelector
from tests.builders import (
    ADA,
    API,
    HOUR,
    MAYA,
    NOA,
    OMAR,
    World,
    a_call,
    a_definition,
    a_flow,
    a_resource,
    an_integration,
    groups_are,
)
from tests.fakes.connector import FakeConnector
from tests.functions.client import Client
from tests.unit.entrypoints.cli.fake_api import FakeApi
from tests.unit.entrypoints.cli.terminal import NOW, Terminal

PEOPLE = {f"Bearer token-of-{person.subject}": person for person in (MAYA, NOA, OMAR, ADA)}
STEPS = ApprovalRule(
    steps=(
        ApprovalStep(groups=("approvers",), escalation=Escalation(after=timedelta(hours=4), groups=("leads",))),
        ApprovalStep(groups=("admins",)),
    )
)
BILLING = a_definition(
    name="Billing, in two steps",
    who=groups_are("developers"),
    on_behalf=PeopleSelector(groups=("approvers",)),
    what=TargetSelector(integration="billing-db", names=("billing",), permissions=("role1",)),
    maximum=2 * HOUR,
    extensions=ExtensionRule(count=2, longest=HOUR),
    when=OpeningHours(zone="UTC", start="08:00", end="18:00"),
    approve=STEPS,
)


class RealApi(FakeApi):
    """Answers as API Gateway and the functions do, in the name that the token stands for."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._client = Client(world)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Hand a call to the function that answers it."""
        path = request.url.raw_path.decode()
        answer = self._client.call(
            request.method,
            path,
            by=self._person(request),
            text=request.content.decode() or None,
            headers={name: value for name, value in request.headers.items() if name != "authorization"},
        )
        return httpx.Response(answer.status, headers=dict(answer.headers), text=answer.text or "")

    def _person(self, request: httpx.Request) -> Principal:
        return PEOPLE[request.headers["authorization"]]


@pytest.fixture
def world() -> World:
    world = World(connector=FakeConnector(databases=("orders", "billing")))
    world.clock.at(NOW)
    for person in PEOPLE.values():
        world.acquaintances.note(a_call(person))
    world.store.commit(Change(an_integration("billing-db")), origin=API)
    world.store.commit(Change(a_flow("billing", BILLING), (), (FlowRegister(version=2),)), origin=API)
    world.store.replace_resources("billing-db", [a_resource("billing", "role1", "role9")])
    return world


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Terminal:
    terminal = Terminal(RealApi(world), tmp_path / "config")
    for person in ("noa", "ada", "maya"):
        terminal.sign_in(person)
    return terminal


ASK_FOR_BILLING = ("request", "billing-db/billing", "-p", "role1", "--reason", "month end")


def asked(terminal: Terminal, *more: str) -> str:
    """Ask for billing and return the request's id."""
    return str(terminal.json(*ASK_FOR_BILLING, *more)["id"])


def granted(terminal: Terminal, world: World) -> str:
    """Ask for billing, approve it twice, provision it, and return the request's id."""
    request_id = asked(terminal)
    for approver in ("noa", "ada"):
        terminal.json("approve", request_id, "--as", approver)
    world.provisioning.advance(request_id)
    return request_id


def text(shown: str) -> str:
    return " ".join(shown.split())


def test_a_dry_run_tells_both_steps(terminal: Terminal) -> None:
    shown = text(terminal.table(*ASK_FOR_BILLING, "--dry-run"))
    assert "✓ Would come under flow Billing, in two steps the only flow that covers it" in shown
    assert "Step 1 1 approval for each item from approvers (after 4 h also from leads)" in shown
    assert "Step 2 1 approval for each item from admins" in shown
    assert "Lasts 1 h, at most 2 h" in shown
    assert "Extensions 2, each at most 1 h" in shown


def test_every_command_that_a_refused_dry_run_tells_works(terminal: Terminal) -> None:
    refused = terminal.run(*ASK_FOR_BILLING, "--for", "9h", "--start", "23:00", "--dry-run", "-o", "table")
    assert refused.exit_code == 1
    commands = [line.strip() for line in refused.stdout.splitlines() if "nightlatch request" in line]
    assert commands == [
        "nightlatch request billing-db/billing -p role1 --for 2h --start 2026-11-23T09:00+01:00 --reason 'month end'"
    ]
    assert terminal.json(*ASK_FOR_BILLING, "--for", "2h", "--start", "2026-11-23T09:00+01:00", "--dry-run")["allowed"]


def test_within_opening_hours_no_other_time_is_advised(terminal: Terminal) -> None:
    refused = terminal.run(*ASK_FOR_BILLING, "--for", "9h", "--dry-run", "-o", "table")
    commands = [line.strip() for line in refused.stdout.splitlines() if "nightlatch request" in line]
    assert commands == ["nightlatch request billing-db/billing -p role1 --for 2h --reason 'month end'"]


def test_what_no_flow_covers_is_told_with_what_one_may_have(terminal: Terminal) -> None:
    refused = terminal.run("request", "billing-db/billing", "-p", "role9", "--dry-run", "--reason", "x", "-o", "table")
    assert "no access flow lets you ask for this" in refused.stdout
    assert "nightlatch request billing-db/billing -p role1 --reason x" in refused.stdout


def test_a_bundle_is_made_whole_and_a_second_one_is_a_duplicate(terminal: Terminal) -> None:
    both = ("request", "orders-db/orders", "billing-db/billing", "-p", "role1", "--reason", "month end")
    bundle = terminal.json(*both)
    assert {request["bundle_id"] for request in bundle["requests"]} == {bundle["id"]}
    again = terminal.run(*both)
    assert again.exit_code == 1
    assert f"look at it: nightlatch requests show {bundle['requests'][0]['id']}" in again.stderr


def test_a_request_shows_which_step_it_has_reached(terminal: Terminal) -> None:
    request_id = asked(terminal, "--start", "16:00")
    terminal.json("approve", request_id, "--as", "noa")
    shown = text(terminal.table("requests", "show", request_id))
    assert "Still asked step 2 of 2: 1 more from admins" in shown
    assert "Begins 16:00 CET" in shown
    assert "Extensions 0 of 2 used, each at most 1 h" in shown


def test_an_approver_asks_on_behalf_of_a_developer(terminal: Terminal) -> None:
    shown = terminal.table(*ASK_FOR_BILLING, "--for-person", MAYA.id, "--type", "database", "--as", "noa")
    assert "for Maya" in shown
    assert "Asked by Noa" in text(terminal.table("requests", "show", "last"))


def test_access_is_extended_as_often_as_the_flow_lets_it(terminal: Terminal, world: World) -> None:
    request_id = granted(terminal, world)
    for _ in range(2):
        assert terminal.json("extend", request_id, "--for", "1h")["status"] == "GRANTED"
    refused = terminal.run("extend", request_id, "--for", "1h")
    assert refused.exit_code == 1
    assert "access flow billing allows 2" in refused.stderr


def test_the_same_is_asked_for_again_once_it_is_over(terminal: Terminal) -> None:
    request_id = asked(terminal)
    terminal.json("requests", "cancel", request_id)
    again = terminal.json("again", request_id, "--for", "2h")
    assert (again["duration_seconds"], again["justification"]) == (7200, "month end")


def test_several_requests_are_revoked_each_on_its_own(terminal: Terminal, world: World) -> None:
    there, waiting = granted(terminal, world), world.submitted("role3").id
    result = terminal.run("revoke", there, waiting, "--reason", "over", "--as", "ada", "-o", "table")
    assert result.exit_code == 1
    assert f"{there} Maya ◐ revoking" in text(result.stdout)
    assert "1 of 2 requests could not be ended" in result.stderr


def test_everything_of_a_person_ends(terminal: Terminal, world: World) -> None:
    there, waiting = granted(terminal, world), world.submitted("role3").id
    assert MAYA.id in terminal.table("people", "list", "--as", "ada")
    stopped = terminal.json("revoke", "--person", MAYA.id, "--reason", "stolen", "--yes", "--as", "ada")
    states = {result["id"]: result["request"]["status"] for result in stopped["results"]}
    assert states == {there: "REVOKING", waiting: "CANCELED"}


def test_only_what_is_quarantined_is_closed_by_hand(terminal: Terminal, world: World) -> None:
    request_id = granted(terminal, world)
    refused = terminal.run("close", request_id, "--reason", "x", "--as", "ada")
    assert (refused.exit_code, "not quarantined" in refused.stderr) == (1, True)
    terminal.json("return", request_id)
    world.connector.fail_next(times=100)
    world.sweep(minutes=120)
    assert "revoking !" in terminal.table("requests", "show", request_id)
    closed = terminal.json("close", request_id, "--reason", "dropped by hand", "--as", "ada")
    assert (closed["status"], closed["quarantined"]) == ("CANCELED", False)


def test_flows_are_listed_shown_applied_and_deleted(terminal: Terminal) -> None:
    listed = text(terminal.table("flows", "list", "--as", "ada"))
    assert "every day 08:00-18:00 UTC" in listed
    shown = yaml.safe_load(terminal.table("flows", "show", "billing"))
    unchanged = terminal.json("flows", "apply", "-f", "-", "--as", "ada", typed=yaml.safe_dump(shown))
    assert unchanged["flows"] == [{"id": "billing", "result": "unchanged", "version": 1}]
    shown["grant"]["maximum"] = "PT1H"
    terminal.json("flows", "apply", "-f", "-", "--as", "ada", typed=yaml.safe_dump(shown))
    terminal.table("flows", "delete", "billing", "--yes", "--as", "ada")
    history = terminal.table("flows", "history", "billing")
    assert [line.split()[1] for line in history.splitlines() if line.startswith("Version")] == ["3", "2", "1"]
    assert "  /grant/maximum\n    - PT2H\n    + PT1H\n" in history
