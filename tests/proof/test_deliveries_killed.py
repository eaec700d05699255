"""Workers that die at any call, rings that are lost or doubled, rivals: all is delivered, in order, doubles known."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.domain.delivery import CLAIM, Result
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel
from tests.builders import KilledError, Outside, World
from tests.fakes.destinations import LATER, REFUSED, TOO_LARGE, YES, FakeReceiver, welcoming
from tests.unit.services.deliveries import (
    SIEM,
    a_world_with,
    happen,
    log_of,
    progress_of,
    receiver_of,
    sweep,
    work_off,
)

ACCESS = {"selection": {"event_types": ["access.*"]}}
AT_SENDING = 3
"""After the reading of the destination and of the head, and the claim."""

ANSWERS: dict[str, Outcome] = {"yes": YES, "later": LATER, "refused": REFUSED, "too large": TOO_LARGE}


def delivered(receiver: FakeReceiver) -> list[int]:
    """List what a receiver took, in the order in which it first took each, and see that doubles are whole parcels."""
    ids: dict[int, set[str]] = {}
    for parcel in receiver.taken:
        for entry in parcel.entries:
            ids.setdefault(entry.seq, set()).add(parcel.id)
    assert all(len(names) == 1 for names in ids.values()), "a double came under another id"
    return list(ids)


def calls_of(answering: Callable[[Parcel], Outcome]) -> int:
    """Count the calls of a worker that lives."""
    outside = Outside()
    run(outside, answering)
    return len(outside.calls)


def run(outside: Outside, answering: Callable[[Parcel], Outcome]) -> World:
    """Let a worker come that dies at a call, more happen, and then others come every minute."""
    world = a_world_with(**ACCESS)
    receiver_of(world).bounds = Bounds(entries=3, bytes=100_000)
    receiver_of(world).answering = answering
    happen(world, 5)
    with suppress(KilledError):
        world.delivering_with(outside).work_off(SIEM, has_time=lambda: True)
    happen(world, 3)
    receiver_of(world).answering = welcoming
    sweep(world, minutes=8)
    return world


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("answer", ["yes", "later", "too large"])
def test_a_worker_that_dies_at_any_call_loses_nothing_and_doubles_only_under_the_same_id(
    answer: str, *, after_effect: bool
) -> None:
    """J1: killed at each outbound call, before and after its effect."""

    def answering(parcel: Parcel) -> Outcome:
        return YES if len(parcel.entries) == 1 else ANSWERS[answer]

    for call in range(calls_of(answering)):
        world = run(Outside(dies_at=call, after_effect=after_effect), answering)

        wanted = [seq for seq in sorted(world.store.ledger) if _is_wanted(world.store.ledger[seq])]
        assert delivered(receiver_of(world)) == wanted, f"killed at call {call}"
        assert progress_of(world).claim is None or not progress_of(world).is_claimed(world.clock.now)


def _is_wanted(entry: LedgerEntry) -> bool:
    return entry.event_type.startswith("access.")


def test_a_parcel_that_kills_every_worker_is_given_up_in_the_end() -> None:
    """J1: no entry stops all that come after it."""
    world = a_world_with(**ACCESS)
    receiver_of(world).bounds = Bounds(entries=1, bytes=100_000)
    deadly, *others = happen(world, 3)

    for _ in range(60):
        world.clock.advance(CLAIM)
        standing = world.store.standing_of(SIEM)
        assert standing is not None
        is_deadly = standing.progress.live.next_seq == deadly
        sends = Outside(dies_at=AT_SENDING if is_deadly else None)
        with suppress(KilledError):
            world.delivering_with(sends).work_off(SIEM, has_time=lambda: True)

    assert receiver_of(world).numbers == others
    assert [line.attempt.first for line in log_of(world) if line.result is Result.GIVEN_UP] == [deadly]


def test_a_rival_that_meets_the_claim_goes_and_what_it_was_rung_for_is_delivered_all_the_same() -> None:
    world = a_world_with(**ACCESS)
    numbers = happen(world, 1)

    def answering(_: Parcel) -> Outcome:
        receiver_of(world).answering = welcoming
        numbers.extend(happen(world, 2))
        work_off(world)  # the ring meets the claim
        assert len(receiver_of(world).came) == 1
        return YES

    receiver_of(world).answering = answering
    work_off(world)

    assert receiver_of(world).numbers == numbers


def test_a_worker_that_was_too_slow_writes_nothing_over_what_its_successor_did() -> None:
    world = a_world_with(**ACCESS)
    numbers = happen(world, 1)

    def answering(_: Parcel) -> Outcome:
        receiver_of(world).answering = welcoming
        world.clock.advance(CLAIM + timedelta(seconds=1))
        work_off(world)
        return LATER

    receiver_of(world).answering = answering
    work_off(world)

    assert receiver_of(world).numbers == numbers
    assert progress_of(world).live.retry_at is None
    assert [parcel.id for parcel in receiver_of(world).came] == [receiver_of(world).taken[0].id] * 2
    assert [parcel.attempt for parcel in receiver_of(world).came] == [1, 2]


def test_a_destination_that_hangs_or_fails_holds_up_no_other() -> None:
    world = a_world_with("dead", "hanging", "well", **ACCESS)
    receiver_of(world, "dead").answering = lambda _: LATER
    numbers = happen(world, 5)
    well: list[int] = []

    def hang(_: Parcel) -> Outcome:
        world.clock.advance(timedelta(seconds=30))
        work_off(world, "well")
        well.extend(receiver_of(world, "well").numbers)
        return LATER._replace(took=timedelta(seconds=30))

    receiver_of(world, "hanging").answering = hang
    work_off(world, "dead", "hanging")

    assert well == numbers


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), st.integers(1, 6)),
        st.tuples(st.just("work"), st.integers(0, 40)),
        st.tuples(st.just("killed"), st.integers(0, 40)),
        st.tuples(st.just("wait"), st.integers(1, 400)),
        st.tuples(st.just("answer"), st.integers(0, 3)),
        st.tuples(st.just("bounds"), st.integers(1, 7)),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(operations=OPERATIONS, unwanted=st.sets(st.integers(4, 60), max_size=5))
def test_whatever_happens_each_entry_is_delivered_in_order_or_known_as_lost(
    operations: list[tuple[str, int]], unwanted: set[int]
) -> None:
    """J1: deaths, lost and doubled rings, receivers that fail, refuse and come back, in any order."""
    world = a_world_with(**ACCESS)
    receiver = receiver_of(world)

    def answering(parcel: Parcel) -> Outcome:
        bad = any(entry.seq in unwanted for entry in parcel.entries)
        return REFUSED if bad else outcome

    outcome = YES
    receiver.answering = answering
    for name, number in operations:
        match name:
            case "happen":
                happen(world, number)
            case "work":
                work_off(world)
            case "killed":
                with suppress(KilledError):
                    dying = Outside(dies_at=number // 2, after_effect=bool(number % 2))
                    world.delivering_with(dying).work_off(SIEM, has_time=lambda: True)
            case "wait":
                world.clock.advance(timedelta(minutes=number))
            case "answer":
                outcome = [YES, LATER, TOO_LARGE, REFUSED][number]
            case _:
                receiver.bounds = Bounds(entries=number, bytes=100_000)
    outcome = YES
    sweep(world, minutes=3)
    world.clock.advance(timedelta(days=2))
    sweep(world, minutes=3)

    wanted = [seq for seq in sorted(world.store.ledger) if _is_wanted(world.store.ledger[seq])]
    lost = {seq for one in progress_of(world).lost for seq in range(one.first, one.last + 1)}
    took = delivered_in_order(receiver)
    assert took == [seq for seq in wanted if seq in took]
    assert set(wanted) - set(took) <= lost
    assert set(wanted) & unwanted <= lost


def delivered_in_order(receiver: FakeReceiver) -> list[int]:
    """List what was taken, each number at its first time."""
    return list(dict.fromkeys(entry.seq for parcel in receiver.taken for entry in parcel.entries))
