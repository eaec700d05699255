"""The work on a grant: how its attempts are counted, and how long it waits between them."""

from datetime import timedelta

from nightlatch.domain.connector import GrantIntent
from nightlatch.domain.errors import RetryableConnectorError
from nightlatch.domain.grant import Failure, Grant, pause_before
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


def test_each_pause_is_twice_the_one_before_up_to_a_quarter_of_an_hour() -> None:
    pauses = [pause_before(attempt).total_seconds() for attempt in range(1, 10)]

    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_thousand_attempts_later_the_pause_is_still_a_quarter_of_an_hour() -> None:
    assert pause_before(1000) == timedelta(minutes=15)
