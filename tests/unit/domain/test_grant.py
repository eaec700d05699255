"""The work on a grant: how its attempts are counted, and how long it waits between them."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.connector import GrantIntent
from nightlatch.domain.errors import RetryableConnectorError
from nightlatch.domain.grant import FIRST_PAUSE, JITTER_BYTES, LONGEST_PAUSE, Failure, Grant, pause_before
from tests.builders import HOUR, NOON, a_failure, a_handle


def a_grant() -> Grant:
    intent = GrantIntent(grant_id="req_1", holder_id="usr_maya", holder="Maya", entitlements=(), ends_at=NOON + HOUR)
    return Grant(request_id="req_1", integration_id="orders-db", intent=intent, handle=a_handle())


def test_an_attempt_is_counted_when_it_begins() -> None:
    assert (a_grant().attempts, a_grant().claimed().attempts) == (1, 2)


def test_access_that_exists_has_not_been_ended_once_yet() -> None:
    given = a_grant().claimed().changed(last_failure=a_failure()).given(sealed_secret="sealed")

    assert (given.attempts, given.last_failure, given.sealed_secret) == (0, None, "sealed")


def test_giving_up_says_why_and_begins_to_count_anew() -> None:
    given_up = a_grant().claimed().claimed().give_up(a_failure(attempts=3))

    assert (given_up.attempts, given_up.given_up) == (1, a_failure(attempts=3))


def test_a_closed_grant_holds_no_secret_and_still_what_its_target_is_looked_at_with() -> None:
    closed = a_grant().given(sealed_secret="sealed").closed()

    assert (closed.sealed_secret, closed.handle) == (None, a_handle())


def test_a_failure_is_told_with_the_class_of_its_error() -> None:
    failure = Failure.of(RetryableConnectorError("locked"), attempts=2)

    assert failure.details() == {"error": "locked", "error_class": "RetryableConnectorError", "attempts": 2}


@given(attempt=st.integers(1, 2000), chance=st.binary(min_size=JITTER_BYTES, max_size=JITTER_BYTES))
def test_a_pause_is_never_nothing_and_never_longer_than_a_quarter_of_an_hour(attempt: int, chance: bytes) -> None:
    """J2."""
    assert FIRST_PAUSE / 2 <= pause_before(attempt, random=chance) <= LONGEST_PAUSE


@given(attempt=st.integers(1, 20), earlier=st.binary(min_size=2, max_size=2), later=st.binary(min_size=2, max_size=2))
def test_no_chance_makes_a_pause_shorter_than_the_one_before(attempt: int, earlier: bytes, later: bytes) -> None:
    """J2."""
    before, after = pause_before(attempt, random=earlier), pause_before(attempt + 1, random=later)

    assert before <= after or before >= LONGEST_PAUSE / 2


def test_the_longest_pauses_are_doubled_up_to_a_quarter_of_an_hour() -> None:
    pauses = [pause_before(attempt, random=b"\xff\xff").total_seconds() for attempt in range(1, 10)]

    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900, 900]


def test_those_who_failed_together_do_not_come_back_together() -> None:
    pauses = {pause_before(1, random=chance.to_bytes(2, "big")) for chance in range(0, 0xFFFF, 0xFF)}

    assert len(pauses) == len(range(0, 0xFFFF, 0xFF))
    assert (min(pauses), max(pauses)) < (FIRST_PAUSE / 2 + timedelta(seconds=1), FIRST_PAUSE)


def test_a_later_end_is_told_and_an_earlier_one_changes_nothing() -> None:
    """D3."""
    told = a_grant().not_told(a_failure()).told(until=NOON + 2 * HOUR)

    assert (told.intent.ends_at, told.untold, told.last_failure) == (NOON + 2 * HOUR, 0, None)
    assert told.told(until=NOON).intent.ends_at == NOON + 2 * HOUR


def test_what_could_not_be_told_does_not_count_as_an_attempt_to_end() -> None:
    """J2."""
    ended_next = a_grant().given(sealed_secret=None).not_told(a_failure())

    assert (ended_next.attempts, ended_next.untold) == (0, 1)
