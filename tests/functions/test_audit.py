"""Reading the trail."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.errors import NotAllowedError, StoreUnavailableError
from nightlatch.domain.tally import Tally
from nightlatch.domain.value import rfc3339
from tests.builders import ADA, IVO, MAYA, NOA, NOON, SECOND, World, a_call
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
    world.clock.advance(timedelta(days=2))  # so that nothing below it can still be in flight

    answer = client.get(cursor, by=IVO)

    assert (answer.status, answer.json["type"]) == (410, "/problems/cursor-expired")
    assert answer.json["oldest"] == oldest.id
    assert client.get(f"/v1/audit?from={oldest.id}", by=IVO).json["events"][0]["id"] == oldest.id


def keep_for(client: Client, days: int) -> None:
    """Put a retention in force."""
    current = client.get("/v1/settings/audit", by=IVO)
    choices = {"retention_days": days, "reads": "sensitive", "writers": []}
    assert (
        client.put("/v1/settings/audit", choices, by=ADA, headers={"if-match": current.headers["ETag"]}).status == 200
    )


def test_a_shorter_retention_hides_what_is_older_from_every_reader_at_once_and_a_longer_one_does_not_bring_it_back(
    client: Client, world: World, trail: list[Any]
) -> None:
    """D5: the feed, the list, one entry, and a request's timeline."""
    cursor = client.get("/v1/audit?limit=2", by=IVO).json["_links"]["next"]["href"]
    request_id = trail[0].request_id

    def served() -> list[Any]:
        listed = client.get("/v1/audit/entries", by=IVO)
        timeline = client.get(f"/v1/requests/{request_id}/timeline", by=MAYA)
        one = client.get(f"/v1/audit/entries/{trail[0].id}", by=IVO)
        return [
            client.get(cursor, by=IVO).status,
            len(listed.json["entries"]),
            len(timeline.json["events"]),
            one.status,
        ]

    world.clock.advance(timedelta(days=40))
    before = served()
    keep_for(client, 30)
    hidden = served()
    keep_for(client, 90)

    assert before == [200, len(trail), 3, 200]
    assert hidden == [410, 0, 0, 404]
    assert served() == hidden


@pytest.mark.usefixtures("trail")
def test_the_feed_says_since_when_entries_are_kept(client: Client, world: World) -> None:
    keep_for(client, 30)
    world.clock.step = timedelta()

    page = client.get("/v1/audit", by=IVO).json

    assert page["kept_since"] == rfc3339(world.clock.now - timedelta(days=30))
    keep_for(client, 90)
    assert client.get("/v1/audit", by=IVO).json["kept_since"] == rfc3339(world.clock.now - timedelta(days=29))


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
        (f"actor={NOA.id}&actor={IVO.id}", ["access.approved", "access.role.approved"]),
        ("severity=warning", ["access.approval.refused"]),
        (f"severity=warning&severity=error&actor={MAYA.id}", ["access.approval.refused"]),
        ("resource=req_unknown", []),
        ("integration=orders-db&event_type=access.approved", ["access.approved"]),
        ("integration=people-db,billing-db", []),
        ("source=api&severity=warning", ["access.approval.refused"]),
        ("source=slack,cli", []),
        ("q=REFUSED", ["access.approval.refused"]),
        ("q=noa@example&event_type=access.approved,access.canceled", ["access.approved"]),
        ("q=nobody+ever", []),
        ("end_date=2026-11-22T00:00:00Z", []),
        ("start_date=2026-11-22T00:00:00Z&event_type=access.approved", ["access.approved"]),
    ],
)
@pytest.mark.usefixtures("trail")
def test_entries_are_filtered(client: Client, query: str, types: list[str]) -> None:
    entries = client.get(f"/v1/audit/entries?{query}", by=IVO).json["entries"]

    assert [entry["event_type"] for entry in entries] == types


def test_entries_about_one_resource(client: Client, trail: list[Any]) -> None:
    wanted = trail[0].resource.id

    found = client.get(f"/v1/audit/entries?resource={wanted}", by=IVO)

    assert numbers(found) == [entry.seq for entry in reversed(trail) if entry.resource.id == wanted]


def test_an_offset_passes_over_the_newest_and_cursors_lead_on(client: Client, trail: list[Any]) -> None:
    first = client.get("/v1/audit/entries?limit=2&offset=1", by=IVO)
    second = client.get(first.json["_links"]["next"]["href"], by=IVO)
    both = client.get(f"/v1/audit/entries?limit=2&offset=1&cursor={first.json['next_cursor']}", by=IVO)

    assert numbers(first) + numbers(second) == [entry.seq for entry in trail][::-1][1:5]
    assert both.faults == {"?offset": "goes without cursor: it is for the first page"}


def test_an_offset_that_a_search_did_not_get_past_goes_on_with_it(
    client: Client, trail: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """H1."""
    monkeypatch.setattr("nightlatch.services.audit_trail.LONGEST_SEARCH", 2)
    page = client.get("/v1/audit/entries?limit=2&offset=3", by=IVO)
    found = numbers(page)
    while page.json["next_cursor"]:
        page = client.get(page.json["_links"]["next"]["href"], by=IVO)
        found += numbers(page)

    assert found == [entry.seq for entry in trail][::-1][3:]


def test_the_documents_examples_are_answered(client: Client, trail: list[Any]) -> None:
    listed = client.get("/v1/audit/entries?start_date=2026-11-22T00:00:00Z&limit=100&offset=0", by=IVO)
    followed = client.get(f"/v1/audit?from={trail[-1].id}", by=IVO)

    assert numbers(listed) == [entry.seq for entry in reversed(trail)]
    assert numbers(followed, "events") == [trail[-1].seq]


CURSOR_QUERY = "limit=1&event_type=access.requested"


@pytest.mark.parametrize(
    "query", ["limit=1", "event_type=access.approved", f"{CURSOR_QUERY}&q=x", f"{CURSOR_QUERY}&source=api"]
)
@pytest.mark.usefixtures("trail")
def test_a_lists_cursor_is_for_the_filter_that_it_was_given_out_for(client: Client, query: str) -> None:
    """C2: reused with another filter."""
    cursor = client.get(f"/v1/audit/entries?{CURSOR_QUERY}", by=IVO).json["next_cursor"]

    assert set(client.get(f"/v1/audit/entries?{query}&cursor={cursor}", by=IVO).faults) == {"?cursor"}


@pytest.mark.usefixtures("trail")
def test_a_lists_cursor_is_for_one_person_and_one_day_and_cannot_be_changed(client: Client, world: World) -> None:
    """C2: by another person, changed, the feed's, expired."""
    path = f"/v1/audit/entries?{CURSOR_QUERY}"
    cursor = client.get(path, by=IVO).json["next_cursor"]
    feeds = client.get("/v1/audit?limit=1", by=IVO).json["_links"]["next"]["href"].partition("from=")[2]

    assert client.get(f"{path}&cursor={cursor}", by=IVO).status == 200
    assert set(client.get(f"{path}&cursor={cursor}", by=ADA).faults) == {"?cursor"}
    for changed in (cursor[:-1], "x" + cursor, cursor.upper(), feeds):
        assert set(client.get(f"{path}&cursor={changed}", by=IVO).faults) == {"?cursor"}
    world.clock.advance(timedelta(hours=25))
    assert set(client.get(f"{path}&cursor={cursor}", by=IVO).faults) == {"?cursor"}


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("type=access.requested", ["access.requested"] * 2),
        ("type=access.approved,access.canceled", ["access.approved", "access.canceled"]),
        ("type=access.canceled&type=access.approved", ["access.approved", "access.canceled"]),
        (f"actor={NOA.id}", ["access.role.approved", "access.approved"]),
        (f"actor={NOA.id},{MAYA.id}&type=access.approved,access.canceled", ["access.approved", "access.canceled"]),
        ("type=flow.updated", []),
        ("since=2026-11-22T12:00&type=access.canceled", ["access.canceled"]),
        ("since=2027-01-01T00:00", []),
    ],
)
@pytest.mark.parametrize("limit", [1, 1000])
@pytest.mark.usefixtures("trail")
def test_the_feed_is_filtered_and_its_next_link_with_it(
    client: Client, query: str, types: list[str], limit: int
) -> None:
    page = client.get(f"/v1/audit?{query}&limit={limit}", by=IVO)
    found = page.json["events"]
    while page.json["has_more"]:
        page = client.get(page.json["_links"]["next"]["href"], by=IVO)
        found += page.json["events"]

    assert [event["event_type"] for event in found] == types


def test_the_feeds_cursor_is_a_place_and_goes_with_any_filter_by_anybody(client: Client, trail: list[Any]) -> None:
    """C2: what is refused of a list's cursor is harmless here, because a place shows nothing that the filter hides."""
    cursor = client.get("/v1/audit?limit=1&type=access.requested", by=IVO).json["_links"]["next"]["href"]
    place = cursor.partition("from=")[2]

    elsewhere = client.get(f"/v1/audit?from={place}&type=access.canceled&actor={MAYA.id}", by=ADA)

    assert numbers(elsewhere, "events") == [trail[-1].seq]


@pytest.mark.parametrize(
    ("since", "first"),
    [("12:59:59.999Z", 0), ("13:00Z", 0), ("13:00:01Z", 1), ("14:00", 1), ("14:00:01", 2)],
)
def test_the_feed_begins_with_what_was_recorded_at_a_time(client: Client, world: World, since: str, first: int) -> None:
    made = []
    for hour in (13, 14):
        world.clock.at(NOON + timedelta(hours=hour - 12))
        made.append(world.submitted().id)
        world.events()

    page = client.get(f"/v1/audit?since=2026-11-22T{since}&type=access.requested", by=IVO)

    assert [event["request_id"] for event in page.json["events"]] == made[first:]


def test_entries_of_one_request(client: Client, trail: list[Any]) -> None:
    wanted = trail[0].request_id

    entries = client.get(f"/v1/audit/entries?request_id={wanted}", by=IVO).json["entries"]

    assert {entry["request_id"] for entry in entries} == {wanted}


def test_one_entry(client: Client, trail: list[Any]) -> None:
    assert client.get(f"/v1/audit/entries/{trail[2].id}", by=IVO).json["seq"] == trail[2].seq
    assert client.get("/v1/audit/entries/01990000-0000-7000-8000-000000000000-4", by=IVO).status == 404


WRONG = [
    "limit=0", "limit=1001", "limit=x", "offset=1001", "offset=-1", "cursor=x", "severity=loud", "source=post",
    "start_date=yesterday", "end_date=2026-13-01", "event_type=access.*", "event_type=", "event_type=Access",
    "actor=", "resource=", "request_id=", "integration=", "q=", "q=+", "q=a&q=b", f"q={'x' * 201}",
    f"resource={'x' * 201}", "type=access.granted", "from=x", "colour=red",
]  # fmt: skip
WRONG_OF_THE_FEED = [
    "limit=0", "limit=1001", "since=yesterday", "since=", "since=2026-11-22T10:00&since=2026-11-22T11:00", "type=*",
    "type=", "actor=", "severity=error", "q=x", "offset=5", "cursor=x", "event_type=access.granted",
]  # fmt: skip


@pytest.mark.parametrize("query", WRONG)
def test_a_wrong_parameter_is_named(client: Client, query: str) -> None:
    assert client.get(f"/v1/audit/entries?{query}", by=IVO).faults.keys() == {f"?{query.partition('=')[0]}"}


@pytest.mark.parametrize("query", WRONG_OF_THE_FEED)
def test_a_wrong_parameter_of_the_feed_is_named(client: Client, query: str) -> None:
    assert client.get(f"/v1/audit?{query}", by=IVO).faults.keys() == {f"?{query.partition('=')[0]}"}


@pytest.mark.parametrize(
    "name", ["event_type", "actor", "severity", "resource", "request_id", "integration", "source", "type"]
)
@pytest.mark.parametrize("values", [51, 100_000])
def test_no_filter_of_the_trail_takes_values_without_end(client: Client, name: str, values: int) -> None:
    """H1: 10^5 filter values, in every filter."""
    path = "/v1/audit" if name == "type" else "/v1/audit/entries"
    value = {"severity": "info", "source": "web"}.get(name, "x")

    for query in (f"{name}=" + ",".join([value] * values), "&".join([f"{name}={value}"] * values)):
        assert client.get(f"{path}?{query}", by=IVO).status in {400, 413}


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
