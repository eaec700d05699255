"""Counting, and what is told of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.tally import GRACE, LOCKED_AFTER, LONGEST_NOTE, Tally, TallyKind
from tests.builders import API, NOON, SECOND, an_event

MINUTE = timedelta(minutes=1)


def a_time(
    after: timedelta = timedelta(), *, kind: TallyKind = TallyKind.READS, is_told: bool = False, **of: str
) -> Tally:
    event = an_event(EventType.AUDIT_READ, at=NOON + after)
    return Tally.of(kind, event, about="usr_ivo", origin=API, total=2, numbers=(4, 5), notes=of, is_told=is_told)


@pytest.mark.parametrize(
    ("kind", "after", "begins"),
    [
        (TallyKind.READS, timedelta(), 0),
        (TallyKind.READS, 5 * MINUTE - timedelta(milliseconds=1), 0),
        (TallyKind.READS, 5 * MINUTE, 5),
        (TallyKind.RUNS, 59 * MINUTE, 0),
        (TallyKind.RUNS, 60 * MINUTE, 60),
        (TallyKind.READS, -MINUTE, -5),
    ],
)
def test_windows_begin_at_multiples_of_their_length(kind: TallyKind, after: timedelta, begins: int) -> None:
    assert a_time(after, kind=kind).window_start == NOON + begins * MINUTE


def test_a_window_stays_open_for_those_who_are_late() -> None:
    tally = a_time()

    assert not tally.is_closed(NOON + 5 * MINUTE + GRACE - timedelta(milliseconds=1))
    assert tally.is_closed(NOON + 5 * MINUTE + GRACE)


def test_what_was_counted_is_told_in_one_event_at_its_last_time() -> None:
    [event] = a_time(queries="/v1/audit").with_another(a_time(SECOND, queries="/v1/audit?actor=a")).told()

    assert (event.event_type, event.timestamp) == (EventType.AUDIT_READ, NOON + SECOND)
    assert event.details == {
        "reads": 2,
        "rows": 4,
        "first_seq": 4,
        "last_seq": 5,
        "queries": ["/v1/audit", "/v1/audit?actor=a"],
        "since": "2026-11-22T12:00:00.000Z",
    }


def test_what_was_told_as_it_happened_is_not_told_again() -> None:
    told = a_time(kind=TallyKind.FAILED_RUNS, is_told=True)

    assert told.told() == ()
    [event] = told.with_another(a_time(SECOND, kind=TallyKind.FAILED_RUNS)).told()
    assert event.details["failures"] == 1


def test_a_note_is_cut_to_a_bounded_length() -> None:
    [note] = a_time(queries="x" * 1000).notes

    assert len(note.text) == LONGEST_NOTE


def test_an_empty_note_is_none() -> None:
    assert a_time(queries="").notes == ()


def attempts(tries: str) -> Tally:
    """Attempts to sign in, `-` in vain and `+` with success."""
    first, *others = [a_time(number * SECOND, kind=TallyKind.SIGN_INS) for number in range(len(tries))]
    tally = first.model_copy(update={"total": 0})
    for other in others:
        tally = tally.with_another(other.model_copy(update={"total": 0}))
    for _ in range(tries.count("+")):
        tally = tally.with_tokens()
    return tally


@given(st.text("+-", min_size=1, max_size=40))
def test_an_account_is_called_locked_only_when_enough_attempts_failed_in_a_row(tries: str) -> None:
    told = {event.event_type for event in attempts(tries).told()}

    assert bool(told) == ("-" in tries)
    if EventType.ACCOUNT_LOCKED in told:
        assert "-" * LOCKED_AFTER in tries


def test_more_tokens_than_attempts_are_no_failures() -> None:
    """A session of the user pool's own page gives tokens without an attempt."""
    assert attempts("+").with_tokens().told() == ()
