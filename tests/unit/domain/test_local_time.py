"""Times in files: no cell says another than it means, and none leaves it open."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.local_time import LocalTime

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"]
instants = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("zone", "label", "text"),
    [
        ("UTC", "UTC+00:00", "2026-11-22 12:00:05.123"),
        ("Europe/Berlin", "UTC+01:00", "2026-11-22 13:00:05.123"),
        ("America/St_Johns", "UTC-03:30", "2026-11-22 08:30:05.123"),
    ],
)
def test_where_the_offset_is_the_same_the_column_says_it(zone: str, label: str, text: str) -> None:
    at = datetime(2026, 11, 22, 12, 0, 5, 123000, tzinfo=UTC)

    times = LocalTime.between(at - timedelta(days=7), at, zone=zone)

    assert (times.label, times.text(at)) == (label, text)


def test_where_clocks_change_the_column_says_the_zone_and_each_cell_its_offset() -> None:
    """D2: the hour that is there twice can be told apart."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    times = LocalTime.between(first, first + timedelta(hours=1), zone="Europe/Berlin")

    assert times.label == "Europe/Berlin"
    assert times.text(first) == "2026-10-25 02:30:00.000 +02:00"
    assert times.text(first + timedelta(hours=1)) == "2026-10-25 02:30:00.000 +01:00"


def test_a_change_and_a_change_back_between_two_ends_of_the_same_offset_are_seen() -> None:
    begin = datetime(2026, 2, 1, tzinfo=UTC)

    assert LocalTime.between(begin, begin + timedelta(days=300), zone="Europe/Berlin").offset is None


def test_a_time_before_a_change_is_still_written_as_the_column_says() -> None:
    winter = datetime(2026, 11, 22, tzinfo=UTC)
    times = LocalTime.between(winter, winter, zone="Europe/Berlin")

    assert times.text(datetime(2026, 7, 1, 12, tzinfo=UTC)) == "2026-07-01 13:00:00.000"


@given(begin=instants, days=st.integers(0, 400), part=st.floats(0, 1), zone=st.sampled_from(ZONES))
def test_every_time_can_be_read_back_from_its_cell_and_its_column(
    begin: datetime, days: int, part: float, zone: str
) -> None:
    end = begin + timedelta(days=days)
    at = (begin + (end - begin) * part).replace(microsecond=0)

    times = LocalTime.between(begin, end, zone=zone)

    offset = f" {times.label.removeprefix('UTC')}" if times.offset is not None else ""
    assert datetime.strptime(times.text(at) + offset, "%Y-%m-%d %H:%M:%S.%f %z") == at
    assert times.offset is None or at.astimezone(ZoneInfo(zone)).utcoffset() == times.offset
