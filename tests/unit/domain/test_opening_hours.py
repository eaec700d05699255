"""Opening hours on the wall clocks of real places: over midnight, and when clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from nightlatch.domain.opening_hours import WEEK, Day, OpeningHours

MINUTE = timedelta(minutes=1)
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Etc/UTC", "Africa/Casablanca"]
OFFICE = OpeningHours(zone="Europe/Berlin", days=WEEK[:5], start="08:00", end="18:00")
NIGHT = OpeningHours(zone="Europe/Berlin", days=(Day.FRIDAY,), start="22:00", end="06:00")
BERLIN_SPRING, BERLIN_AUTUMN = "2026-03-29", "2026-10-25"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: str = "Europe/Berlin", *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def hours(**said: object) -> OpeningHours:
    return OpeningHours.model_validate({"zone": "Europe/Berlin", **said})


# Open or not


@pytest.mark.parametrize(
    ("at", "are_open"),
    [
        ("2026-11-20T07:59:59.999", False),
        ("2026-11-20T08:00", True),
        ("2026-11-20T17:59:59.999", True),
        ("2026-11-20T18:00", False),
        ("2026-11-21T12:00", False),
        ("2026-11-22T12:00", False),
        ("2026-11-23T12:00", True),
    ],
)
def test_office_hours_are_open_from_their_start_until_just_before_their_end(at: str, are_open: bool) -> None:
    assert OFFICE.are_open(local(at)) is are_open


@pytest.mark.parametrize(
    ("at", "are_open"),
    [
        ("2026-11-20T21:59", False),
        ("2026-11-20T22:00", True),
        ("2026-11-21T00:00", True),
        ("2026-11-21T05:59", True),
        ("2026-11-21T06:00", False),
        ("2026-11-21T22:00", False),
        ("2026-11-20T05:00", False),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_began(at: str, are_open: bool) -> None:
    assert NIGHT.are_open(local(at)) is are_open


def test_the_night_from_sunday_to_monday_is_of_the_sunday() -> None:
    sunday = hours(days=["sun"], start="22:00", end="06:00")

    assert sunday.are_open(local("2026-11-23T05:59"))
    assert not sunday.are_open(local("2026-11-22T05:59"))


def test_a_night_may_end_at_midnight_as_24_or_as_0() -> None:
    for end in ("24:00", "00:00"):
        late = hours(days=["fri"], start="22:00", end=end)

        opened = [late.are_open(local(at)) for at in ("2026-11-20T23:59", "2026-11-21T00:00", "2026-11-20T00:00")]

        assert opened == [True, False, False]


def test_hours_that_say_no_more_than_a_zone_are_open_all_week() -> None:
    whole = hours()

    assert all(whole.are_open(local("2026-11-16T00:00") + step * timedelta(hours=1)) for step in range(24 * 7))


@pytest.mark.parametrize(
    ("zone", "at", "are_open"),
    [
        ("Europe/Berlin", "2026-07-01T06:00", True),
        ("Europe/Berlin", "2026-01-05T06:30", False),
        ("America/New_York", "2026-07-01T12:00", True),
        ("America/New_York", "2026-01-05T12:30", False),
        ("Asia/Kolkata", "2026-01-05T02:30", True),
        ("Asia/Kolkata", "2026-01-05T02:29", False),
        ("Australia/Lord_Howe", "2026-07-01T21:30", True),
        ("Australia/Lord_Howe", "2026-01-04T20:59", False),
        ("Australia/Lord_Howe", "2026-01-04T21:00", True),
        ("Etc/UTC", "2026-01-05T08:00", True),
    ],
)
def test_the_clocks_are_those_of_the_place(zone: str, at: str, are_open: bool) -> None:
    """D2."""
    office = OFFICE.model_copy(update={"zone": zone})

    assert office.are_open(utc(at)) is are_open


def test_an_hour_that_the_clocks_skip_never_comes() -> None:
    """D2."""
    skipped = hours(start="02:00", end="03:00")
    midnight = local(f"{BERLIN_SPRING}T00:00").astimezone(UTC)

    assert not any(skipped.are_open(midnight + step * MINUTE) for step in range(12 * 60))


def test_an_hour_that_the_clocks_repeat_is_open_both_times() -> None:
    """D2."""
    repeated = hours(start="02:00", end="03:00")
    midnight = local(f"{BERLIN_AUTUMN}T00:00").astimezone(UTC)

    assert sum(repeated.are_open(midnight + step * MINUTE) for step in range(12 * 60)) == 120


@pytest.mark.parametrize(("day", "hours_open"), [(BERLIN_SPRING, 7), (BERLIN_AUTUMN, 9), ("2026-11-15", 8)])
def test_a_night_in_which_the_clocks_are_changed_is_shorter_or_longer(day: str, hours_open: int) -> None:
    night = hours(days=["sat"], start="22:00", end="06:00")
    noon_before = local(f"{day}T12:00").astimezone(UTC) - timedelta(days=1)

    assert sum(night.are_open(noon_before + step * MINUTE) for step in range(24 * 60)) == hours_open * 60


# The next opening


@pytest.mark.parametrize(
    ("after", "opening"),
    [
        ("2026-11-20T12:00", "2026-11-20T12:00"),
        ("2026-11-20T06:00", "2026-11-20T08:00"),
        ("2026-11-20T18:00", "2026-11-23T08:00"),
        ("2026-11-22T12:00", "2026-11-23T08:00"),
    ],
)
def test_the_next_opening_is_now_or_the_next_start(after: str, opening: str) -> None:
    assert OFFICE.next_opening(local(after)) == local(opening)


def test_a_start_that_was_just_missed_comes_again_in_a_week() -> None:
    assert NIGHT.next_opening(local("2026-11-21T06:00")) == local("2026-11-27T22:00")


def test_an_opening_that_the_clocks_skip_is_the_one_of_the_week_after() -> None:
    """D2."""
    skipped = hours(days=["sun"], start="02:00", end="03:00")

    assert skipped.next_opening(local("2026-03-29T00:00")) == local("2026-04-05T02:00")
    assert skipped.next_opening(local("2026-03-22T12:00")) == local("2026-04-05T02:00")


def test_a_start_that_the_clocks_skip_is_put_off_by_what_they_skip() -> None:
    """D2."""
    half_skipped = hours(start="02:30", end="05:00")

    assert half_skipped.next_opening(local("2026-03-29T01:00")) == utc("2026-03-29T01:30")


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (Hypothesis)
CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


@st.composite
def some_hours(draw: st.DrawFn) -> OpeningHours:
    start = draw(CLOCKS)
    return OpeningHours(
        zone=draw(st.sampled_from(ZONES)),
        days=tuple(draw(st.sets(st.sampled_from(WEEK), min_size=1))),
        start=start,
        end=draw((CLOCKS | st.just("24:00")).filter(lambda end: end != start)),
    )


@given(hours=some_hours(), after=MOMENTS)
@example(hours=hours(days=["sun"], start="02:00", end="03:00"), after=utc("2026-03-29T00:30"))
@example(hours=hours(start="02:30", end="02:45"), after=utc("2026-10-25T00:50"))
def test_an_opening_is_open_and_not_before_what_was_asked(hours: OpeningHours, after: datetime) -> None:
    opening = hours.next_opening(after)

    assert opening is not None
    assert opening >= after
    assert hours.are_open(opening)
    assert (opening == after) is hours.are_open(after)
    event("now" if opening == after else "later")


@given(hours=some_hours(), after=MOMENTS)
def test_no_day_goes_by_between_the_openings_of_every_day(hours: OpeningHours, after: datetime) -> None:
    daily = hours.model_copy(update={"days": WEEK})

    opening = daily.next_opening(after)

    assert opening is not None
    assert opening - after <= timedelta(hours=49)  # a start that the clocks skip is that of the next day


@given(hours=some_hours(), at=MOMENTS)
def test_open_is_what_a_walk_over_the_days_says(hours: OpeningHours, at: datetime) -> None:
    clock = at.astimezone(ZoneInfo(hours.zone)).replace(tzinfo=None)
    spans = []
    for back in (0, 1):
        day = (clock - timedelta(days=back)).replace(hour=0, minute=0, second=0, microsecond=0)
        start, end = (day + timedelta(hours=int(text[:2]), minutes=int(text[3:])) for text in (hours.start, hours.end))
        if day.strftime("%a").lower() in {str(one) for one in hours.days}:
            spans.append((start, end if start < end else end + timedelta(days=1)))

    assert hours.are_open(at) is any(start <= clock < end for start, end in spans)


# What is refused


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Europe", "../etc/passwd", "europe berlin", "+01:00", "\x00"])
def test_a_zone_that_nobody_knows_is_refused_by_the_name_of_its_field(zone: str) -> None:
    with pytest.raises(ValidationError, match=r"IANA name|at least 1 character") as caught:
        hours(zone=zone)

    assert [error["loc"] for error in caught.value.errors()] == [("zone",)]


@pytest.mark.parametrize("clock", ["8:00", "24:01", "12:60", "0٣:00", "12:00\n", "noon", "", "-1:00"])
@pytest.mark.parametrize("field", ["start", "end"])
def test_a_time_that_no_clock_shows_is_refused_by_the_name_of_its_field(clock: str, field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        hours(**{field: clock})

    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


@pytest.mark.parametrize(
    "said",
    [{"days": []}, {"days": ["someday"]}, {"start": "08:00", "end": "08:00"}, {"start": "24:00", "end": "08:00"}],
)
def test_hours_that_never_open_are_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        hours(**said)


def test_hours_say_themselves() -> None:
    assert [str(OFFICE), str(hours())] == [
        "mon, tue, wed, thu, fri 08:00-18:00 Europe/Berlin",
        "every day 00:00-24:00 Europe/Berlin",
    ]
