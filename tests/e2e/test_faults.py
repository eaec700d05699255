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
from tests.e2e.faulty_aws import FaultyAws, Injected
from tests.e2e.lines import connect
from tests.e2e.person import JsonObject, Person, until
from tests.integration.failing_line import FailingLine, Failure

ENOUGH = 240
AHEAD = timedelta(seconds=3)
LATER = timedelta(days=1)
SWEEP = b'{"sweep": true}'
ITEMS = [{"resource_type": "database", "resource": "orders", "permission": "role1"}]
GRANTED = ["access.requested", "access.role.approved", "access.approved", "access.granted"]
GIVEN_BACK = [*GRANTED, "access.revoking", "access.returned"]
UNASKED = [name for name in GIVEN_BACK if name != "access.role.approved"]

Cell = tuple[str, str]

READ = ("refused", "500", "throttled")
WRITTEN = (*READ, "slow", "reply lost")
TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "submit": {
        "dynamodb.BatchGetItem": READ,
        "dynamodb.Query": READ,
        "dynamodb.TransactWriteItems": ("500", "throttled", "slow once", "reply lost"),
    },
    "approve": {"dynamodb.GetItem": READ, "dynamodb.TransactWriteItems": WRITTEN},
    "grant": {
        "dynamodb.GetItem": READ,
        "dynamodb.TransactWriteItems": WRITTEN,
        "scheduler.CreateSchedule": ("throttled", "reply lost"),
        "kms.Encrypt": ("500", "reply lost"),
        "secretsmanager.GetSecretValue": ("refused",),
    },
    "end": {
        "dynamodb.GetItem": READ,
        "dynamodb.TransactWriteItems": ("500", "throttled", "slow", "reply lost"),
        "secretsmanager.GetSecretValue": ("throttled",),
    },
    "numbering": {
        "dynamodb.BatchGetItem": READ,
        "dynamodb.Query": READ,
        "dynamodb.TransactWriteItems": ("500", "throttled", "reply lost"),
    },
    "sweep": {"dynamodb.Query": READ},
}
"""Which call of which step meets which faults."""


def cells(step: str) -> list[Cell]:
    """List what fails at a step."""
    return [(call, fault) for call, faults in TABLE[step].items() for fault in faults]


Line = tuple[str, str]

LINES: dict[str, tuple[str, ...]] = {
    "grant": ("down", "silent", "cut after it was done"),
    "end": ("down", "silent", "cut after it was done", "slow"),
}
"""How PostgreSQL fails at which step."""

LAST_STATEMENT = {"grant": b"COMMIT", "end": b"DROP ROLE"}
FIRST_STATEMENT = {"grant": b"CREATE ROLE", "end": b"DROP ROLE"}
SLOW = 3


def over_lines(step: str) -> list[Line]:
    """List how PostgreSQL fails at a step."""
    return [(step, how) for how in LINES[step]]


@dataclass(frozen=True)
class Troubled:
    """A request, and the fault on its way."""

    id: str
    fault: Injected


@dataclass(frozen=True)
class Requests:
    """The requests that are under way, by what fails."""

    at_grant: dict[Cell, Troubled]
    at_end: dict[Cell, Troubled]
    over_lines: dict[Line, str]


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
def under_way(faulty: FaultyAws, person: Callable[[str], Person], lines: dict[Line, FailingLine]) -> Requests:
    """Begin every request, each with its fault before it; those that are to fail at their end are granted before.

    They are more than one person may have.
    """
    ada, maya, noa, starts = person("ada"), person("maya"), person("noa"), moments()
    maya.get("/v1/requests")  # a function that was changed takes seconds to begin anew, and moments pass
    over = {line: asked_over(lines[line], maya) for line in over_lines("end")}
    at_end = {cell: maya.ask("role1", starts_at=next(starts)) for cell in cells("end")}
    at_grant = {cell: ada.ask("role1", starts_at=next(starts)) for cell in cells("grant")}
    time.sleep(AHEAD.total_seconds())
    for request_id in at_end.values():
        noa.command(request_id, "approve")
    ending = [*at_end.values(), *over.values()]
    for request_id in ending:
        maya.wait_for(request_id, "GRANTED")
    requests = Requests(troubled(faulty, "grant", at_grant), troubled(faulty, "end", at_end), over)
    for (step, how), line in lines.items():
        spoil(line, step, how)
    for request_id in ending:
        maya.command(request_id, "return")
    for request_id in at_grant.values():
        noa.command(request_id, "approve")
    over.update({line: asked_over(lines[line], maya) for line in over_lines("grant")})
    return requests


def troubled(faulty: FaultyAws, step: str, requests: dict[Cell, str]) -> dict[Cell, Troubled]:
    """Arrange the fault of each request."""
    return {
        (call, fault): Troubled(request_id, faulty.fail(call, fault, *mentioned(step, call, request_id)))
        for (call, fault), request_id in requests.items()
    }


def moments() -> Iterator[datetime]:
    """Name moments just ahead, each another: what is asked for from another time on is no duplicate."""
    for number in count(1):
        yield datetime.now(UTC) + AHEAD + number * timedelta(milliseconds=1)


def mentioned(step: str, call: str, request_id: str) -> list[str]:
    """Say what a worker's call mentions: a flow or a secret is read for no request in particular."""
    match step, call:
        case _, "secretsmanager.GetSecretValue":
            return ["orders-db"]
        case "grant", "dynamodb.GetItem":
            return ["orders-roles"]
        case _, "dynamodb.GetItem" | "dynamodb.TransactWriteItems":
            return [request_id, "GRANT"]  # commands read and write the request too, but only workers its grant
    return [request_id]


@pytest.fixture(scope="module")
def lines(facts: StackFacts, home: Path, person: Callable[[str], Person]) -> Iterator[dict[Line, FailingLine]]:
    """Connect the database several times over, each by a line that can fail."""
    with ExitStack() as open_lines:
        lines = {
            name: open_lines.enter_context(FailingLine(facts.database.port).running())
            for step in LINES
            for name in over_lines(step)
        }
        for line in lines.values():
            connect(person("ada"), line, facts, home)
        yield lines


def spoil(line: FailingLine, step: str, how: str) -> None:
    """Let a line fail once at a step: the sweep that comes next finds it sound."""
    match how:
        case "down":
            line.fail_at(0, Failure.BEFORE)
        case "silent":
            line.fail_on(FIRST_STATEMENT[step], failure=Failure.SILENCE)
        case "cut after it was done":
            line.fail_on(LAST_STATEMENT[step], failure=Failure.AFTER)
        case "slow":
            line.meanwhile(FIRST_STATEMENT[step], lambda: time.sleep(SLOW))


def asked_over(line: FailingLine, maya: Person) -> str:
    """Ask for access over a line."""
    body = {"integration": f"line-{line.port}", "items": ITEMS, "justification": "INC-2291 duplicate charges"}
    return str(maya.post("/v1/requests", body).raise_for_status().json()["id"])


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


@pytest.fixture(scope="module")
def sweep_after(facts: StackFacts, client: Callable[[str], Any]) -> Callable[[Injected, str], None]:
    """Let a function sweep, at once and not by the minute, until the fault is over and a sweep has gone well."""

    def sweep(function: str) -> JsonObject:
        return dict(client("lambda").invoke(FunctionName=f"{facts.stack}-{function}", Payload=SWEEP))

    def until_well(fault: Injected, function: str) -> None:
        until(lambda: sweep(function), lambda ran: "FunctionError" not in ran and fault.is_over, within=60)

    return until_well


def given_back(requester: Person, request_id: str) -> tuple[str, list[str]]:
    """Wait until access is given back and told of, and read its session user and what is told."""
    closed = requester.wait_for(request_id, "CANCELED", within=ENOUGH)
    return closed["session_user"], told(requester, request_id, last="access.returned")


def told(requester: Person, request_id: str, *, last: str) -> list[str]:
    """Wait until the last event of a request is in the ledger, and name them all."""

    def names() -> JsonObject:
        events = requester.get(f"/v1/requests/{request_id}/timeline")["events"]
        # Who may read the trail is also told that so many requests at once stand out.
        return {"names": [event["event_type"] for event in events if event["event_type"].startswith("access.")]}

    return list(until(names, lambda seen: seen["names"][-1:] == [last], within=60)["names"])


def asked_for_later(maya: Person) -> str:
    """Ask for access that does not begin here."""
    return maya.ask("role1", starts_at=datetime.now(UTC) + LATER)


def moment_of(event: JsonObject) -> datetime:
    """Say when an event happened."""
    return datetime.fromisoformat(event["timestamp"])


def change_flows(ada: Person) -> None:
    """Write and delete a flow that admits nothing: who asks next reads the flows again."""
    path = f"/v1/flows/nothing-{uuid4().hex}"
    flow = {
        "name": "Nothing",
        "who": {"conditions": [{"attribute": "group", "operator": "is", "values": ["nobody"]}]},
        "what": {"integration": "orders-db", "names": ["nothing"], "permissions": ["role1"]},
        "grant": {"default": "PT1H", "maximum": "PT1H"},
        "approve": {"steps": []},
    }
    written = ada.api.put(path, json=flow).raise_for_status()
    ada.api.delete(path, headers={"if-match": written.headers["etag"]}).raise_for_status()


@pytest.mark.usefixtures("under_way")
@pytest.mark.parametrize("cell", cells("submit"), ids=" ".join)
def test_what_is_asked_for_again_is_asked_for_once(
    faulty: FaultyAws, person: Callable[[str], Person], cell: Cell
) -> None:
    """J2. E1: what DynamoDB answered, or did not, the same key brings the same request."""
    maya, ticket = person("maya"), uuid4().hex
    starts_at = (datetime.now(UTC) + LATER).isoformat()
    body = {"integration": "orders-db", "items": ITEMS, "justification": ticket, "starts_at": starts_at}
    change_flows(person("ada"))
    fault = faulty.fail(*cell, '"FLOW"' if cell[0] == "dynamodb.Query" else ticket)

    first = maya.post("/v1/requests", body, key=ticket)
    again = maya.post("/v1/requests", body, key=ticket)
    made = [one for one in maya.get("/v1/requests", limit=50)["requests"] if one["justification"] == ticket]
    maya.command(again.json()["id"], "cancel")

    assert fault.has_happened
    assert first.status_code in {201, 503}
    assert again.status_code == 201
    assert [one["id"] for one in made] == [again.json()["id"]]


@pytest.mark.usefixtures("under_way")
@pytest.mark.parametrize("cell", cells("approve"), ids=" ".join)
def test_who_approves_again_has_one_vote(faulty: FaultyAws, person: Callable[[str], Person], cell: Cell) -> None:
    """J2. E1: what DynamoDB answered, or did not, the same key is the same vote."""
    maya, noa, key = person("maya"), person("noa"), uuid4().hex
    request_id = asked_for_later(maya)
    fault = faulty.fail(*cell, key)

    first = noa.post(f"/v1/requests/{request_id}/approve", key=key)
    again = noa.post(f"/v1/requests/{request_id}/approve", key=key)
    maya.command(request_id, "cancel")

    assert fault.has_happened
    assert first.status_code in {200, 503}
    assert again.status_code == 200
    assert [len(item["votes"]) for item in again.json()["items"]] == [1]
    assert told(maya, request_id, last="access.canceled") == [*GRANTED[:3], "access.canceled"]


@pytest.mark.usefixtures("under_way")
@pytest.mark.parametrize("cell", cells("numbering"), ids=" ".join)
def test_an_event_is_numbered_once_though_the_sequencer_fails(
    faulty: FaultyAws,
    person: Callable[[str], Person],
    sweep_after: Callable[[Injected, str], None],
    facts: StackFacts,
    cell: Cell,
) -> None:
    """J2."""
    maya = person("maya")
    request_id = asked_for_later(maya)
    read = {"dynamodb.BatchGetItem": ("HEAD", "AUDIT"), "dynamodb.Query": ("OUTBOX#0",)}
    fault = faulty.fail(*cell, *read.get(cell[0], (facts.ledger_table, request_id)))

    maya.command(request_id, "cancel")
    sweep_after(fault, "ledger")

    assert told(maya, request_id, last="access.canceled") == ["access.requested", "access.canceled"]


@pytest.mark.usefixtures("under_way")
@pytest.mark.parametrize("cell", cells("sweep"), ids=" ".join)
def test_a_sweep_that_fails_is_followed_by_one_that_does_not(
    faulty: FaultyAws, sweep_after: Callable[[Injected, str], None], cell: Cell
) -> None:
    """J2: what is due stays due; the others here are taken up by the sweeps that follow."""
    fault = faulty.fail(*cell, '"due"', "<= :1")

    sweep_after(fault, "expiry")

    assert fault.has_happened


@pytest.mark.parametrize("name", over_lines("grant"), ids=" ".join)
def test_access_begins_though_the_database_fails(
    under_way: Requests,
    lines: dict[Line, FailingLine],
    person: Callable[[str], Person],
    sessions: Callable[[str], list[str]],
    name: Line,
) -> None:
    """J2: stopped, slower than the time-outs, and cut after it was done."""
    maya, request_id = person("maya"), under_way.over_lines[name]

    granted = maya.wait_for(request_id, "GRANTED", within=ENOUGH)
    maya.command(request_id, "return")
    user, names = given_back(maya, request_id)

    assert lines[name].happened
    assert names == UNASKED
    assert user == granted["session_user"]
    assert sessions(user) == []


@pytest.mark.parametrize("name", over_lines("end"), ids=" ".join)
def test_access_ends_though_the_database_fails(
    under_way: Requests,
    lines: dict[Line, FailingLine],
    person: Callable[[str], Person],
    sessions: Callable[[str], list[str]],
    name: Line,
) -> None:
    """J2: late, and it is said how late and what failed."""
    maya, request_id = person("maya"), under_way.over_lines[name]

    user, names = given_back(maya, request_id)
    began, *failures, ended = maya.get(f"/v1/requests/{request_id}/timeline")["events"][3:]
    late = moment_of(ended) - moment_of(began)

    assert lines[name].happened
    assert [each for each in names if each != "access.revoke.failed"] == UNASKED
    assert bool(failures) == (name != ("end", "slow"))
    assert late >= timedelta(seconds=SLOW if name == ("end", "slow") else 1)
    assert ended["details"]["lateness_seconds"] == int(late.total_seconds())
    assert sessions(user) == []


@pytest.mark.parametrize("cell", cells("end"), ids=" ".join)
def test_access_ends_though_aws_fails(
    under_way: Requests,
    person: Callable[[str], Person],
    sessions: Callable[[str], list[str]],
    cell: Cell,
) -> None:
    """J2."""
    request = under_way.at_end[cell]
    user, names = given_back(person("maya"), request.id)

    assert request.fault.has_happened
    assert [name for name in names if name != "access.revoke.failed"] == GIVEN_BACK
    assert sessions(user) == []


@pytest.mark.parametrize("cell", cells("grant"), ids=" ".join)
def test_access_begins_though_aws_fails_and_can_be_given_back(
    under_way: Requests,
    person: Callable[[str], Person],
    sessions: Callable[[str], list[str]],
    cell: Cell,
) -> None:
    """J2."""
    ada, request = person("ada"), under_way.at_grant[cell]

    granted = ada.wait_for(request.id, "GRANTED", within=ENOUGH)
    there = sessions(granted["session_user"])
    ada.command(request.id, "return")
    user, names = given_back(ada, request.id)

    assert request.fault.has_happened
    assert there == [user]
    assert names == GIVEN_BACK
    assert sessions(user) == []
