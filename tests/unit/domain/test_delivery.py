"""How far a destination has come, and what an attempt changes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.delivery import (
    LADDER,
    LONGEST_WAIT,
    MOST_LOST,
    MOST_REPLAYS,
    Attempt,
    Claim,
    Progress,
    Stretch,
    Tried,
    delay_after,
    parcel_id,
)
from nightlatch.domain.destination import Destination, DestinationKind
from nightlatch.domain.errors import LimitReachedError
from tests.builders import HOUR, NOON, SECOND, a_chain

CLAIMED = Claim(token="t", until=NOON + HOUR)


def a_destination() -> Destination:
    return Destination(
        id="siem", name="SIEM", kind=DestinationKind.WEBHOOK, settings={}, created_at=NOON, updated_at=NOON
    )


def tried(progress: Progress, first: int, last: int, *, entries: int | None = None) -> Tried:
    count = last - first + 1 if entries is None else entries
    begun = progress.begun(0, first=first, until=last, claim=CLAIMED)
    attempt = Attempt(parcel_id="p", first=first, last=last, entries=count, at=NOON)
    return Tried(a_destination(), begun, 0, attempt, "dlv_1")


def test_the_wait_grows_by_the_ladder_and_ends() -> None:
    assert [delay_after(attempts, chance=0, retry_after=None) for attempts in range(1, len(LADDER) + 1)] == [*LADDER]
    assert delay_after(len(LADDER) + 1, chance=0, retry_after=HOUR) is None
    assert delay_after(1, chance=1, retry_after=None) == LADDER[0] * 1.2


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(timedelta(), 5 * SECOND), (HOUR, HOUR), (1000 * HOUR, LONGEST_WAIT), (SECOND, 5 * SECOND)],
)
def test_whoever_asks_for_more_time_gets_it_but_not_for_ever(asked: timedelta, wait: timedelta) -> None:
    assert delay_after(1, chance=0, retry_after=asked) == wait


def test_the_claim_holds_until_its_time() -> None:
    progress = Progress.beginning("siem", next_seq=1).begun(0, first=1, until=2, claim=CLAIMED)

    assert progress.is_claimed(NOON)
    assert not progress.is_claimed(NOON + HOUR)
    assert not progress.waits_for(NOON, head=2)
    assert progress.waits_for(NOON + HOUR, head=2)


def test_a_parcel_is_named_after_what_it_holds() -> None:
    entries = a_chain(3)

    assert parcel_id("siem", 0, entries) == parcel_id("siem", 0, entries)
    names = {
        parcel_id("siem", 0, entries),
        parcel_id("siem", 1, entries),
        parcel_id("other", 0, entries),
        parcel_id("siem", 0, entries[:2]),
        parcel_id("siem", 0, [entries[0], entries[2]]),
    }
    assert len(names) == 5


def test_where_the_receiver_names_the_place_at_fault_what_is_before_it_goes_first() -> None:
    progress = Progress.beginning("siem", next_seq=1)

    assert tried(progress, 1, 100).refused(37).state.live.most == 37
    assert tried(progress, 1, 100).refused(0).state.live.most == 1
    assert tried(progress, 1, 100).refused().state.live.most == 50


def test_delivered_again_is_only_what_was_to_be_delivered_already() -> None:
    progress = Progress.beginning("siem", next_seq=10)

    assert [(lane.next_seq, lane.last) for lane in progress.again([Stretch(first=5, last=50)]).replays] == [(5, 9)]
    assert progress.again([Stretch(first=10, last=50)]).replays == ()


def test_so_many_replays_are_under_way_and_no_more() -> None:
    progress = Progress.beginning("siem", next_seq=1000)
    stretches = [Stretch(first=10 * number, last=10 * number + 1) for number in range(1, MOST_REPLAYS + 1)]
    full = progress.again(stretches)

    with pytest.raises(LimitReachedError):
        full.again([Stretch(first=1, last=2)])


def test_all_that_was_lost_can_be_delivered_again_at_once() -> None:
    progress = Progress.beginning("siem", next_seq=1)
    for number in range(1, 3 * MOST_REPLAYS):
        progress = tried(progress, 2 * number, 2 * number).refused().state

    again = progress.again(progress.lost)

    assert len(again.replays) <= MOST_REPLAYS
    assert again.lost == ()
    covered = [(lane.next_seq, lane.last or 0) for lane in again.replays]
    for number in range(1, 3 * MOST_REPLAYS):
        assert any(first <= 2 * number <= last for first, last in covered)


@given(numbers=st.lists(st.integers(1, 2000), min_size=1, max_size=300, unique=True))
def test_what_was_lost_is_known_whatever_it_is_and_takes_bounded_room(numbers: list[int]) -> None:
    progress = Progress.beginning("siem", next_seq=1)
    for number in sorted(numbers):
        progress = tried(progress, number, number).refused().state

    assert len(progress.lost) <= MOST_LOST
    for number in numbers:
        assert any(one.first <= number <= one.last for one in progress.lost)


def test_a_failure_to_tell_of_failures_is_not_told() -> None:
    one = tried(Progress.beginning("siem", next_seq=1), 1, 1)
    quiet = Tried(
        one.destination, one.progress, 0, one.attempt.model_copy(update={"tells_failures": True}), one.delivery_id
    )

    assert [event.event_type for event in one.refused().events] == ["destination.delivery.failed"]
    assert quiet.refused().events == ()
    assert quiet.postponed(chance=0).events == ()


def test_one_event_that_is_refused_is_its_own_fault_and_no_failing_destination() -> None:
    """It may be the last for days: nobody should be called because of it, nor anything be disabled."""
    first = tried(Progress.beginning("siem", next_seq=1), 1, 1).refused().state

    second = tried(first, 2, 2).refused().state
    after_a_delivery = tried(tried(first, 2, 2).delivered().state, 3, 3).refused().state

    assert first.failing_since is None
    assert second.failing_since == NOON
    assert after_a_delivery.failing_since is None


def test_what_was_not_delivered_is_counted_in_words() -> None:
    progress = Progress.beginning("siem", next_seq=1)

    told = [tried(progress, 1, last).postponed(chance=0).events[0].description for last in (1, 2)]

    assert told == ["1 event could not be delivered to SIEM", "2 events could not be delivered to SIEM"]
