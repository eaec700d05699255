"""The walk of retention: in the end every stored entry expires when the settings say, whoever dies meanwhile."""

import os
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from nightlatch.domain.audit_settings import LONGEST_TO_FOLLOW, AuditChoices, Reads
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.retention_walk import SETTLING
from nightlatch.services.retention import Retention
from nightlatch.services.sequencer import Sequencer
from tests.builders import API, NOON, FakeClock, InterruptibleStore, KilledError, Outside, a_principal, an_event
from tests.fakes.store import InMemoryStore, predictable

DAY = timedelta(days=1)
ENTRIES = 35
"""Several steps of the store's."""


def write(store: InMemoryStore, entries: int = 1) -> None:
    """Write entries a minute apart, by the settings in force."""
    clock = clock_of(store)
    for _ in range(entries):
        clock.advance(timedelta(minutes=1))
        store.record(an_event(at=clock.now), origin=API)
        Sequencer(outbox=store, clock=clock, random=os.urandom).drain(batches=1)


def clock_of(store: InMemoryStore) -> FakeClock:
    assert isinstance(store.clock, FakeClock)
    return store.clock


def a_store(entries: int = ENTRIES) -> InMemoryStore:
    """Build a ledger that is kept for ninety days, along which nobody has walked."""
    store = InMemoryStore(clock=FakeClock(step=timedelta()), random=predictable())
    write(store, entries)
    return store


def choose(store: InMemoryStore, days: int, reads: Reads = Reads.SENSITIVE) -> None:
    """Put other settings in force."""
    choices = AuditChoices(retention_days=days, reads=reads, writers=())
    store.commit(store.audit_settings().choose(choices, by=a_principal(), at=store.clock()), origin=API)


def sweep(store: InMemoryStore, outside: Outside | None = None) -> int:
    """Walk as far as there is something to do, and say how many times were moved."""
    port = (outside or Outside()).around("store", store)
    retention, moved = Retention(unit_of_work=port, keeping=port, clock=store.clock), 0
    while step := retention.step():
        moved += step.moved
    return moved


def settle(store: InMemoryStore) -> int:
    """Meet the settings, wait until they are settled, and walk."""
    sweep(store)
    clock_of(store).advance(SETTLING)
    return sweep(store)


def expected(store: InMemoryStore, days: int) -> dict[int, datetime]:
    return {seq: (entry.recorded_at + days * DAY).replace(microsecond=0) for seq, entry in store.ledger.items()}


@pytest.mark.parametrize("days", [30, 365])
def test_stored_entries_come_to_follow_another_retention(days: int) -> None:
    """D5."""
    store = a_store()
    before = dict(store.ledger)
    choose(store, days)

    assert settle(store) == ENTRIES
    assert store.times == expected(store, days)
    assert store.ledger == before


def test_when_all_is_as_it_should_be_one_read_is_all_that_is_done() -> None:
    store = a_store()
    settle(store)
    outside = Outside()

    assert sweep(store, outside) == 0
    assert outside.calls == ["store.bearings"]


def test_entries_that_are_right_are_left_alone() -> None:
    assert settle(a_store()) == 0


def test_the_walk_waits_until_nobody_can_be_writing_by_the_settings_of_before() -> None:
    store = a_store()
    choose(store, 30)
    sweep(store)
    clock_of(store).advance(SETTLING - timedelta(seconds=1))

    assert sweep(store) == 0
    clock_of(store).advance(timedelta(seconds=1))
    assert sweep(store) == ENTRIES


def test_an_entry_that_was_written_late_by_the_settings_of_before_is_met_too() -> None:
    """D5: the sequencer had read the settings just before they were changed."""
    store = a_store()
    choose(store, 30)
    sweep(store)
    write(store)
    store.times[ENTRIES + 1] = NOON + 90 * DAY
    clock_of(store).advance(SETTLING)

    sweep(store)

    assert store.times == expected(store, 30)


def test_other_settings_begin_the_walk_anew_wherever_it_was() -> None:
    store = a_store()
    choose(store, 30)
    sweep(store)
    clock_of(store).advance(SETTLING)
    Retention(unit_of_work=store, keeping=store, clock=store.clock).step()
    choose(store, 200)

    settle(store)

    assert store.times == expected(store, 200)


def test_a_retention_that_was_changed_and_changed_back_is_walked_for_all_the_same() -> None:
    store = a_store()
    settle(store)
    choose(store, 30)
    write(store, 5)
    choose(store, 90)

    assert settle(store) == 6  # The first change was told, and is one of them.
    assert store.times == expected(store, 90)


def test_before_anybody_has_chosen_the_deployments_own_retention_is_followed_when_it_changes() -> None:
    store = a_store()
    settle(store)
    store.retention = 60 * DAY

    assert settle(store) == ENTRIES
    assert store.times == expected(store, 60)


def test_what_another_deployment_gave_up_stays_given_up() -> None:
    """D5: deployed with 90 days, then with 30, then with 90 again."""
    store = a_store()
    settle(store)
    store.retention = 30 * DAY
    settle(store)
    store.retention = 90 * DAY
    at = clock_of(store).now
    assert store.audit_settings().kept_since(at) == at - 30 * DAY
    sweep(store)

    assert store.audit_settings().kept_since(at + 100 * DAY) == at + 10 * DAY
    assert store.audit_settings().kept_since(at) == at - 30 * DAY + LONGEST_TO_FOLLOW
    assert settle(store) == ENTRIES
    assert store.times == expected(store, 90)


def test_another_deployments_retention_is_told_once() -> None:
    store = a_store()
    settle(store)
    store.retention = 60 * DAY
    settle(store)
    settle(store)
    Sequencer(outbox=store, clock=store.clock, random=os.urandom).drain(batches=1)

    [told] = [entry for entry in store.ledger.values() if entry.event_type == "settings.updated"]
    assert (told.actor.id, told.details["before"], told.details["after"]) == (
        "nightlatch",
        {"retention_days": 90},
        {"retention_days": 60},
    )


def test_once_somebody_has_chosen_no_deployment_says_how_long_entries_are_kept() -> None:
    store = a_store()
    choose(store, 365)
    settle(store)
    store.retention = 30 * DAY

    assert settle(store) == 0
    assert store.audit_settings().retention == 365 * DAY


def test_other_settings_of_the_same_retention_do_not_hold_the_walk_up() -> None:
    store = a_store()
    choose(store, 30)
    moved = 0
    for minute in range(8):
        choose(store, 30, [Reads.ALL, Reads.SENSITIVE][minute % 2])
        moved += sweep(store)
        clock_of(store).advance(timedelta(minutes=1))

    assert moved == ENTRIES


def test_what_has_been_removed_is_passed_over() -> None:
    store = a_store()
    for number in (*range(1, 14), 20):
        del store.ledger[number], store.times[number]
    choose(store, 30)

    assert settle(store) == ENTRIES - 14
    assert store.times == expected(store, 30)


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_a_walk_that_dies_at_any_call_is_gone_on_with(after_effect: bool) -> None:
    """D5: one death at each call of the walk in turn, and then one that lives."""
    for dies_at in range(200):
        store = a_store(25)
        choose(store, 30)
        outside = Outside(dies_at=dies_at, after_effect=after_effect)
        with suppress(KilledError):
            sweep(store, outside)
            clock_of(store).advance(SETTLING)
            sweep(store, outside)
        settle(store)

        assert store.times == expected(store, 30)
        if len(outside.calls) <= dies_at:
            break
    assert dies_at > 30


def test_of_two_who_take_the_same_step_one_is_told_and_nothing_is_lost() -> None:
    store = InterruptibleStore(clock=FakeClock(step=timedelta()), random=predictable())
    write(store, ENTRIES)
    choose(store, 30)
    sweep(store)
    clock_of(store).advance(SETTLING)
    store.interruptions.append(lambda: sweep(store))

    with pytest.raises(RivalChangeError):
        sweep(store)

    assert store.times == expected(store, 30)
    assert sweep(store) == 0
