"""The running stack on a bad day: AWS and PostgreSQL fail on the way of a request, and it ends where it should.

All requests are under way at once, for what a worker could not finish is taken up by the sweep two minutes later.
Every call of the way, with every fault: `tests/integration/aws/test_fault_matrix.py`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from nightlatch.entrypoints.local import database
from nightlatch.entrypoints.local.database import Passwords
from nightlatch.entrypoints.local.facts import StackFacts
from nightlatch.entrypoints.local.layout import layout
from tests.e2e import faulty_aws
from tests.e2e.conftest import free_port
from tests.e2e.faulty_aws import FaultyAws
from tests.e2e.lines import connect
from tests.e2e.person import Person, until
from tests.integration.failing_line import FailingLine, Failure

ENOUGH = 240
AHEAD = timedelta(seconds=3)
GRANTED = ["access.requested", "access.role.approved", "access.approved", "access.granted"]
GIVEN_BACK = [*GRANTED, "access.revoking", "access.returned"]

AT_GRANT = [
    ("dynamodb.TransactWriteItems", "refused"),
    ("dynamodb.TransactWriteItems", "500"),
    ("dynamodb.TransactWriteItems", "throttled"),
    ("dynamodb.TransactWriteItems", "slow"),
    ("dynamodb.TransactWriteItems", "reply lost"),
    ("scheduler.CreateSchedule", "throttled"),
    ("scheduler.CreateSchedule", "reply lost"),
    ("kms.Encrypt", "500"),
    ("kms.Encrypt", "reply lost"),
    ("secretsmanager.GetSecretValue", "refused"),
]
AT_END = [
    ("dynamodb.TransactWriteItems", "500"),
    ("dynamodb.TransactWriteItems", "reply lost"),
    ("secretsmanager.GetSecretValue", "throttled"),
]
LINES = ["down", "silent", "cut after it was done"]


@dataclass(frozen=True)
class Requests:
    """The requests that are under way, by what fails."""

    at_grant: dict[tuple[str, str], str]
    at_end: dict[tuple[str, str], str]
    over_lines: dict[str, str]


@pytest.fixture(scope="module")
def faulty(
    facts: StackFacts, home: Path, client: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FaultyAws]:
    """Put a faulty AWS between the functions and the emulator."""
    environment = tmp_path_factory.mktemp("microburst") / "environment"
    with (
        faulty_aws.running(environment, facts, layout(home), port=free_port()) as faulty,
        faulty_aws.in_front_of_functions(faulty, facts, client("lambda")),
    ):
        yield faulty


@pytest.fixture(scope="module")
def under_way(faulty: FaultyAws, person: Callable[[str], Person], lines: dict[str, FailingLine]) -> Requests:
    """Begin every request, each with its fault before it; those that are to fail at their end are granted before."""
    maya, noa, starts = person("maya"), person("noa"), moments()
    at_end = {cell: maya.ask("role1", starts_at=next(starts)) for cell in AT_END}
    at_grant = {cell: maya.ask("role1", starts_at=next(starts)) for cell in AT_GRANT}
    time.sleep(AHEAD.total_seconds())
    for request_id in at_end.values():
        noa.command(request_id, "approve")
        maya.wait_for(request_id, "GRANTED")
    for (call, fault), request_id in (*at_end.items(), *at_grant.items()):
        faulty.fail(call, fault, *mentioned(call, request_id))
    for request_id in at_end.values():
        maya.command(request_id, "return")
    for request_id in at_grant.values():
        noa.command(request_id, "approve")
    return Requests(at_grant, at_end, asked_over(lines, maya))


def moments() -> Iterator[datetime]:
    """Name moments just ahead, each another: what is asked for from another time on is no duplicate."""
    for number in count(1):
        yield datetime.now(UTC) + AHEAD + number * timedelta(milliseconds=1)


def mentioned(call: str, request_id: str) -> list[str]:
    """Say what a worker's call mentions: a secret is read for no request in particular."""
    if call.startswith("secretsmanager"):
        return ["orders-db"]
    # Commands write the request too, but only workers write its grant.
    return [request_id, "GRANT"] if call.startswith("dynamodb") else [request_id]


@pytest.fixture(scope="module")
def lines(facts: StackFacts, home: Path, person: Callable[[str], Person]) -> Iterator[dict[str, FailingLine]]:
    """Connect the database three times over, each by a line that can fail."""
    with ExitStack() as open_lines:
        lines = {name: open_lines.enter_context(FailingLine(facts.database.port).running()) for name in LINES}
        for line in lines.values():
            connect(person("ada"), line, facts, home)
        yield lines


def asked_over(lines: dict[str, FailingLine], maya: Person) -> dict[str, str]:
    """Ask for access over each line while it fails."""
    lines["down"].is_cut = True
    lines["silent"].fail_on(b"CREATE ROLE", failure=Failure.SILENCE)
    lines["cut after it was done"].fail_on(b"COMMIT", failure=Failure.AFTER)
    items = [{"resource_type": "database", "resource": "orders", "permission": "role1"}]
    asked = {}
    for name, line in lines.items():
        body = {"integration": f"line-{line.port}", "items": items, "justification": "INC-2291 duplicate charges"}
        answer = maya.post("/v1/requests", body)
        assert answer.is_success, answer.text
        asked[name] = str(answer.json()["id"])
    return asked


@pytest.fixture(scope="module")
def sessions(facts: StackFacts, home: Path) -> Callable[[str], list[str]]:
    """Look up, as the database's owner, which session users a request has there."""
    passwords = Passwords.model_validate_json(layout(home).secrets.read_text())

    def look(user: str) -> list[str]:
        server = database.connect(facts.database.port, passwords)
        try:
            return [str(name) for (name,) in server.run("SELECT rolname FROM pg_roles WHERE rolname = :u", u=user)]
        finally:
            server.close()

    return look


def given_back(maya: Person, request_id: str) -> tuple[str, list[str]]:
    """Wait until access is given back and told of, and read its session user and what is told."""
    closed = maya.wait_for(request_id, "CANCELED", within=ENOUGH)
    timeline = until(
        lambda: maya.get(f"/v1/requests/{request_id}/timeline"),
        lambda timeline: timeline["events"][-1]["event_type"] == "access.returned",
        within=60,
    )
    return closed["session_user"], [event["event_type"] for event in timeline["events"]]


@pytest.mark.parametrize("fault", ["slow once", "reply lost"])
def test_a_command_meets_a_fault_and_is_carried_out_once(
    faulty: FaultyAws, person: Callable[[str], Person], fault: str
) -> None:
    """J2. E1: what DynamoDB answered, or did not, the same key brings the same request."""
    maya, ticket = person("maya"), uuid4().hex
    body = {
        "integration": "orders-db",
        "items": [{"resource_type": "database", "resource": "orders", "permission": "role1"}],
        "justification": ticket,
    }
    faulty.fail("dynamodb.TransactWriteItems", fault, ticket)

    first = maya.post("/v1/requests", body, key=ticket)
    again = maya.post("/v1/requests", body, key=ticket)
    made = [one for one in maya.get("/v1/requests", limit=50)["requests"] if one["justification"] == ticket]
    maya.command(again.json()["id"], "cancel")

    assert first.status_code in {201, 503}
    assert again.status_code == 201
    assert [one["id"] for one in made] == [again.json()["id"]]


@pytest.mark.parametrize("name", LINES)
def test_access_begins_and_ends_though_the_database_fails(
    under_way: Requests,
    lines: dict[str, FailingLine],
    person: Callable[[str], Person],
    sessions: Callable[[str], list[str]],
    name: str,
) -> None:
    """J2: stopped, slower than the time-outs, and cut after it was done."""
    maya, request_id = person("maya"), under_way.over_lines[name]
    lines[name].is_cut = False

    granted = maya.wait_for(request_id, "GRANTED", within=ENOUGH)
    maya.command(request_id, "return")
    user, told = given_back(maya, request_id)

    assert not lines[name].is_armed
    assert told == ["access.requested", "access.approved", "access.granted", "access.revoking", "access.returned"]
    assert user == granted["session_user"]
    assert sessions(user) == []


@pytest.mark.parametrize("cell", AT_END, ids=" ".join)
def test_access_ends_though_aws_fails(
    under_way: Requests,
    person: Callable[[str], Person],
    sessions: Callable[[str], list[str]],
    cell: tuple[str, str],
) -> None:
    """J2."""
    user, told = given_back(person("maya"), under_way.at_end[cell])

    assert [name for name in told if name != "access.revoke.failed"] == GIVEN_BACK
    assert sessions(user) == []


@pytest.mark.parametrize("cell", AT_GRANT, ids=" ".join)
def test_access_begins_though_aws_fails_and_can_be_given_back(
    under_way: Requests,
    person: Callable[[str], Person],
    sessions: Callable[[str], list[str]],
    cell: tuple[str, str],
) -> None:
    """J2."""
    maya, request_id = person("maya"), under_way.at_grant[cell]

    granted = maya.wait_for(request_id, "GRANTED", within=ENOUGH)
    there = sessions(granted["session_user"])
    maya.command(request_id, "return")
    user, told = given_back(maya, request_id)

    assert there == [user]
    assert told == GIVEN_BACK
    assert sessions(user) == []


@pytest.mark.usefixtures("under_way")
def test_every_fault_has_happened(faulty: FaultyAws) -> None:
    """J2: what was meant to fail did."""
    fired = {f"{fault['service']}.{fault['operation']}" for fault in faulty.fired()}

    assert {call for call, _ in (*AT_GRANT, *AT_END)} <= fired
