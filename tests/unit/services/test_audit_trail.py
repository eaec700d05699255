"""Reading the ledger: a feed that never skips, and a list that finds exactly what was asked for."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nightlatch.domain.audit_event import AuditEvent, EventType, Origin, ResourceReference, Severity, Source
from nightlatch.domain.audit_settings import AuditChoices, AuditSettings, Reads
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import CursorExpiredError, NotFoundError
from nightlatch.domain.identity import SYSTEM, Actor
from nightlatch.domain.ledger import Head, LedgerEntry, PendingEvent, append
from nightlatch.services.audit_trail import EVERYTHING, AuditTrail
from tests.builders import MAYA, NOA, NOON, FakeClock, a_pending_event, a_principal, an_event
from tests.fakes.store import InMemoryStore, predictable

DAY = timedelta(days=1)
RETENTION = 90 * DAY
LIMITS = [1, 2, 3, 10, 100, 1000]
ACTORS = [MAYA.as_actor(), NOA.as_actor(), SYSTEM]
TYPES = [EventType.ACCESS_REQUESTED, EventType.ACCESS_REJECTED, EventType.GRANT_FAILED]
REQUESTS = ["req_1", "req_2", None]


def a_ledger(*entries: tuple[EventType, Actor, str | None, datetime]) -> InMemoryStore:
    """Build a ledger of events that were recorded as they happened, read at the time of the last one."""
    store = InMemoryStore(clock=FakeClock(NOON, step=timedelta()), random=predictable())
    head, at = Head(), NOON
    for number, (event_type, by, request_id, at) in enumerate(entries, start=1):
        event = an_event(event_type, at=at, by=by, request_id=request_id)
        head, (entry,) = append(head, [a_pending_event(number, event)], at=at, random=os.urandom)
        store.ledger[entry.seq] = entry
    store.chain = head
    store.clock = FakeClock(at, step=timedelta())
    return store


def an_even_ledger(length: int, *, apart: timedelta = timedelta(minutes=1)) -> InMemoryStore:
    """Build a ledger of like events."""
    return a_ledger(*((TYPES[0], ACTORS[0], "req_1", NOON + number * apart) for number in range(length)))


def pages_of_feed(trail: AuditTrail, *, after: int | None, limit: int) -> Iterator[list[LedgerEntry]]:
    for _ in count():
        page = trail.feed(after=after, limit=limit)
        yield page.entries
        after = page.last
        if not page.has_more:
            return


def numbers_of(entries: list[LedgerEntry]) -> list[int]:
    return [entry.seq for entry in entries]


# The feed


@pytest.mark.parametrize("limit", LIMITS)
def test_pages_of_any_size_together_are_the_whole_ledger_in_order(limit: int) -> None:
    """I3."""
    trail = AuditTrail(ledger=an_even_ledger(105))

    pages = list(pages_of_feed(trail, after=None, limit=limit))

    assert [number for page in pages for number in numbers_of(page)] == list(range(1, 106))
    assert all(len(page) == limit for page in pages[:-1])


@given(length=st.integers(0, 30), after=st.integers(0, 30), limit=st.integers(1, 12))
def test_a_reader_goes_on_exactly_after_where_they_were(length: int, after: int, limit: int) -> None:
    page = AuditTrail(ledger=an_even_ledger(length)).feed(after=after, limit=limit)

    expected = list(range(after + 1, min(after + limit, length) + 1))
    assert numbers_of(page.entries) == expected
    assert page.last == max([after, *expected])
    assert page.has_more is (page.last < length)


@given(length=st.integers(1, 100), width=st.integers(1, 49))
def test_without_a_cursor_the_feed_begins_with_the_oldest_even_if_all_that_follows_it_is_in_flight(
    length: int, width: int
) -> None:
    """I3."""
    store = an_even_ledger(length + width)
    for number in range(length + 1, length + width + 1):
        del store.ledger[number]

    page = AuditTrail(ledger=store).feed(after=None, limit=1000)

    assert (numbers_of(page.entries), page.has_more) == (list(range(1, length + 1)), True)


@pytest.mark.parametrize("seen", [(), (5,), (2, 4), (5, 2, 3)])
@pytest.mark.parametrize("since", [None, NOON])
def test_a_feed_begins_before_young_numbers_that_are_in_flight_though_nothing_older_is_kept(
    seen: tuple[int, ...], since: datetime | None
) -> None:
    """I3: what is seen first need not be the first."""
    store = an_even_ledger(5)
    late = {number: store.ledger.pop(number) for number in range(1, 6) if number not in seen}
    trail, wanted = AuditTrail(ledger=store), EntryFilter(since=since)

    waiting = trail.feed(after=None, limit=10, wanted=wanted)
    still = trail.feed(after=waiting.last, limit=10, wanted=wanted)
    store.ledger |= late
    went_on = trail.feed(after=still.last, limit=10, wanted=wanted)

    assert (waiting.entries, waiting.last, waiting.has_more) == ([], 0, True)
    assert (still.entries, still.last, still.has_more) == ([], 0, True)
    assert numbers_of(went_on.entries) == [1, 2, 3, 4, 5]


def test_a_refused_cursor_is_not_sent_on_to_a_young_number_below_which_others_are_in_flight() -> None:
    """I3."""
    store = an_even_ledger(200)
    for number in range(1, 199):
        del store.ledger[number]

    with pytest.raises(CursorExpiredError) as caught:
        AuditTrail(ledger=store).feed(after=2, limit=10)

    assert caught.value.oldest is None


def test_the_end_of_the_feed_is_a_place_to_go_on_from() -> None:
    """I3."""
    store = an_even_ledger(3)
    trail = AuditTrail(ledger=store)
    end = trail.feed(after=3, limit=10)
    store.chain, (entry,) = append(store.chain, [a_pending_event(4)], at=NOON + DAY, random=os.urandom)
    store.ledger[entry.seq] = entry

    went_on = trail.feed(after=end.last, limit=10)

    assert (end.entries, end.last, end.has_more) == ([], 3, False)
    assert numbers_of(went_on.entries) == [4]


def test_an_empty_ledger_has_an_empty_page() -> None:
    page = AuditTrail(ledger=a_ledger()).feed(after=None, limit=10)

    assert (page.entries, page.last, page.has_more) == ([], 0, False)


def test_a_page_stops_before_a_number_that_is_still_in_flight() -> None:
    """I3."""
    store = an_even_ledger(10)
    late = store.ledger.pop(8)
    trail = AuditTrail(ledger=store)

    stopped = trail.feed(after=4, limit=10)
    waiting = trail.feed(after=stopped.last, limit=10)
    store.ledger[late.seq] = late
    went_on = trail.feed(after=waiting.last, limit=10)

    assert (numbers_of(stopped.entries), stopped.has_more) == ([5, 6, 7], True)
    assert (waiting.entries, waiting.last, waiting.has_more) == ([], 7, True)
    assert numbers_of(went_on.entries) == [8, 9, 10]


@given(gap=st.integers(2, 200), width=st.integers(1, 99), limit=st.sampled_from(LIMITS))
@example(gap=102, width=99, limit=10)
def test_wherever_numbers_are_in_flight_a_reader_gets_all_before_them_and_waits(
    gap: int, width: int, limit: int
) -> None:
    """I3."""
    store = an_even_ledger(200)
    for number in range(gap, min(gap + width, 201)):
        del store.ledger[number]
    trail = AuditTrail(ledger=store)

    first = trail.feed(after=None, limit=limit)
    waiting = trail.feed(after=gap - 1, limit=limit)

    assert numbers_of(first.entries) == list(range(1, min(limit + 1, gap)))
    assert (waiting.entries, waiting.last, waiting.has_more) == ([], gap - 1, True)


def test_in_a_ledger_of_which_nothing_is_kept_any_more_a_cursor_is_refused_and_none_is_the_oldest() -> None:
    """D5."""
    store = an_even_ledger(5)
    store.clock = FakeClock(NOON + RETENTION + DAY)

    with pytest.raises(CursorExpiredError) as caught:
        AuditTrail(ledger=store).feed(after=2, limit=10)

    assert caught.value.oldest is None


def test_in_a_ledger_of_which_nothing_is_kept_any_more_the_feed_begins_at_its_end() -> None:
    """D5."""
    store = an_even_ledger(5)
    store.clock = FakeClock(NOON + RETENTION + DAY)

    page = AuditTrail(ledger=store).feed(after=None, limit=10)

    assert (page.entries, page.last, page.has_more) == ([], 5, False)


@pytest.mark.parametrize("is_removed", [False, True], ids=["past its time", "removed"])
def test_a_cursor_below_what_is_kept_is_refused_with_the_oldest_that_is_kept(is_removed: bool) -> None:
    """D5."""
    store = an_even_ledger(100, apart=DAY)
    expired = [seq for seq, entry in store.ledger.items() if entry.recorded_at + RETENTION <= store.clock()]
    for number in expired if is_removed else ():
        del store.ledger[number]

    with pytest.raises(CursorExpiredError) as caught:
        AuditTrail(ledger=store).feed(after=3, limit=10)

    assert caught.value.oldest == store.ledger[len(expired) + 1].id


def test_without_a_cursor_the_feed_begins_with_the_oldest_that_is_kept() -> None:
    """D5."""
    store = an_even_ledger(100, apart=DAY)

    page = AuditTrail(ledger=store).feed(after=None, limit=5)

    assert numbers_of(page.entries) == [11, 12, 13, 14, 15]


def test_a_cursor_just_before_the_oldest_that_is_kept_is_still_good() -> None:
    """D5."""
    page = AuditTrail(ledger=an_even_ledger(100, apart=DAY)).feed(after=10, limit=1)

    assert numbers_of(page.entries) == [11]


def test_a_page_without_anything_that_is_wanted_leads_on_behind_what_was_looked_at() -> None:
    """H1."""
    trail = AuditTrail(ledger=an_even_ledger(2_500))
    wanted = EntryFilter(event_types=frozenset({"flow.updated"}))

    first = trail.feed(after=None, limit=5, wanted=wanted)
    second = trail.feed(after=first.last, limit=1000, wanted=wanted)
    last = trail.feed(after=second.last, limit=5, wanted=wanted)

    assert [(page.entries, page.last) for page in (first, second, last)] == [([], 1000), ([], 2000), ([], 2500)]
    assert [page.has_more for page in (first, second, last)] == [True, True, False]


@given(
    gap=st.integers(2, 60), width=st.integers(1, 49), since=st.integers(-5, 65), after=st.none() | st.integers(0, 60)
)
def test_a_filtered_feed_waits_for_numbers_that_are_in_flight(
    gap: int, width: int, since: int, after: int | None
) -> None:
    """I3: neither a time to begin at nor a filter leads past them."""
    store = an_even_ledger(60)
    moment = NOON + since * timedelta(minutes=1)
    late = {number: store.ledger.pop(number) for number in range(gap, min(gap + width, 61))}
    trail, wanted = AuditTrail(ledger=store), EntryFilter(since=moment, actors=frozenset({MAYA.id}))

    first = trail.feed(after=after, limit=1000, wanted=wanted)
    store.ledger |= late
    second = trail.feed(after=first.last, limit=1000, wanted=wanted)

    everything = range(max(after or 0, 0) + 1, 61)
    assert numbers_of(first.entries + second.entries) == [
        number for number in everything if store.ledger[number].recorded_at >= moment
    ]


def test_a_feed_that_begins_later_than_everything_begins_with_what_is_recorded_by_then() -> None:
    store = an_even_ledger(3)
    trail, wanted = AuditTrail(ledger=store), EntryFilter(since=NOON + DAY)
    waiting = trail.feed(after=None, limit=10, wanted=wanted)
    for at in (NOON + DAY / 2, NOON + DAY):
        store.chain, (entry,) = append(store.chain, [a_pending_event(4)], at=at, random=os.urandom)
        store.ledger[entry.seq] = entry

    went_on = trail.feed(after=waiting.last, limit=10, wanted=wanted)

    assert (waiting.entries, waiting.last, waiting.has_more) == ([], 3, False)
    assert numbers_of(went_on.entries) == [5]


def test_a_filter_does_not_hide_that_a_cursor_is_below_what_is_kept() -> None:
    """D5."""
    store = an_even_ledger(100, apart=DAY)

    with pytest.raises(CursorExpiredError) as caught:
        AuditTrail(ledger=store).feed(after=3, limit=10, wanted=EntryFilter(event_types=frozenset({"flow.updated"})))

    assert caught.value.oldest == store.ledger[11].id


def test_a_page_says_since_when_entries_are_kept() -> None:
    """D5."""
    store = an_even_ledger(3)

    page = AuditTrail(ledger=store).feed(after=None, limit=1)

    assert page.kept_since == store.clock() - RETENTION


@pytest.mark.parametrize("width", [1, 49, 50, 80])
def test_a_reader_is_led_beyond_what_was_removed_from_among_what_is_kept(width: int) -> None:
    """D5: the deployment's own retention was raised while DynamoDB was removing what it had given up."""
    store = an_even_ledger(200, apart=DAY / 4)
    for number in range(21, 21 + width):
        del store.ledger[number]
    trail = AuditTrail(ledger=store)

    before = trail.feed(after=10, limit=100)
    with pytest.raises(CursorExpiredError) as caught:
        trail.feed(after=before.last, limit=100)

    assert (numbers_of(before.entries), before.has_more) == (list(range(11, 21)), True)
    assert caught.value.oldest == store.ledger[21 + width].id


# Given up


def choose(store: InMemoryStore, days: int) -> None:
    """Put another retention in force."""
    choices = AuditChoices(retention_days=days, reads=Reads.SENSITIVE, writers=())
    chosen = store.audit_settings().choose(choices, by=a_principal(), at=store.clock())
    store.entities[(AuditSettings, "audit")] = chosen.state


def a_ledger_kept_longer_again(gone: range, *, older: int) -> InMemoryStore:
    """Build a ledger of which a retention has given up `older`, and DynamoDB removed some, before it was raised again.

    What is given up spreads over the fifty days before, and two hundred more entries over the twenty days since.
    """
    given_up = [NOON + number * 50 * DAY / older for number in range(older)]
    kept = [NOON + 52 * DAY + number * DAY / 10 for number in range(200)]
    store = a_ledger(*((TYPES[0], ACTORS[0], "req_1", at) for at in given_up + kept))
    choose(store, 30)
    store.clock = FakeClock(NOON + 80 * DAY, step=timedelta())
    for number in gone:
        del store.ledger[number]
    choose(store, 90)
    return store


def fed(trail: AuditTrail, wanted: EntryFilter) -> list[int]:
    """Read the feed to its end."""
    numbers, after, has_more = list[int](), None, True
    while has_more:
        page = trail.feed(after=after, limit=1000, wanted=wanted)
        numbers += numbers_of(page.entries)
        after, has_more = page.last, page.has_more
    return numbers


def listed(trail: AuditTrail, wanted: EntryFilter) -> list[int]:
    """Read the list to its end, and turn it round."""
    return numbers_of(all_pages(trail, wanted, limit=1000))[::-1]


def stretched(trail: AuditTrail, wanted: EntryFilter) -> list[int]:
    """Name what an export is over."""
    first, last = trail.stretch(wanted)
    return list(range(first, last + 1))


Reading = Callable[[AuditTrail, EntryFilter], list[int]]
LONG_AGO = NOON - DAY
READINGS: dict[str, tuple[Reading, EntryFilter]] = {
    "feed": (fed, EVERYTHING),
    "feed since": (fed, EntryFilter(since=LONG_AGO)),
    "feed since a time that is given up": (fed, EntryFilter(since=NOON + 20 * DAY)),
    "list": (listed, EVERYTHING),
    "list by type": (listed, EntryFilter(event_types=frozenset({TYPES[0]}))),
    "list by date": (listed, EntryFilter(since=LONG_AGO)),
    "list by date and type": (listed, EntryFilter(since=LONG_AGO, event_types=frozenset({TYPES[0]}))),
    "list by request": (listed, EntryFilter(request_ids=frozenset({"req_1"}))),
    "stretch": (stretched, EVERYTHING),
    "stretch since": (stretched, EntryFilter(since=LONG_AGO)),
}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("width", [99, 130, 5_000])
def test_a_longer_retention_serves_all_that_was_never_given_up_and_nothing_else(width: int, reading: str) -> None:
    """D5: twenty of those that were given up are still stored, below as many as were removed."""
    store = a_ledger_kept_longer_again(range(21, 21 + width), older=20 + width)
    read, wanted = READINGS[reading]

    assert read(AuditTrail(ledger=store), wanted) == list(range(21 + width, 221 + width))


@given(removed=st.sets(st.integers(1, 200)))
@settings(max_examples=10)
def test_whichever_of_what_was_given_up_are_removed_every_reader_begins_with_the_same_entry(removed: set[int]) -> None:
    """D5."""
    store = a_ledger_kept_longer_again(range(0), older=200)
    for number in removed:
        del store.ledger[number]
    trail = AuditTrail(ledger=store)

    for read, wanted in READINGS.values():
        assert read(trail, wanted) == list(range(201, 401))


def test_what_was_given_up_is_not_found_by_its_id_while_it_is_still_stored() -> None:
    """D5."""
    store = a_ledger_kept_longer_again(range(0), older=20)
    trail, given_up, kept = AuditTrail(ledger=store), store.ledger[20], store.ledger[21]

    with pytest.raises(NotFoundError):
        trail.show(given_up.id)
    assert trail.several([given_up.id, kept.id]) == [kept]


def test_a_cursor_below_what_was_given_up_is_refused_with_the_oldest_that_is_kept() -> None:
    """D5."""
    store = a_ledger_kept_longer_again(range(21, 151), older=150)

    with pytest.raises(CursorExpiredError) as caught:
        AuditTrail(ledger=store).feed(after=3, limit=10)

    assert caught.value.oldest == store.ledger[151].id


def test_a_page_says_that_entries_are_kept_since_what_was_given_up() -> None:
    """D5."""
    store = a_ledger_kept_longer_again(range(0), older=20)

    assert AuditTrail(ledger=store).feed(after=None, limit=1).kept_since == store.clock() - 29 * DAY


# One


def test_an_entry_is_found_by_its_id() -> None:
    store = an_even_ledger(5)

    entry = AuditTrail(ledger=store).show(store.ledger[3].id)

    assert entry == store.ledger[3]


def test_an_unknown_id_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        AuditTrail(ledger=an_even_ledger(5)).show("0199")


def test_an_entry_past_its_retention_is_not_found() -> None:
    """D5."""
    store = an_even_ledger(100, apart=DAY)

    with pytest.raises(NotFoundError):
        AuditTrail(ledger=store).show(store.ledger[1].id)


def test_several_are_read_in_their_order_and_what_is_none_of_ours_is_left_out() -> None:
    store = an_even_ledger(5)
    third, first = store.ledger[3].id, store.ledger[1].id
    second_of_another = an_even_ledger(5, apart=DAY).ledger[2].id

    read = AuditTrail(ledger=store).several([third, "0199", second_of_another, first, "nothing"])

    assert [entry.id for entry in read] == [third, first]


def test_of_several_those_are_left_out_that_are_kept_no_longer() -> None:
    store = an_even_ledger(3, apart=RETENTION)
    ids = [store.ledger[number].id for number in (1, 2, 3)]

    assert [entry.id for entry in AuditTrail(ledger=store).several(ids)] == ids[2:]


# The list

MOMENTS = st.integers(-2, 60).map(lambda days: NOON + days * DAY)
INTEGRATIONS = ["orders-db", "people-db", None]
RESOURCES = ["req_1", "req_2", "orders"]
EVENTS = st.builds(
    AuditEvent,
    event_type=st.sampled_from(TYPES),
    timestamp=st.just(NOON),
    actor=st.sampled_from(ACTORS),
    resource=st.sampled_from(RESOURCES).map(lambda name: ResourceReference(type="any", id=name, name=f"The {name}")),
    description=st.sampled_from(["The Straße is closed", "Nothing"]),
    request_id=st.sampled_from(REQUESTS),
    integration=st.sampled_from(INTEGRATIONS),
)
ROWS = st.lists(st.tuples(EVENTS, st.integers(0, 3 * 86_400), st.sampled_from(list(Source))), max_size=60)


def some(*values: str) -> st.SearchStrategy[frozenset[str]]:
    """Name some values, or none, which is no filter."""
    return st.frozensets(st.sampled_from([*values, "unknown"]), max_size=3)


FILTERS = st.builds(
    EntryFilter,
    since=st.none() | MOMENTS,
    until=st.none() | MOMENTS,
    event_types=some(*TYPES),
    actors=some(*(actor.id for actor in ACTORS)),
    severities=st.frozensets(st.sampled_from([severity.value for severity in Severity]), max_size=2),
    resources=some(*RESOURCES),
    request_ids=some("req_1", "req_2"),
    integrations=some("orders-db", "people-db"),
    sources=st.frozensets(st.sampled_from([source.value for source in Source]), max_size=3),
    text=st.sampled_from([None, "STRASSE", "the req_", "maya", "ACCESS.R"]),
)
ONE_FILTER = st.builds(
    lambda wanted, name: EntryFilter(**{name: getattr(wanted, name)}), FILTERS, st.sampled_from(list(dict(EVERYTHING)))
)
"""Most filters together admit nothing; one alone shows whether its index holds everything."""


PAGES = st.tuples(st.integers(1, 12), st.integers(0, 5))
"""How long pages are, and how many entries the first one passes over."""


def is_wanted(entry: LedgerEntry, wanted: EntryFilter, *, now: datetime) -> bool:
    """Filter as somebody would who reads every entry."""
    places = [entry.event_type, entry.description, entry.actor.name, entry.actor.email]
    text = "|".join([*places, entry.resource.name, entry.resource.id]).casefold()
    return (
        entry.recorded_at + RETENTION > now
        and (wanted.since is None or entry.recorded_at >= wanted.since)
        and (wanted.until is None or entry.recorded_at < wanted.until)
        and (not wanted.event_types or entry.event_type in wanted.event_types)
        and (not wanted.actors or entry.actor.id in wanted.actors)
        and (not wanted.severities or entry.severity in wanted.severities)
        and (not wanted.resources or entry.resource.id in wanted.resources)
        and (not wanted.request_ids or entry.request_id in wanted.request_ids)
        and (not wanted.integrations or entry.integration in wanted.integrations)
        and (not wanted.sources or entry.source in wanted.sources)
        and (wanted.text is None or wanted.text.casefold() in text)
    )


Rows = list[tuple[AuditEvent, int, Source]]


def a_varied_ledger(rows: Rows) -> InMemoryStore:
    """Build a ledger of events, each so many seconds after the last, read at the time of the last one."""
    store = InMemoryStore(clock=FakeClock(NOON, step=timedelta()), random=predictable())
    at = NOON
    for number, (event, seconds, source) in enumerate(rows, start=1):
        at += timedelta(seconds=seconds)
        pending = PendingEvent.of(event, event_id=a_pending_event(number).id, origin=Origin(source=source))
        store.chain, (entry,) = append(store.chain, [pending], at=at, random=os.urandom)
        store.ledger[entry.seq] = entry
    store.clock = FakeClock(at, step=timedelta())
    return store


def expected(store: InMemoryStore, wanted: EntryFilter) -> list[LedgerEntry]:
    """Read everything, oldest first, and take what is wanted."""
    return [entry for _, entry in sorted(store.ledger.items()) if is_wanted(entry, wanted, now=store.clock())]


def all_pages(trail: AuditTrail, wanted: EntryFilter, *, limit: int, skip: int = 0) -> list[LedgerEntry]:
    """Read the list to its end."""
    before, found = None, list[LedgerEntry]()
    while True:
        page = trail.page(wanted, before=before, limit=limit, skip=skip)
        assert len(page.entries) <= limit
        assert before is None or page.before is None or page.before < before
        found += page.entries
        before, skip = page.before, page.skip
        if before is None:
            return found


@settings(deadline=None, max_examples=200)
@given(rows=ROWS, wanted=FILTERS | ONE_FILTER, page=PAGES)
def test_pages_of_the_list_together_are_what_reading_everything_would_find_newest_first(
    rows: Rows, wanted: EntryFilter, page: tuple[int, int]
) -> None:
    limit, skip = page
    store = a_varied_ledger(rows)

    found = all_pages(AuditTrail(ledger=store), wanted, limit=limit, skip=skip)

    assert found == expected(store, wanted)[::-1][skip:]


@settings(deadline=None, max_examples=100)
@given(rows=ROWS, wanted=FILTERS | ONE_FILTER, page=PAGES, longest=st.integers(1, 9), lookups=st.integers(1, 9))
def test_a_search_that_is_cut_short_ever_again_still_finds_everything(
    rows: Rows, wanted: EntryFilter, page: tuple[int, int], longest: int, lookups: int
) -> None:
    """H1."""
    limit, skip = page
    store = a_varied_ledger(rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nightlatch.services.audit_trail.LONGEST_SEARCH", longest)
        patch.setattr("nightlatch.services.ledger_search.MOST_LOOKUPS", lookups)
        found = all_pages(AuditTrail(ledger=store), wanted, limit=limit, skip=skip)

    assert found == expected(store, wanted)[::-1][skip:]


@settings(deadline=None, max_examples=150)
@given(rows=ROWS, wanted=FILTERS | ONE_FILTER, limit=st.integers(1, 12), longest=st.integers(1, 30))
def test_pages_of_a_filtered_feed_together_are_what_reading_everything_would_find_in_order(
    rows: Rows, wanted: EntryFilter, limit: int, longest: int
) -> None:
    store = a_varied_ledger(rows)
    wanted = wanted.model_copy(update={"until": None})
    trail, after, found = AuditTrail(ledger=store), None, list[LedgerEntry]()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nightlatch.services.audit_trail.LONGEST_LOOK", longest)
        while True:
            page = trail.feed(after=after, limit=limit, wanted=wanted)
            assert len(page.entries) <= limit
            assert after is None or page.last > after or not page.has_more
            found += page.entries
            after = page.last
            if not page.has_more:
                break

    assert found == expected(store, wanted)
    assert after == store.chain.seq


@pytest.mark.parametrize(
    "wanted",
    [
        EntryFilter(actors=frozenset({MAYA.id, NOA.id})),
        EntryFilter(request_ids=frozenset({"req_1", "req_2"})),
        EntryFilter(event_types=frozenset({TYPES[0].value, TYPES[1].value})),
    ],
    ids=["actors", "requests", "types"],
)
def test_several_values_of_one_filter_are_merged_newest_first(wanted: EntryFilter) -> None:
    rows = [
        (TYPES[number % 2], ACTORS[number % 2], REQUESTS[number % 2], NOON + number * DAY / 4) for number in range(9)
    ]

    page = AuditTrail(ledger=a_ledger(*rows)).page(wanted, before=None, limit=10)

    assert numbers_of(page.entries) == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_a_resource_is_found_once_whether_it_is_a_request_or_belongs_to_one() -> None:
    orders = ResourceReference(type="database", id="orders")
    of_request = an_event(request_id="req_1")
    rows = [of_request, of_request.model_copy(update={"resource": orders}), an_event(request_id="req_2")]
    trail = AuditTrail(ledger=a_varied_ledger([(event, 60, Source.API) for event in rows]))

    pages = [
        trail.page(EntryFilter(resources=frozenset(names)), before=None, limit=10)
        for names in ({"req_1"}, {"orders"}, {"req_1", "orders"})
    ]

    assert [numbers_of(page.entries) for page in pages] == [[1], [2], [2, 1]]


def test_a_search_by_type_goes_on_with_the_day_at_which_it_left_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1."""
    monkeypatch.setattr("nightlatch.services.ledger_search.MOST_LOOKUPS", 2)
    trail = AuditTrail(ledger=an_even_ledger(10, apart=DAY / 2))
    wanted = EntryFilter(event_types=frozenset({"access.requested", "flow.updated"}))

    first = trail.page(wanted, before=None, limit=10)
    second = trail.page(wanted, before=first.before, limit=10)

    assert (numbers_of(first.entries), numbers_of(second.entries)) == ([10], [9, 8])


def test_what_the_system_did_is_found_although_no_index_by_actor_holds_it() -> None:
    store = a_varied_ledger([(an_event(by=actor), 60, Source.SYSTEM) for actor in (MAYA.as_actor(), SYSTEM, SYSTEM)])
    wanted = EntryFilter(actors=frozenset({SYSTEM.id, MAYA.id}))

    page = AuditTrail(ledger=store).page(wanted, before=None, limit=10)

    assert numbers_of(page.entries) == [3, 2, 1]


def test_a_page_that_ends_with_the_first_entry_is_the_last_page() -> None:
    page = AuditTrail(ledger=an_even_ledger(4)).page(EntryFilter(), before=None, limit=4)

    assert (numbers_of(page.entries), page.before) == ([4, 3, 2, 1], None)


def test_a_page_goes_on_below_the_last_one_even_if_events_arrived_meanwhile() -> None:
    store = an_even_ledger(10)
    trail = AuditTrail(ledger=store)
    first = trail.page(EntryFilter(), before=None, limit=4)
    store.chain, (entry,) = append(store.chain, [a_pending_event(11)], at=NOON + DAY, random=os.urandom)
    store.ledger[entry.seq] = entry

    second = trail.page(EntryFilter(), before=first.before, limit=4)

    assert (numbers_of(first.entries), numbers_of(second.entries)) == ([10, 9, 8, 7], [6, 5, 4, 3])


@given(length=st.integers(0, 40), offset=st.integers(-5, 45), odd=st.booleans())
def test_the_beginning_of_a_time_is_found_by_halving(length: int, offset: int, odd: bool) -> None:
    store = an_even_ledger(length)
    since = NOON + timedelta(minutes=offset, seconds=30 if odd else 0)

    page = AuditTrail(ledger=store).page(EntryFilter(since=since), before=None, limit=1000)

    assert numbers_of(page.entries) == [
        number for number in range(length, 0, -1) if store.ledger[number].recorded_at >= since
    ]


@given(gap=st.integers(1, 40), since=st.integers(1, 40))
def test_the_beginning_of_a_time_is_found_beside_numbers_that_are_in_flight(gap: int, since: int) -> None:
    """I3."""
    store = an_even_ledger(40)
    moment = store.ledger[since].recorded_at
    del store.ledger[gap]

    page = AuditTrail(ledger=store).page(EntryFilter(since=moment), before=None, limit=1000)

    assert numbers_of(page.entries) == [number for number in range(40, since - 1, -1) if number != gap]


def test_a_time_of_another_offset_is_the_same_time() -> None:
    """D2."""
    store = an_even_ledger(10)
    since = (NOON + timedelta(minutes=5)).astimezone(datetime.strptime("-0330", "%z").tzinfo)

    pages = [
        AuditTrail(ledger=store).page(EntryFilter(since=moment), before=None, limit=10)
        for moment in (since, since.astimezone(UTC))
    ]

    assert pages[0] == pages[1]


def test_a_filter_that_finds_little_gives_up_the_page_and_not_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1."""
    monkeypatch.setattr("nightlatch.services.audit_trail.LONGEST_SEARCH", 4)
    trail = AuditTrail(ledger=an_even_ledger(10))

    page = trail.page(EntryFilter(text="nobody says this"), before=None, limit=5)

    assert (page.entries, page.before) == ([], 7)


def test_a_list_by_type_is_whole_while_the_newest_number_is_in_flight() -> None:
    """I3."""
    store = an_even_ledger(10)
    store.ledger.pop(10)
    wanted = EntryFilter(event_types=frozenset({"access.requested"}))

    page = AuditTrail(ledger=store).page(wanted, before=None, limit=50)

    assert numbers_of(page.entries) == [9, 8, 7, 6, 5, 4, 3, 2, 1]


# Large entries


def a_ledger_of_large_entries(length: int, size: int) -> InMemoryStore:
    """Build a ledger of entries with so many bytes of details each."""
    large = an_event(at=NOON).model_copy(update={"details": {"text": "x" * size}})
    return a_varied_ledger([(large, 60, Source.API)] * length)


@pytest.mark.parametrize("limit", [1, 10, 1000])
def test_no_page_is_larger_than_an_answer_can_be_and_all_are_read(limit: int) -> None:
    """I4: the page never stalls."""
    trail = AuditTrail(ledger=a_ledger_of_large_entries(12, 500_000))

    fed = list(pages_of_feed(trail, after=None, limit=limit))
    listed = all_pages(trail, EVERYTHING, limit=limit)

    assert [entry.seq for page in fed for entry in page] == list(range(1, 13))
    assert max(len(page) for page in fed) == min(limit, 3)
    assert [entry.seq for entry in listed] == list(range(12, 0, -1))


def test_an_entry_that_is_larger_than_a_page_is_a_page_of_its_own() -> None:
    """I4."""
    trail = AuditTrail(ledger=a_ledger_of_large_entries(3, 3_000_000))

    assert [len(page) for page in pages_of_feed(trail, after=None, limit=10)] == [1, 1, 1]
    assert numbers_of(all_pages(trail, EVERYTHING, limit=10)) == [3, 2, 1]
