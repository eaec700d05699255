"""Reading the trail."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.errors import NotAllowedError, StoreUnavailableError
from nightlatch.domain.tally import Tally
from tests.builders import ADA, IVO, MAYA, NOA, SECOND, World, a_call
from tests.functions.client import Client

EVENT_FIELDS = {
    "id", "seq", "timestamp", "recorded_at", "event_type", "severity", "actor", "resource", "scope", "request_id",
    "integration", "description", "details", "source", "ip_address", "user_agent", "salt", "prev_hash", "hash",
}  # fmt: skip


@pytest.fixture
def trail(world: World) -> list[Any]:
    """Six events: two requests, the second approved, the first not approved by its requester, but withdrawn."""
    first, second = world.submitted(), world.submitted("role3")
    world.approvals.approve(second.id, a_call(NOA))
    world.clock.advance(SECOND)
    with suppress(NotAllowedError):
        world.approvals.approve(first.id, a_call(MAYA))
    world.clock.advance(SECOND)
    world.requests.cancel(first.id, a_call(MAYA))
    return world.events()


def numbers(answer: Any, name: str = "entries") -> list[int]:
    return [event["seq"] for event in answer.json[name]]


def test_the_feed_is_read_on_for_ever(client: Client, world: World, trail: list[Any]) -> None:
    page = client.get("/v1/audit?limit=2", by=IVO)
    seen = numbers(page, "events")
    while page.json["has_more"]:
        page = client.get(page.json["_links"]["next"]["href"], by=IVO)
        seen += numbers(page, "events")

    assert seen == [entry.seq for entry in trail]
    at_the_end = page.json["_links"]["next"]["href"]
    assert client.get(at_the_end, by=IVO).json["events"] == []
    world.submitted()
    world.events()
    assert numbers(client.get(at_the_end, by=ADA), "events") == [len(trail) + 1]


def test_an_event_is_served_as_it_is_hashed(client: Client, trail: list[Any]) -> None:
    served = client.get("/v1/audit?limit=1", by=IVO).json["events"][0]

    assert served == trail[0].model_dump(mode="json")
    assert set(served) == EVENT_FIELDS


def test_the_feed_begins_at_an_event_inclusively(client: Client, trail: list[Any]) -> None:
    assert numbers(client.get(f"/v1/audit?from={trail[3].id}", by=IVO), "events")[0] == trail[3].seq
    assert client.get("/v1/audit?from=01990000-0000-7000-8000-000000000000-4", by=IVO).status == 404


@pytest.mark.parametrize("begin", ["41", "x", "", "0199", "WzAsImZlZWQiLDE3OTUzNDg4MDBd.x"])
def test_the_feed_begins_nowhere_else(client: Client, begin: str) -> None:
    """C2: changed or invented."""
    assert set(client.get(f"/v1/audit?from={begin}", by=IVO).faults) == {"?from"}


@pytest.mark.usefixtures("trail")
def test_a_cursor_below_what_is_kept_says_where_to_go_on(client: Client, world: World) -> None:
    cursor = client.get("/v1/audit?limit=1", by=IVO).json["_links"]["next"]["href"]
    world.clock.advance(timedelta(days=91))
    world.submitted()
    oldest = world.events()[-1]

    answer = client.get(cursor, by=IVO)

    assert (answer.status, answer.json["type"]) == (410, "/problems/cursor-expired")
    assert answer.json["oldest"] == oldest.id
    assert client.get(f"/v1/audit?from={oldest.id}", by=IVO).json["events"][0]["id"] == oldest.id


def test_entries_are_listed_newest_first_page_by_page(client: Client, trail: list[Any]) -> None:
    first = client.get("/v1/audit/entries?limit=4", by=IVO)
    second = client.get(first.json["_links"]["next"]["href"], by=IVO)

    assert numbers(first) + numbers(second) == [entry.seq for entry in trail][::-1]
    assert second.json["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("event_type=access.requested", ["access.requested"] * 2),
        ("event_type=access.canceled,access.approved", ["access.canceled", "access.approved"]),
        (f"actor={NOA.id}", ["access.approved", "access.role.approved"]),
        ("severity=warning", ["access.approval.refused"]),
        (f"severity=warning&severity=error&actor={MAYA.id}", ["access.approval.refused"]),
        ("end_date=2026-11-22T00:00:00Z", []),
        ("start_date=2026-11-22T00:00:00Z&event_type=access.approved", ["access.approved"]),
    ],
)
@pytest.mark.usefixtures("trail")
def test_entries_are_filtered(client: Client, query: str, types: list[str]) -> None:
    entries = client.get(f"/v1/audit/entries?{query}", by=IVO).json["entries"]

    assert [entry["event_type"] for entry in entries] == types


def test_entries_of_one_request(client: Client, trail: list[Any]) -> None:
    wanted = trail[0].request_id

    entries = client.get(f"/v1/audit/entries?request_id={wanted}", by=IVO).json["entries"]

    assert {entry["request_id"] for entry in entries} == {wanted}


def test_one_entry(client: Client, trail: list[Any]) -> None:
    assert client.get(f"/v1/audit/entries/{trail[2].id}", by=IVO).json["seq"] == trail[2].seq
    assert client.get("/v1/audit/entries/01990000-0000-7000-8000-000000000000-4", by=IVO).status == 404


@pytest.mark.parametrize("query", ["limit=1001", "severity=loud", "start_date=yesterday", "q=x", "offset=5"])
def test_a_wrong_parameter_is_named(client: Client, query: str) -> None:
    assert client.get(f"/v1/audit/entries?{query}", by=IVO).faults.keys() == {f"?{query.partition('=')[0]}"}


# Reading is told


def told_reads(world: World) -> list[Any]:
    """Let the windows close, and read what is told of reading."""
    world.clock.advance(timedelta(minutes=6))
    world.tallying.tell()
    return [event for event in world.events() if event.event_type == "audit.read"]


def test_who_reads_the_trail_is_told_in_it(client: Client, world: World, trail: list[Any]) -> None:
    client.get("/v1/audit?limit=2", by=IVO)
    client.get(f"/v1/audit/entries?limit=3&event_type=access.requested&actor={MAYA.id}", by=IVO)
    client.get(f"/v1/audit/entries/{trail[-1].id}", by=IVO)

    [event] = told_reads(world)

    assert (event.actor.id, event.ip_address, event.user_agent) == (IVO.id, "192.0.2.50", "tests/1.0")
    assert event.details["queries"] == [
        "/v1/audit",
        "/v1/audit/entries/{entry_id}",
        f"/v1/audit/entries?actor={MAYA.id}&event_type=access.requested",
    ]
    assert (event.details["reads"], event.details["rows"]) == (3, 5)
    assert (event.details["first_seq"], event.details["last_seq"]) == (1, trail[-1].seq)


def test_all_pages_of_one_search_are_one_query(client: Client, world: World, trail: list[Any]) -> None:
    first = client.get("/v1/audit/entries?limit=4&severity=info", by=IVO)
    client.get(first.json["_links"]["next"]["href"], by=IVO)

    [event] = told_reads(world)

    assert event.details["queries"] == ["/v1/audit/entries?severity=info"]
    assert event.details["rows"] == len(trail) - 1


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/entries", "/v1/audit/entries/{}"])
def test_what_cannot_be_told_is_not_shown(
    client: Client, world: World, trail: list[Any], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def refuse(_: Tally) -> None:
        raise StoreUnavailableError("DynamoDB is too busy")

    monkeypatch.setattr(world.store, "count", refuse)

    answer = client.get(path.format(trail[0].id), by=IVO)

    assert (answer.status, answer.json["type"]) == (503, "/problems/store-unavailable")
    assert trail[0].id not in answer.text


@pytest.mark.usefixtures("trail")
def test_a_read_that_was_refused_is_not_told_as_one(client: Client, world: World) -> None:
    client.get("/v1/audit", by=MAYA)
    client.get("/v1/audit/entries/01990000-0000-7000-8000-000000000000-4", by=IVO)

    assert told_reads(world) == []
