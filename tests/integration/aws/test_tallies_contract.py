"""What every store promises about counting, and about what it knows of the deployment."""

from collections.abc import Mapping
from datetime import timedelta
from random import Random

import pytest

from nightlatch.domain.change import Change
from nightlatch.domain.deployment import started
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.tally import GRACE, LONGEST_SIGN_IN, MOST_NOTES, Tally, TallyKind
from tests.integration.aws.builders import HOUR, MILLISECOND, NOW, ORIGIN, an_event
from tests.integration.aws.conftest import Store

MINUTE = timedelta(minutes=1)
LATER = NOW + HOUR


def a_time(
    number: int = 0,
    *,
    kind: TallyKind = TallyKind.READS,
    about: str = "usr_ivo",
    numbers: tuple[int, int] | None = None,
    notes: Mapping[str, str | None] | None = None,
    total: int = 1,
    is_told: bool = False,
) -> Tally:
    """Build one time; `number` says how many milliseconds later it was."""
    event = an_event(str(number), at=NOW + number * MILLISECOND)
    return Tally.of(kind, event, about=about, origin=ORIGIN, total=total, numbers=numbers, notes=notes, is_told=is_told)


def counted(store: Store, *times: Tally) -> Tally:
    for time in times:
        store.tallies.count(time)
    [tally] = store.tallies.closed(LATER)
    return tally


def test_what_happened_once_is_counted_as_it_was(store: Store) -> None:
    once = a_time(numbers=(3, 7), notes={"queries": "/v1/audit", "addresses": "192.0.2.50"}, total=5)
    assert counted(store, once) == once


def test_what_happens_again_is_added_and_the_first_time_stays(store: Store) -> None:
    first, second = a_time(numbers=(3, 7), total=5), a_time(1, numbers=(8, 8), total=1)
    tally = counted(store, first, second)
    assert (tally.version, tally.total, tally.event, tally.last_at) == (2, 6, first.event, second.last_at)


@pytest.mark.parametrize(
    ("ranges", "reach"),
    [
        ([(3, 7), (8, 9)], (3, 9)),
        ([(8, 9), (3, 7)], (3, 9)),
        ([(3, 9), (4, 5)], (3, 9)),
        ([(4, 5), (3, 9)], (3, 9)),
        ([None, (3, 7)], (3, 7)),
        ([(3, 7), None], (3, 7)),
        ([None, None], (None, None)),
    ],
)
def test_the_numbers_reach_from_the_lowest_to_the_highest(
    store: Store, ranges: list[tuple[int, int] | None], reach: tuple[int | None, int | None]
) -> None:
    tally = counted(store, *(a_time(number, numbers=each) for number, each in enumerate(ranges)))
    assert (tally.lowest, tally.highest) == reach


def test_a_note_is_kept_once(store: Store) -> None:
    same = [a_time(number, notes={"queries": "/v1/audit?actor=a"}) for number in range(3)]
    tally = counted(store, *same)
    assert [note.text for note in tally.notes] == ["/v1/audit?actor=a"]
    assert (tally.version, tally.left_off) == (3, 0)


def test_notes_are_bounded_and_what_is_left_off_is_counted(store: Store) -> None:
    times = [a_time(number, notes={"queries": f"q={number:02}"}) for number in range(MOST_NOTES + 3)]
    tally = counted(store, *times, a_time(99, notes={"queries": "q=00"}))
    assert [note.text for note in tally.notes] == [f"q={number:02}" for number in range(MOST_NOTES)]
    assert (tally.version, tally.total, tally.left_off) == (MOST_NOTES + 4, MOST_NOTES + 4, 3)


def test_whatever_is_counted_in_any_order_comes_out_as_the_domain_says(store: Store) -> None:
    random = Random(7)
    times = [
        a_time(
            number,
            total=random.randrange(3),
            numbers=random.choice([None, (low := random.randrange(50), low + random.randrange(9))]),
            notes=random.choice([None, {"queries": f"q={random.randrange(30)}", "addresses": f"{number % 7}"}]),
        )
        for number in range(80)
    ]
    first, *others = times
    expected = first
    for other in others:
        expected = expected.with_another(other)
    assert counted(store, *times) == expected


def test_each_kind_each_subject_and_each_window_has_its_own_tally(store: Store) -> None:
    times = [
        a_time(),
        a_time(kind=TallyKind.REFUSED_TOKENS),
        a_time(about="usr_ada"),
        a_time(5 * 60_000),
    ]
    for time in times:
        store.tallies.count(time)
    found = list(store.tallies.closed(LATER))
    assert [tally.version for tally in found] == [1] * 4
    assert found[-1].event == times[-1].event


def test_a_window_is_closed_a_little_after_its_end_and_not_before(store: Store) -> None:
    tally = a_time()
    store.tallies.count(tally)
    closed_at = tally.window_end + GRACE
    assert list(store.tallies.closed(closed_at - MILLISECOND)) == []
    assert list(store.tallies.closed(closed_at)) == [tally]


def test_tokens_are_counted_against_attempts_as_the_domain_says(store: Store) -> None:
    first, second = (a_time(number, kind=TallyKind.SIGN_INS, total=0) for number in range(2))
    store.tallies.count(first)
    assert store.tallies.count_tokens(second)
    assert counted(store, second) == first.with_tokens().with_another(second)


def test_tokens_without_an_attempt_in_the_window_begin_no_tally(store: Store) -> None:
    assert not store.tallies.count_tokens(a_time(kind=TallyKind.SIGN_INS))
    assert list(store.tallies.closed(LATER)) == []


def test_attempts_to_sign_in_are_read_when_no_tokens_can_come_any_more(store: Store) -> None:
    tally = a_time(kind=TallyKind.SIGN_INS, total=0)
    store.tallies.count(tally)
    closed_at = tally.window_end + LONGEST_SIGN_IN
    assert list(store.tallies.closed(closed_at - MILLISECOND)) == []
    assert list(store.tallies.closed(closed_at)) == [tally]


def test_attempts_that_led_to_tokens_meanwhile_are_not_told_as_they_were_read(store: Store) -> None:
    tally = counted(store, a_time(kind=TallyKind.SIGN_INS, total=0))
    store.tallies.count_tokens(tally)
    with pytest.raises(RivalChangeError):
        store.work.record(an_event("failed"), origin=ORIGIN, ending=[tally])


def test_many_tallies_are_read_in_the_order_of_their_windows(store: Store) -> None:
    for number in range(120):
        store.tallies.count(a_time(number * 60_000 * 5, about=f"usr_{number}"))
    found = [tally.about for tally in store.tallies.closed(NOW + timedelta(days=1))]
    assert found == [f"usr_{number}" for number in range(120)]


def test_a_tally_is_removed_with_the_event_that_tells_it(store: Store) -> None:
    tally = counted(store, a_time(), a_time(1))
    store.work.record(an_event("told"), origin=ORIGIN, ending=[tally])
    assert list(store.tallies.closed(LATER)) == []
    assert [event.description for event in store.pending()] == ["told"]


def test_a_tally_that_nobody_needs_to_hear_of_is_removed_without_an_event(store: Store) -> None:
    tally = counted(store, a_time())
    store.work.record(origin=ORIGIN, ending=[tally])
    assert list(store.tallies.closed(LATER)) == []


@pytest.mark.parametrize("meanwhile", ["counted once more", "told by another"])
def test_a_tally_that_is_not_as_it_was_read_is_not_told(store: Store, meanwhile: str) -> None:
    tally = counted(store, a_time())
    if meanwhile == "told by another":
        store.work.record(origin=ORIGIN, ending=[tally])
    else:
        store.tallies.count(a_time(1))
    with pytest.raises(RivalChangeError):
        store.work.record(an_event("told twice"), origin=ORIGIN, ending=[tally])
    assert store.pending() == []


def test_what_is_told_as_it_happens_begins_its_tally_and_later_times_are_added(store: Store) -> None:
    first = a_time(is_told=True)
    store.work.commit(Change(first, (first.event,)), origin=ORIGIN)
    with pytest.raises(RivalChangeError):
        store.work.commit(Change(first, (first.event,)), origin=ORIGIN)
    tally = counted(store, a_time(1), a_time(2))
    assert (tally.version, tally.total, tally.is_told) == (3, 3, True)
    assert len(store.pending()) == 1


def test_what_is_deployed_is_read_as_it_was_noticed(store: Store) -> None:
    assert store.deployments.deployment() is None
    change = started(None, code="layer:1", policy={"retention_days": "90"}, at=NOW)
    assert change is not None
    store.work.commit(change, origin=ORIGIN)
    assert store.deployments.deployment() == change.state
