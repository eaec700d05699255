"""Reading the trail."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.errors import NotAllowedError
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


def test_seals_are_listed_page_by_page_as_they_are_kept(client: Client, world: World, trail: list[Any]) -> None:
    first = world.sealing.seal_next()
    world.submitted("spare01")
    world.events()
    second = world.sealing.seal_next()
    assert first
    assert second

    page = client.get("/v1/audit/seals?limit=1", by=IVO)
    rest = client.get(page.json["_links"]["next"]["href"], by=IVO)

    assert page.json["seals"] + rest.json["seals"] == [json.loads(one.content) for one in (first, second)]
    assert rest.json["next_cursor"] is None
    from_the_second = client.get(f"/v1/audit/seals?from={second.last_seq}", by=ADA)
    assert [one["first_seq"] for one in from_the_second.json["seals"]] == [second.first_seq]
    assert first.count == len(trail)


@pytest.mark.parametrize("begin", ["0", "-1", "x", "1e3", "1000000000000000"])
def test_seals_begin_at_a_number(client: Client, begin: str) -> None:
    assert set(client.get(f"/v1/audit/seals?from={begin}", by=IVO).faults) == {"?from"}


def test_the_key_is_there_for_those_who_check_by_themselves(client: Client, world: World) -> None:
    answer = client.get("/v1/audit/key", by=IVO)
    assert answer.json == {"key_id": "key-1", "algorithm": "ECDSA_SHA_256", "pem": world.signer.public_key()}


@pytest.mark.parametrize("path", ["/v1/audit/seals", "/v1/audit/key"])
def test_seals_are_for_readers(client: Client, path: str) -> None:
    """C5: for auditors and administrators."""
    assert client.get(path, by=MAYA).status == 403
