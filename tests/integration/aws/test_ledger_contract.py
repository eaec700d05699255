"""What every store promises to readers of the ledger."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from nightlatch.domain.audit_event import EventType, ResourceReference
from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.change import Change
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.identity import SYSTEM, Actor, ActorType
from nightlatch.domain.ledger import Head, LedgerEntry
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.ports.sequencing import Standing
from nightlatch.services.ports.trail import LedgerIndex
from tests.integration.aws.builders import MILLISECOND, NOW, ORIGIN, an_event, events_in_order
from tests.integration.aws.conftest import RETENTION, Store

Numbers = list[int]


def numbers(entries: list[LedgerEntry]) -> Numbers:
    """Name entries by number."""
    return [entry.seq for entry in entries]


def fill(store: Store, count: int, *, from_number: int = 1) -> None:
    """Put `count` entries into the ledger, the first with `from_number`."""
    if from_number > 1:
        store.outbox.append(
            [],
            taking=[],
            after=Head(),
            head=Head(seq=from_number - 1, hash="e" * 64, recorded_at=NOW),
            retention=RETENTION,
        )
    for start in range(0, count, 40):
        store.sequence(*events_in_order(min(40, count - start), at=NOW + start * MILLISECOND))


def test_an_entry_is_read_by_its_number(store: Store) -> None:
    (entry,) = store.sequence(an_event(details={"n": 1}))
    assert store.ledger.kept().entry(1) == entry
    assert store.ledger.kept().entry(2) is None


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(1, 12, range(1, 13)), (5, 8, range(5, 9)), (11, 999, (11, 12)), (0, 2, (1, 2)), (8, 5, ()), (13, 14, ())],
)
def test_entries_are_read_in_order_either_way(store: Store, first: int, last: int, expected: Numbers) -> None:
    fill(store, 12)
    assert numbers(list(store.ledger.kept().entries(first, last))) == list(expected)
    assert numbers(list(store.ledger.kept().entries(first, last, newest_first=True))) == list(expected)[::-1]


def test_entries_are_read_across_partitions(store: Store) -> None:
    fill(store, 8, from_number=4092)
    assert numbers(list(store.ledger.kept().entries(1, 10**9))) == list(range(4092, 4100))
    assert numbers(list(store.ledger.kept().entries(4093, 4097, newest_first=True))) == [4097, 4096, 4095, 4094, 4093]


def test_partitions_that_retention_emptied_are_skipped(store: Store) -> None:
    fill(store, 3, from_number=50 * 4096)
    assert numbers(list(store.ledger.kept().entries(1, 10**9))) == [204800, 204801, 204802]
    assert numbers(list(store.ledger.kept().entries(1, 10**9, newest_first=True))) == [204802, 204801, 204800]


def test_more_than_a_page_of_entries_is_read_without_gap_or_repetition(store: Store) -> None:
    fill(store, 120)
    assert numbers(list(store.ledger.kept().entries(1, 120))) == list(range(1, 121))
    assert list(store.ledger.kept().indexed(LedgerIndex.REQUEST, "req_1", 1, 120)) == list(range(120, 0, -1))
    wanted = [7, 3, 120, *range(10, 119), 999, 1]
    assert numbers(store.ledger.kept().by_numbers(wanted)) == [number for number in wanted if number != 999]


def test_entries_are_read_by_numbers_in_the_order_asked_for(store: Store) -> None:
    fill(store, 5)
    assert numbers(store.ledger.kept().by_numbers([4, 9, 1, 3])) == [4, 1, 3]
    assert store.ledger.kept().by_numbers([]) == []


NOA = Actor(type=ActorType.USER, id="usr_noa")


@pytest.mark.parametrize(
    ("index", "value", "expected"),
    [
        (LedgerIndex.ACTOR, "usr_noa", [4, 2]),
        (LedgerIndex.ACTOR, "usr_nobody", []),
        (LedgerIndex.ACTOR, SYSTEM.id, []),
        (LedgerIndex.RESOURCE, "flow-1", [3]),
        (LedgerIndex.REQUEST, "req_1", [5, 2, 1]),
        (LedgerIndex.TYPE_AND_DAY, "access.granted#2026-11-22", [3, 2, 1]),
        (LedgerIndex.TYPE_AND_DAY, "access.granted#2026-11-23", [5]),
        (LedgerIndex.TYPE_AND_DAY, "access.expired#2026-11-23", [4]),
        (LedgerIndex.SEVERITY, "warning", [6]),
        (LedgerIndex.SEVERITY, "error", [7]),
        (LedgerIndex.SEVERITY, "info", []),
    ],
)
def test_an_index_lists_numbers_highest_first(store: Store, index: LedgerIndex, value: str, expected: Numbers) -> None:
    store.sequence(
        an_event(),
        an_event(actor=NOA),
        an_event(resource=ResourceReference(type="flow", id="flow-1"), request_id=None),
    )
    store.clock.now += timedelta(days=1)
    store.sequence(an_event(event_type=EventType.ACCESS_EXPIRED, actor=NOA, request_id="req_2"), an_event())
    for event_type in (EventType.ACCESS_REJECTED, EventType.GRANT_FAILED):
        store.sequence(an_event(event_type=event_type, request_id="req_3"))
    assert list(store.ledger.kept().indexed(index, value, 1, 9)) == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"), [(1, 12, range(12, 0, -1)), (10, 11, [11, 10]), (9, 8, []), (0, 1, [1])]
)
def test_an_index_lists_within_bounds(store: Store, first: int, last: int, expected: Numbers) -> None:
    fill(store, 12)
    assert list(store.ledger.kept().indexed(LedgerIndex.REQUEST, "req_1", first, last)) == list(expected)


def test_an_event_without_an_actors_id_is_recorded_all_the_same(store: Store) -> None:
    nobody = Actor(type=ActorType.USER, id="")
    (entry,) = store.sequence(an_event(actor=nobody, resource=ResourceReference(type="audit", id=""), request_id=None))
    assert store.ledger.kept().entry(1) == entry


def test_what_nightlatch_itself_did_is_found_beside_what_others_did(store: Store) -> None:
    store.sequence(an_event(), an_event(actor=NOA), an_event(), an_event(actor=NOA))
    trail = AuditTrail(ledger=store.ledger)

    def found(*actors: str) -> Numbers:
        return numbers(trail.page(EntryFilter(actors=frozenset(actors)), before=None, limit=9).entries)

    assert found(SYSTEM.id) == [3, 1]
    assert found(SYSTEM.id, NOA.id) == [4, 3, 2, 1]
    assert found(NOA.id) == [4, 2]


READERS: dict[str, Callable[[Store], bool]] = {
    "entry": lambda store: bool(store.ledger.kept().entry(1)),
    "entries": lambda store: bool(list(store.ledger.kept().entries(1, 9))),
    "entries newest first": lambda store: bool(list(store.ledger.kept().entries(1, 9, newest_first=True))),
    "by numbers": lambda store: bool(store.ledger.kept().by_numbers([1])),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_an_entry_is_served_until_its_retention_is_over(store: Store, read: Callable[[Store], bool]) -> None:
    """D5."""
    store.sequence(an_event())
    store.clock.now = NOW + RETENTION - timedelta(seconds=1)
    assert read(store)
    store.clock.now = NOW + RETENTION
    assert not read(store)


def choose_retention(store: Store, retention: timedelta) -> None:
    """Put another retention in force."""
    store.work.commit(Change(store.settings.audit_settings().changed(retention=retention)), origin=ORIGIN)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_another_retention_holds_at_once_for_what_is_there(store: Store, read: Callable[[Store], bool]) -> None:
    """D5: a shorter one hides, and nothing else is asked of what is stored."""
    store.sequence(an_event())
    store.clock.now = NOW + timedelta(days=60)
    choose_retention(store, timedelta(days=30))
    assert not read(store)
    choose_retention(store, timedelta(days=61))
    assert read(store)
    store.clock.now = NOW + timedelta(days=100)
    choose_retention(store, timedelta(days=365))
    assert read(store)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_was_given_up_is_served_no_more_whatever_the_retention_is(
    store: Store, read: Callable[[Store], bool]
) -> None:
    """D5."""
    store.sequence(an_event())
    settings = store.settings.audit_settings()
    store.work.commit(Change(settings.changed(given_up_before=NOW - MILLISECOND)), origin=ORIGIN)
    assert read(store)
    settings = store.settings.audit_settings()
    store.work.commit(Change(settings.changed(given_up_before=NOW, retention=timedelta(days=365))), origin=ORIGIN)
    assert not read(store)
    assert store.ledger.kept().since == NOW


def test_a_look_at_the_ledger_says_how_far_it_reaches(store: Store) -> None:
    store.sequence(an_event())
    choose_retention(store, timedelta(days=30))
    store.clock.now = NOW + timedelta(days=1)
    kept = store.ledger.kept()
    assert (kept.head.seq, kept.at, kept.since) == (1, store.clock.now, store.clock.now - timedelta(days=30))


def test_the_sequencer_is_told_of_the_retention_in_force(store: Store) -> None:
    assert store.outbox.standing() == Standing(Head(), AuditSettings(retention=RETENTION, by_deployment=True))
    choose_retention(store, timedelta(days=30))
    store.sequence(an_event())
    standing = store.outbox.standing()
    assert standing == Standing(store.ledger.kept().head, store.settings.audit_settings(), standing.taken)
    assert standing.retention == timedelta(days=30)


def test_the_head_outlives_every_entry(store: Store) -> None:
    store.sequence(an_event())
    store.clock.now += 10 * RETENTION
    assert store.ledger.kept().head.seq == 1
