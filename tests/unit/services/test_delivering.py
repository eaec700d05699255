"""Delivering: in order, at least once, and what receivers can do to it."""

from datetime import timedelta

import pytest

from nightlatch.domain.delivery import LADDER, LONGEST_FAILING, Result
from nightlatch.services.destinations import Again
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict
from tests.builders import ADA, HOUR, World, a_call
from tests.fakes.destinations import BLOCKED, GONE, LATER, REFUSED, TOO_LARGE, TOOK, YES, Answering, welcoming
from tests.unit.services.deliveries import (
    SIEM,
    a_world_with,
    happen,
    is_active,
    log_of,
    progress_of,
    receiver_of,
    sweep,
    work_off,
    work_off_rung,
)

ACCESS = {"selection": {"event_types": ["access.*"]}}


def test_what_happens_is_delivered_in_order_and_each_once() -> None:
    world = a_world_with()
    receiver_of(world).bounds = Bounds(entries=3, bytes=100_000)

    numbers = happen(world, 10)
    work_off(world)

    assert receiver_of(world).numbers == numbers
    assert [len(parcel.entries) for parcel in receiver_of(world).taken] == [3, 3, 3, 1]
    assert progress_of(world).delivered == 11  # its own making was the first
    assert progress_of(world).claim is None


def test_a_destination_begins_with_what_comes_after_it_was_made() -> None:
    world = World()
    happen(world, 5)
    later = a_world_with()

    assert receiver_of(later).came == []


def test_nothing_waits_and_nothing_is_sent() -> None:
    world = a_world_with()
    before = progress_of(world)

    work_off(world)

    assert receiver_of(world).came == []
    assert progress_of(world) == before


def test_a_parcel_is_filled_by_weight_too() -> None:
    world = a_world_with()
    receiver_of(world).bounds = Bounds(entries=100, bytes=2 * (100 + len("something happened")))

    happen(world, 5)
    work_off(world)

    assert [len(parcel.entries) for parcel in receiver_of(world).taken] == [2, 2, 1]


def test_an_entry_that_is_too_heavy_goes_alone() -> None:
    world = a_world_with()
    receiver_of(world).bounds = Bounds(entries=100, bytes=1)

    happen(world, 2)
    work_off(world)

    assert [len(parcel.entries) for parcel in receiver_of(world).taken] == [1, 1]


def test_what_is_not_selected_is_passed_over_and_written_once() -> None:
    world = a_world_with(selection={"event_types": ["auth.*"]})
    before = progress_of(world).version

    numbers = happen(world, 30)
    work_off(world)

    assert receiver_of(world).came == []
    assert progress_of(world).live.next_seq == numbers[-1] + 1
    assert progress_of(world).version == before + 1


def test_a_disabled_destination_gets_nothing() -> None:
    world = a_world_with()
    receiver_of(world).answering = lambda _: GONE
    happen(world, 1)
    work_off(world)
    receiver_of(world).came.clear()

    happen(world, 1)
    work_off(world)
    assert world.delivering.ring() == 0
    assert receiver_of(world).came == []


def test_each_active_destination_is_rung_for_by_itself() -> None:
    world = a_world_with("one", "two")
    world.delivery_queue.rung.clear()

    assert world.delivering.ring() == 2
    assert world.delivery_queue.rung == [("one", timedelta()), ("two", timedelta())]


def test_a_worker_whose_time_is_over_hands_on() -> None:
    world = a_world_with()
    receiver_of(world).bounds = Bounds(entries=1, bytes=100_000)
    numbers, turns = happen(world, 5), iter([True, True, False])
    world.delivery_queue.rung.clear()

    world.delivering.work_off(SIEM, has_time=lambda: next(turns))
    assert receiver_of(world).numbers == numbers[:2]
    assert world.delivery_queue.rung == [(SIEM, timedelta())]
    work_off_rung(world)
    assert receiver_of(world).numbers == numbers


# Failing


def climb(world: World) -> None:
    """Let the time of the next attempt come, and a worker with it."""
    retry_at = progress_of(world).live.retry_at
    assert retry_at is not None
    world.clock.at(retry_at)
    work_off(world)


def test_what_fails_is_tried_again_by_the_ladder_with_the_same_id_and_then_given_up() -> None:
    world = a_world_with(**ACCESS)
    receiver = receiver_of(world)
    receiver.answering = lambda _: LATER
    first = happen(world, 2)
    work_off(world)
    second = happen(world, 1)

    for rung in LADDER:
        retry_at = progress_of(world).live.retry_at
        assert retry_at is not None
        assert rung <= retry_at - receiver.came[-1].at <= rung * 1.2 + timedelta(seconds=1)
        climb(world)

    parcels = receiver.came[: len(LADDER) + 1]
    assert len({parcel.id for parcel in parcels}) == 1
    assert [parcel.attempt for parcel in parcels] == list(range(1, len(LADDER) + 2))
    assert sum(LADDER, timedelta()) >= timedelta(days=3)
    assert log_of(world)[len(LADDER)].result is Result.GIVEN_UP
    assert [(one.first, one.last) for one in progress_of(world).lost] == [(first[0], first[-1])]
    receiver.answering = welcoming
    climb(world)
    assert receiver.numbers == second


def test_nothing_is_sent_before_what_is_older_is_delivered() -> None:
    world = a_world_with()
    receiver_of(world).answering = lambda _: LATER
    first = happen(world, 2)
    work_off(world)
    then = happen(world, 2)
    work_off(world)
    assert len(receiver_of(world).came) == 1

    receiver_of(world).answering = welcoming
    climb(world)

    assert receiver_of(world).numbers[:4] == [*first, then[0], then[1]] or receiver_of(world).numbers[:2] == first
    assert receiver_of(world).numbers == sorted(receiver_of(world).numbers)


def test_a_receiver_that_says_when_to_come_back_is_left_alone_until_then_but_not_for_ever() -> None:
    world = a_world_with()
    receiver_of(world).answering = lambda _: Outcome(Verdict.LATER, TOOK, status=429, retry_after=HOUR)
    happen(world, 1)
    work_off(world)
    retry_at = progress_of(world).live.retry_at
    assert retry_at is not None
    assert HOUR <= retry_at - receiver_of(world).came[-1].at < HOUR + timedelta(seconds=1)

    receiver_of(world).answering = lambda _: Outcome(Verdict.LATER, TOOK, status=429, retry_after=1000 * HOUR)
    climb(world)
    retry_at = progress_of(world).live.retry_at
    assert retry_at is not None
    assert retry_at - receiver_of(world).came[-1].at < 25 * HOUR


def test_what_is_due_soon_is_rung_for_and_what_is_due_later_is_found_by_the_sweep() -> None:
    world = a_world_with()
    receiver_of(world).answering = lambda _: LATER
    happen(world, 1)
    world.delivery_queue.rung.clear()
    work_off(world)
    [(_, delay)] = world.delivery_queue.rung
    assert timedelta(seconds=4) < delay < timedelta(seconds=7)

    receiver_of(world).answering = welcoming
    sweep(world)
    assert progress_of(world).live.retry_at is None
    assert receiver_of(world).taken


def test_the_beginning_of_a_failure_is_told_once_and_its_end_begins_anew() -> None:
    world = a_world_with(**ACCESS)
    receiver_of(world).answering = lambda _: LATER
    happen(world, 1)
    work_off(world)
    climb(world)
    climb(world)
    assert world.told().count("destination.delivery.failed") == 1

    receiver_of(world).answering = welcoming
    climb(world)
    receiver_of(world).answering = lambda _: LATER
    happen(world, 1)
    work_off(world)
    assert world.told().count("destination.delivery.failed") == 2


@pytest.mark.parametrize("answer", [LATER, REFUSED])
def test_two_failing_destinations_that_hear_of_each_other_do_not_talk_for_ever(answer: Outcome) -> None:
    world = a_world_with("one", "two")
    for name in ("one", "two"):
        receiver_of(world, name).answering = lambda _: answer
    happen(world, 1)

    for _ in range(8):
        work_off(world, "one", "two")
        world.events()
        world.clock.advance(HOUR)

    assert world.told().count("destination.delivery.failed") <= 4


def test_after_five_days_of_only_failures_it_is_disabled_and_told() -> None:
    world = a_world_with(**ACCESS)
    receiver_of(world).answering = lambda _: LATER
    happen(world, 1)
    began_at = world.clock.now

    for _ in range(24 * 8):
        if not is_active(world):
            break
        happen(world, 1)
        sweep(world, minutes=1)
        world.clock.advance(HOUR)

    assert LONGEST_FAILING <= world.clock.now - began_at < LONGEST_FAILING + 2 * timedelta(days=1)
    assert world.told()[-1] == "destination.disabled"
    assert world.delivering.sweep().disabled == 1


def test_whoever_delivers_now_and_then_is_not_disabled() -> None:
    world = a_world_with(**ACCESS)
    for hour in range(24 * 8):
        receiver_of(world).answering = welcoming if hour % 72 > 48 else lambda _: LATER
        happen(world, 1)
        sweep(world)
        world.clock.advance(HOUR)
    assert is_active(world)


@pytest.mark.parametrize(("answer", "word"), [(GONE, "gone"), (BLOCKED, "10.0.0.1")])
def test_who_is_gone_or_may_not_be_called_is_disabled_at_once_and_keeps_what_waits(answer: Outcome, word: str) -> None:
    world = a_world_with()
    receiver_of(world).answering = lambda _: answer
    numbers = happen(world, 2)
    work_off(world)

    standing = world.store.standing_of(SIEM)
    assert standing is not None
    assert not standing.destination.is_active
    assert word in standing.destination.disabled_because
    assert standing.progress.live.next_seq == numbers[0]
    assert world.told()[-1] == "destination.disabled"
    sweep(world, minutes=10)
    assert len(receiver_of(world).came) == 1


# Halving


def refusing(*bad: int) -> Answering:
    def answer(parcel: Parcel) -> Outcome:
        return REFUSED if any(entry.seq in bad for entry in parcel.entries) else YES

    return answer


def test_the_one_entry_that_is_refused_is_found_by_halves_and_left_out_alone() -> None:
    world = a_world_with(**ACCESS)
    numbers = happen(world, 100)
    bad = numbers[37]
    receiver_of(world).answering = refusing(bad)

    work_off(world)

    assert receiver_of(world).numbers == [number for number in numbers if number != bad]
    assert [(one.first, one.last) for one in progress_of(world).lost] == [(bad, bad)]
    assert [line.result for line in log_of(world)].count(Result.REFUSED) == 1
    assert len(receiver_of(world).came) <= 20
    assert world.told()[-1] == "destination.delivery.failed"


def test_several_that_are_refused_are_all_found() -> None:
    world = a_world_with(**ACCESS)
    numbers = happen(world, 60)
    bad = [numbers[0], numbers[1], numbers[30], numbers[59]]
    receiver_of(world).answering = refusing(*bad)

    work_off(world)

    assert receiver_of(world).numbers == [number for number in numbers if number not in bad]
    assert progress_of(world).undelivered == 4


def test_what_is_too_large_is_sent_in_halves_and_parcels_grow_again() -> None:
    world = a_world_with(**ACCESS)
    numbers = happen(world, 300)
    receiver_of(world).answering = lambda parcel: TOO_LARGE if len(parcel.entries) > 30 else YES
    work_off(world)
    assert receiver_of(world).numbers == numbers

    receiver_of(world).answering = welcoming
    then = happen(world, 1000)
    work_off(world)
    assert receiver_of(world).numbers[300:] == then
    assert max(len(parcel.entries) for parcel in receiver_of(world).taken) == 100


def test_what_is_too_large_alone_is_left_out() -> None:
    world = a_world_with(**ACCESS)
    numbers = happen(world, 2)
    receiver_of(world).answering = lambda parcel: TOO_LARGE if parcel.entries[0].seq == numbers[0] else YES

    work_off(world)

    assert receiver_of(world).numbers == [numbers[1]]
    assert log_of(world)[-2].result is Result.REFUSED


# Retention


def test_what_is_no_longer_kept_is_a_gap_that_the_log_tells() -> None:
    world = a_world_with(**ACCESS)
    receiver_of(world).answering = lambda _: BLOCKED
    old = happen(world, 5)
    work_off(world)
    world.clock.advance(timedelta(days=91))
    new = happen(world, 1)
    world.clock.advance(timedelta(days=2))  # so that nothing below it can still be in flight
    receiver_of(world).answering = welcoming
    _enable(world)

    work_off(world)

    assert receiver_of(world).numbers == new
    [gap] = [line for line in log_of(world) if line.result is Result.GAP]
    assert (gap.attempt.first, gap.attempt.last) == (old[0], new[0] - 2)


def _enable(world: World) -> None:
    world.destinations.enable(SIEM, a_call(ADA))


# Administrators, meanwhile


def test_what_an_administrator_changes_during_an_attempt_is_kept_and_so_is_what_came_of_it() -> None:
    world = a_world_with(**ACCESS)
    numbers = happen(world, 1)

    def answering(_: Parcel) -> Outcome:
        world.destinations.replay(SIEM, Again(first_entry=world.store.ledger[1].id), a_call(ADA))
        return LATER

    receiver_of(world).answering = answering
    world.delivering.work_off(SIEM, has_time=iter([True, False]).__next__)

    progress = progress_of(world)
    assert progress.live.retry_at is not None
    assert progress.live.next_seq == numbers[0]
    assert [lane.last for lane in progress.replays] == [numbers[0] - 1]


def test_a_destination_that_is_removed_during_an_attempt_stays_removed() -> None:
    world = a_world_with()
    happen(world, 1)

    def answering(_: Parcel) -> Outcome:
        world.destinations.remove(SIEM, a_call(ADA), if_match=1)
        return YES

    receiver_of(world).answering = answering
    work_off(world)

    assert world.store.standings() == []
    assert log_of(world)[-1].attempt.last == 1  # of its making; what came of this attempt is nobody's


def test_a_replay_that_fails_holds_up_nothing_that_is_new() -> None:
    world = a_world_with(**ACCESS)
    old = happen(world, 2)
    work_off(world)
    world.destinations.replay(SIEM, Again(first_entry=world.store.ledger[old[0]].id), a_call(ADA))
    receiver_of(world).answering = lambda parcel: LATER if parcel.entries[0].seq in old else YES
    work_off(world)

    new = happen(world, 2)
    work_off(world)

    assert receiver_of(world).numbers == [*old, *new]
    [lane] = progress_of(world).replays
    assert lane.attempts == 1
    receiver_of(world).answering = welcoming
    sweep(world, minutes=6)
    assert progress_of(world).replays == ()
    assert receiver_of(world).numbers == [*old, *new, *old]


def test_what_is_gone_from_among_what_is_kept_is_a_gap_too_and_nothing_older_comes_again() -> None:
    world = a_world_with(**ACCESS)
    receiver_of(world).bounds = Bounds(entries=2, bytes=100_000)
    numbers = happen(world, 6)
    for gone in numbers[2:4]:
        del world.store.ledger[gone]
    world.clock.advance(timedelta(days=2))

    work_off(world)

    assert receiver_of(world).numbers == [*numbers[:2], *numbers[4:]]
    [gap] = [line for line in log_of(world) if line.result is Result.GAP]
    assert (gap.attempt.first, gap.attempt.last) == (numbers[2], numbers[3])


def test_what_is_still_in_flight_is_waited_for() -> None:
    world = a_world_with(**ACCESS)
    numbers = happen(world, 4)
    late = world.store.ledger.pop(numbers[1])

    work_off(world)
    assert receiver_of(world).numbers == numbers[:1]
    world.store.ledger[late.seq] = late
    work_off(world)
    assert receiver_of(world).numbers == numbers
