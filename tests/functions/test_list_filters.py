"""What lists are asked for: filters, time frames, and reading on."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from nightlatch.bootstrap.settings import settings
from nightlatch.domain.access_request import AccessRequest, IntegrationReference, Status
from nightlatch.domain.audit_event import Source
from nightlatch.domain.change import Change
from nightlatch.domain.identity import Principal
from nightlatch.domain.item import Item
from tests.builders import ADA, API, EVE, IVO, MAYA, NOA, NOON, World, a_request
from tests.functions.client import SETTINGS, Client

DAY = timedelta(days=1)
REQUESTS = "/v1/requests"
LIST_FILTERS = ("status", "requester", "integration", "flow", "resource_type", "resource", "permission", "source")


def store(world: World, name: str, *, at: datetime = NOON, by: Principal = MAYA, **fields: object) -> AccessRequest:
    """Store a request that is called `name` in its ticket."""
    request = a_request(by=by, at=at, number=4 * len(world.store.entities)).model_copy(
        update={"ticket": name, "starts_at": NOON + timedelta(seconds=len(world.store.entities)), **fields}
    )
    world.store.commit(Change(request), origin=API)
    return request


def called(answer: Any) -> list[str]:
    """Name what was found."""
    assert answer.status == 200, answer.text
    return [request["ticket"] for request in answer.json["requests"]]


def in_zone(client: Client, zone: str) -> None:
    """Deploy in a zone."""
    for app in client.apps.values():
        app.api.dependency_overrides[settings] = lambda: SETTINGS._replace(time_zone=zone)


@pytest.fixture
def varied(world: World) -> None:
    """Four requests of which each is another in every way."""
    item = a_request("role3").items[0]
    store(world, "first", at=NOON - 3 * DAY, by=NOA, status=Status.EXPIRED, source=Source.CLI)
    people_db = IntegrationReference(id="people-db", name="People", kind="fake")
    store(world, "second", at=NOON - 2 * DAY, integration=people_db, status=Status.REVOKING, quarantined=True)
    flow = a_request().flow.model_copy(update={"id": "billing", "name": "Billing"})
    store(world, "third", at=NOON - DAY, flow=flow, items=(item,), justification="The Straße is closed")
    other = Item(id="i", resource_type="schema", resource_id="s-1", resource_name="payroll", permission="orders_admin")
    store(world, "fourth", at=NOON, by=EVE, items=(*a_request().items, other), source=Source.WEB)


@pytest.mark.usefixtures("varied")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["fourth", "third", "second", "first"]),
        (f"requester={NOA.id}", ["first"]),
        (f"requester={NOA.id},{EVE.id}", ["fourth", "first"]),
        (f"requester={NOA.id}&requester={EVE.id}", ["fourth", "first"]),
        ("requester=me", []),
        (f"requester=me,{EVE.id}", ["fourth"]),
        ("status=PENDING", ["fourth", "third"]),
        ("status=EXPIRED,REVOKING", ["second", "first"]),
        ("integration=people-db", ["second"]),
        ("integration=people-db,orders-db", ["fourth", "third", "second", "first"]),
        ("flow=billing", ["third"]),
        ("flow=billing&flow=nothing", ["third"]),
        ("source=cli,web", ["fourth", "first"]),
        ("resource_type=schema", ["fourth"]),
        ("resource=payroll", ["fourth"]),
        ("resource=s-1", ["fourth"]),
        ("permission=role3,orders_admin", ["fourth", "third"]),
        ("resource=orders&permission=orders_admin", []),
        ("resource=payroll&permission=orders_admin", ["fourth"]),
        ("quarantined=true", ["second"]),
        ("quarantined=false", ["fourth", "third", "first"]),
        ("q=STRASSE", ["third"]),
        ("q=eve@EXAMPLE", ["fourth"]),
        ("q=Billing", ["third"]),
        ("q=SECOND", ["second"]),
        ("q=The+Stra%C3%9Fe,", []),
        ("last=1d", ["fourth", "third"]),
        ("last=26h&flow=billing&status=PENDING&source=api&permission=role3&q=closed&quarantined=false", ["third"]),
        ("last=26h&flow=billing&status=EXPIRED", []),
        ("since=2026-11-20T12:00&until=2026-11-21T12:00&integration=people-db,orders-db", ["second"]),
    ],
)
def test_filters_are_alternatives_within_one_and_conditions_across(
    client: Client, query: str, names: list[str]
) -> None:
    assert called(client.get(f"{REQUESTS}?{query}", by=ADA)) == names


@pytest.mark.usefixtures("varied")
def test_filters_show_nobody_more_than_their_own(client: Client) -> None:
    """C1: others' objects, by any filter."""
    assert called(client.get(f"{REQUESTS}?status=PENDING,REVOKING", by=MAYA)) == ["third", "second"]
    assert called(client.get(f"{REQUESTS}?requester=me,{MAYA.id}&q=straße", by=MAYA)) == ["third"]
    for query in (f"requester={EVE.id}", f"requester=me,{EVE.id}"):
        assert client.get(f"{REQUESTS}?{query}", by=MAYA).status == 403


@pytest.mark.parametrize(
    ("query", "zone", "names"),
    [
        ("since=2026-10-25T02:30", "Europe/Berlin", ["01:30Z", "00:45Z", "00:30Z"]),
        ("until=2026-10-25T02:30", "Europe/Berlin", ["00:45Z", "00:30Z", "00:15Z"]),
        ("since=2026-10-25T02:30&until=2026-10-25T02:30", "Europe/Berlin", ["00:45Z", "00:30Z"]),
        ("since=2026-10-25T02:30%2B01:00", "Europe/Berlin", ["01:30Z"]),
        ("since=2026-10-25T00:30", "UTC", ["01:30Z", "00:45Z", "00:30Z"]),
        ("since=2026-10-25T00:30&zone=UTC", "Europe/Berlin", ["01:30Z", "00:45Z", "00:30Z"]),
        ("since=2026-10-24T20:45&zone=America/New_York", "Europe/Berlin", ["01:30Z", "00:45Z"]),
    ],
)
def test_local_times_are_of_the_zone_that_is_named_or_of_the_deployments(
    client: Client, world: World, query: str, zone: str, names: list[str]
) -> None:
    """D2: the hour that is there twice in Berlin; nothing of it is lost."""
    in_zone(client, zone)
    for time in ("00:15Z", "00:30Z", "00:45Z", "01:30Z"):
        store(world, time, at=datetime.fromisoformat(f"2026-10-25T{time}"))

    assert called(client.get(f"{REQUESTS}?{query}")) == names


@pytest.mark.parametrize(
    ("query", "zone", "begin"),
    [
        ("last=30m", "UTC", "2026-11-22T12:00:00Z"),
        ("last=30m&round=hour", "UTC", "2026-11-22T12:00:00Z"),
        ("last=20m&round=hour", "UTC", "2026-11-22T12:00:00Z"),
        ("last=20m&round=hour&zone=Asia/Kolkata", "UTC", "2026-11-22T11:30:00Z"),
        ("last=1w", "UTC", "2026-11-15T12:30:00Z"),
        ("last=1mo", "UTC", "2026-10-22T12:30:00Z"),
        ("last=1mo", "Europe/Berlin", "2026-10-22T11:30:00Z"),
        ("last=1mo&zone=UTC", "Europe/Berlin", "2026-10-22T12:30:00Z"),
    ],
)
def test_a_relative_frame_begins_exactly_there(client: Client, world: World, query: str, zone: str, begin: str) -> None:
    in_zone(client, zone)
    world.clock.at(datetime.fromisoformat("2026-11-22T12:30:00Z"))
    at = datetime.fromisoformat(begin)
    store(world, "before", at=at - timedelta(milliseconds=1))
    store(world, "at", at=at)

    assert called(client.get(f"{REQUESTS}?{query}")) == ["at"]


def test_a_relative_frame_does_not_slide_while_it_is_read(client: Client, world: World) -> None:
    for number in range(4):
        store(world, str(number), at=NOON - number * timedelta(minutes=10))
    page = client.get(f"{REQUESTS}?last=1h&limit=1")
    found = called(page)

    while page.json["next_cursor"]:
        world.clock.advance(timedelta(minutes=30))
        store(world, "new", at=world.clock.now)
        page = client.get(page.json["_links"]["next"]["href"])
        found += called(page)

    assert found == ["0", "1", "2", "3"]
    assert called(client.get(f"{REQUESTS}?last=1h")) == ["new", "new"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("last=1h&since=2026-11-22T10:00Z", "last"),
        ("last=1h&until=2026-11-22T10:00", "last"),
        ("last=0h", "last"),
        ("last=1y", "last"),
        ("last=1", "last"),
        ("last=", "last"),
        ("last=-1h", "last"),
        ("last=1000000m", "last"),
        ("last=999999mo", "last"),
        ("last=999999w", "last"),
        (f"last={'9' * 5000}m", "last"),
        ("last=1h,2h", "last"),
        ("last=1h&last=2h", "last"),
        ("round=hour", "round"),
        ("last=1h&round=day", "round"),
        ("since=2026-11-22T10:00&round=hour", "round"),
        ("zone=Nowhere/Town", "zone"),
        ("zone=../../etc/passwd", "zone"),
        ("zone=", "zone"),
        ("zone=europe/berlin", "zone"),
        ("since=2026-11-22T10:00:01&until=2026-11-22T10:00", "since"),
        ("since=2026-11-22T10:00&until=2026-11-22T10:00%2B01:00", "since"),
        ("since=0001-01-01T00:00&zone=Europe/Berlin", "since"),
        ("until=9999-12-31T23:59&zone=America/New_York", "until"),
        ("since=10:00", "since"),
        ("until=tomorrow", "until"),
        ("source=carrier-pigeon", "source"),
        ("integration=Orders+DB", "integration"),
        ("flow=", "flow"),
        ("resource=", "resource"),
        (f"permission={'x' * 201}", "permission"),
        ("q=", "q"),
        ("q=+", "q"),
        (f"q={'x' * 201}", "q"),
        ("q=a&q=b", "q"),
        ("quarantined=maybe", "quarantined"),
        (f"requester={MAYA.id},maya", "requester"),
        ("offset=1001", "offset"),
        ("offset=-1", "offset"),
    ],
)
def test_a_wrong_filter_is_named(client: Client, query: str, parameter: str) -> None:
    answer = client.get(f"{REQUESTS}?{query}")

    assert answer.status == 400
    assert set(answer.faults) == {f"?{parameter}"}


@pytest.mark.parametrize("name", LIST_FILTERS)
@pytest.mark.parametrize("values", [51, 100_000])
def test_no_filter_takes_values_without_end(client: Client, name: str, values: int) -> None:
    """H1: 10^5 filter values, in every filter."""
    value = {"status": "PENDING", "requester": "me", "source": "web"}.get(name, "x")

    for query in (f"{name}=" + ",".join([value] * values), "&".join([f"{name}={value}"] * values)):
        assert client.get(f"{REQUESTS}?{query}").status in {400, 413}


def test_an_offset_passes_over_and_cursors_lead_on(client: Client, world: World) -> None:
    for number in range(6):
        store(world, str(number), at=NOON - number * DAY)
    page = client.get(f"{REQUESTS}?offset=1&limit=2")
    second = client.get(page.json["_links"]["next"]["href"])
    by_hand = client.get(f"{REQUESTS}?limit=2&cursor={page.json['next_cursor']}")

    assert (called(page), called(second), called(by_hand)) == (["1", "2"], ["3", "4"], ["3", "4"])
    assert called(client.get(f"{REQUESTS}?offset=1000")) == []
    both = client.get(f"{REQUESTS}?offset=1&cursor={page.json['next_cursor']}")
    assert both.faults == {"?offset": "goes without cursor: it is for the first page"}


@pytest.mark.parametrize("query", ["last=2h", "last=1h&round=hour", "last=1h&q=x", "last=1h&flow=f", ""])
def test_a_cursor_is_for_the_filters_that_it_was_given_out_for(client: Client, world: World, query: str) -> None:
    """C2: reused with another filter or frame."""
    store(world, "one")
    store(world, "two")
    cursor = client.get(f"{REQUESTS}?last=1h&limit=1").json["next_cursor"]

    assert set(client.get(f"{REQUESTS}?{query}&cursor={cursor}").faults) == {"?cursor"}


def test_a_search_that_finds_little_is_cut_short_and_goes_on(client: Client, world: World) -> None:
    """H1: a filter without an index looks at 2,000 requests for a page."""
    store(world, "needle", at=NOON - DAY)
    hay = a_request()
    for number in range(2_000):
        made = hay.model_copy(update={"id": a_request(number=4 * number).id})
        world.store.entities[AccessRequest, made.id] = made

    first = client.get(f"{REQUESTS}?q=needle")
    second = client.get(first.json["_links"]["next"]["href"])

    assert (called(first), called(second)) == ([], ["needle"])
    assert second.json["next_cursor"] is None


def test_the_trail_has_the_same_time_frames(client: Client, world: World) -> None:
    in_zone(client, "Europe/Berlin")
    early = world.submitted("role1").id
    world.events()
    world.clock.advance(timedelta(hours=2))
    late = world.submitted("role3").id
    world.events()

    def listed(query: str) -> list[str]:
        entries = client.get(f"/v1/audit/entries?event_type=access.requested&{query}", by=IVO).json["entries"]
        return [entry["request_id"] for entry in entries]

    assert listed("last=1h") == listed("start_date=2026-11-22T14:30") == listed("last=30m&round=hour") == [late]
    assert listed("end_date=2026-11-22T12:30Z") == listed("end_date=2026-11-22T12:30&zone=UTC") == [early]


def test_a_relative_frame_of_the_trail_does_not_slide(client: Client, world: World) -> None:
    made = [world.submitted().id for _ in range(3)]
    world.events()
    page = client.get("/v1/audit/entries?event_type=access.requested&last=1h&limit=1", by=IVO)
    found = page.json["entries"]

    while page.json["next_cursor"]:
        world.clock.advance(timedelta(minutes=50))
        page = client.get(page.json["_links"]["next"]["href"], by=IVO)
        found += page.json["entries"]

    assert [entry["request_id"] for entry in found] == made[::-1]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("last=1h&start_date=2026-11-22T10:00", "last"),
        ("last=999999w", "last"),
        ("start_date=2026-11-22T10:00&end_date=2026-11-21T10:00", "start_date"),
        ("end_date=9999-12-31T23:59&zone=America/New_York", "end_date"),
        ("round=hour", "round"),
        ("zone=Mars", "zone"),
    ],
)
def test_a_wrong_frame_of_the_trail_is_named(client: Client, query: str, parameter: str) -> None:
    assert set(client.get(f"/v1/audit/entries?event_type=access.requested&{query}", by=IVO).faults) == {f"?{parameter}"}
