"""Spans and times, as people type and read them."""

from datetime import UTC, datetime, timedelta

import pytest

from nightlatch.entrypoints.cli.times import (
    clock,
    iso_8601,
    local_minute,
    parse_moment,
    parse_span,
    parse_start,
    short_span,
    words,
)

NOW = datetime(2026, 11, 22, 13, 35, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("2h", "PT2H"),
        ("90m", "PT1H30M"),
        ("90min", "PT1H30M"),
        ("1h30m", "PT1H30M"),
        ("1h 30m", "PT1H30M"),
        ("45s", "PT45S"),
        ("1d", "PT24H"),
        ("1w", "PT168H"),
        ("PT2H", "PT2H"),
        ("P1DT2H", "PT26H"),
    ],
)
def test_a_span_is_sent_as_iso_8601(typed: str, iso: str) -> None:
    assert iso_8601(parse_span(typed)) == iso


@pytest.mark.parametrize("typed", ["", "2", "h", "-2h", "2h!", "1.5h", "P1M", "PT", "0h", "soon", "٢h"])
def test_what_is_no_span_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as"):
        parse_span(typed)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("24h", datetime(2026, 11, 21, 13, 35, tzinfo=UTC)),
        ("2026-11-22T10:00:00Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00+05:00", datetime(2026, 11, 22, 5, tzinfo=UTC)),
        ("2026-11-22T10:00", datetime(2026, 11, 22, 9, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 21, 23, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_span_ago_or_a_time_in_the_readers_zone(typed: str, expected: datetime) -> None:
    assert parse_moment(typed, now=NOW) == expected


def test_a_doubled_time_is_the_first_as_a_begin_and_the_second_as_an_end() -> None:
    doubled = "2026-10-25T02:30"
    assert parse_moment(doubled, now=NOW) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert parse_moment(doubled, now=NOW, is_end=True) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2h", datetime(2026, 11, 22, 15, 35, tzinfo=UTC)),
        ("16:30", datetime(2026, 11, 22, 15, 30, tzinfo=UTC)),
        ("14:35", datetime(2026, 11, 23, 13, 35, tzinfo=UTC)),
        ("9:05", datetime(2026, 11, 23, 8, 5, tzinfo=UTC)),
        ("2026-11-24T08:00", datetime(2026, 11, 24, 7, tzinfo=UTC)),
    ],
)
def test_a_start_is_a_span_ahead_or_the_next_such_time_in_the_readers_zone(typed: str, expected: datetime) -> None:
    assert parse_start(typed, now=NOW) == expected


def test_the_next_such_time_is_told_by_the_clock_even_when_it_changes_at_night() -> None:
    evening_before_summer = datetime(2026, 3, 28, 20, tzinfo=UTC)
    assert parse_start("09:00", now=evening_before_summer) == datetime(2026, 3, 29, 7, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["", "soon", "24:00", "16:60", "16:3", "٢:٣٠", "0001-01-01"])
def test_what_is_no_start_is_refused(typed: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        parse_start(typed, now=NOW)


@pytest.mark.parametrize("typed", ["8h", "1h30m", "45s"])
def test_a_span_is_written_as_it_is_typed(typed: str) -> None:
    assert short_span(parse_span(typed)) == typed


def test_a_time_is_written_as_it_is_typed() -> None:
    assert local_minute(NOW) == "2026-11-22T14:35+01:00"
    assert parse_start(local_minute(NOW), now=NOW) == NOW


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 11, 22, 15, 34, tzinfo=UTC), "16:34 CET"),
        (datetime(2026, 11, 23, 15, 34, tzinfo=UTC), "23 Nov 16:34 CET"),
        (datetime(2025, 7, 1, 15, 34, tzinfo=UTC), "1 Jul 2025 17:34 CEST"),
    ],
)
def test_a_time_is_shown_in_the_readers_zone_with_its_name(at: datetime, shown: str) -> None:
    assert clock(at, now=NOW) == shown


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(hours=1, minutes=59, seconds=59), "1 h 59 min"),
        (timedelta(minutes=1, seconds=38), "1 min 38 s"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=3, hours=2, minutes=5), "3 d 2 h"),
        (timedelta(days=3, minutes=5), "3 d"),
        (timedelta(seconds=38), "38 s"),
        (timedelta(), "0 s"),
        (timedelta(seconds=-5), "0 s"),
    ],
)
def test_a_span_is_shown_in_its_two_largest_units(span: timedelta, shown: str) -> None:
    assert words(span) == shown
