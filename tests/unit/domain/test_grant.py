"""How long the work on a grant waits between attempts."""

from datetime import timedelta

from nightlatch.domain.grant import pause_before


def test_each_pause_is_twice_the_one_before_up_to_a_quarter_of_an_hour() -> None:
    pauses = [pause_before(attempt).total_seconds() for attempt in range(1, 10)]

    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_thousand_attempts_later_the_pause_is_still_a_quarter_of_an_hour() -> None:
    assert pause_before(1000) == timedelta(minutes=15)
