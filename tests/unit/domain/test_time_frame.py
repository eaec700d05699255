"""Time frames: what is said of time, as instants, whatever the clocks of a zone do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, reset_tzpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.time_frame import Last, begin_at, begin_of, end_at, end_of, parse_last, to_the_hour, zone_named

NOW = datetime(2026, 11, 22, 2, 12, 5, 123000, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
ST_JOHNS = ZoneInfo("America/St_Johns")
APIA = ZoneInfo("Pacific/Apia")
ZONES = (BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU, ST_JOHNS, APIA, ZoneInfo("Europe/Amsterdam"), ZoneInfo("UTC"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


local_times = st.datetimes(at("1900-01-01"), at("2100-01-01"))
instants = st.datetimes(at("1900-01-01"), at("2100-01-01"), timezones=st.just(UTC))
zones = st.sampled_from(ZONES)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("15m", Last(span=timedelta(minutes=15))),
        ("2h", Last(span=timedelta(hours=2))),
        ("3d", Last(span=timedelta(days=3))),
        ("1w", Last(span=timedelta(days=7))),
        ("2mo", Last(months=2)),
        ("007m", Last(span=timedelta(minutes=7))),
    ],
)
def test_minutes_to_months_are_read(text: str, last: Last) -> None:
    assert parse_last(text) == last


@pytest.mark.parametrize(
    "text",
    [
        "", "0m", "000mo", "m", "15", "15 m", "15M", "2H", "1y", "15s", "2mon", "-1h", "+1h", "1.5h", "1e3m", "1h30m",
        "PT1H", "1000000m", "9" * 5000 + "m", "\u0661h", "1h\n", " 1h", "1h\u0000",
    ],
)  # fmt: skip
def test_nothing_else_is_a_stretch(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number and one of m, h, d, w and mo"):
        parse_last(text)


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("15m", "2026-11-22T01:57:05.123Z"),
        ("2h", "2026-11-22T00:12:05.123Z"),
        ("3d", "2026-11-19T02:12:05.123Z"),
        ("1w", "2026-11-15T02:12:05.123Z"),
    ],
)
def test_a_span_is_counted_back_from_now(text: str, begin: str) -> None:
    assert parse_last(text).begin(now=NOW, zone=BERLIN) == at(begin)


@pytest.mark.parametrize(
    ("now", "months", "zone", "begin"),
    [
        ("2026-11-22T12:00:00Z", 2, BERLIN, "2026-09-22T13:00:00+02:00"),  # the same time of day, in summer
        ("2026-03-31T12:00:00Z", 1, ZoneInfo("UTC"), "2026-02-28T12:00:00Z"),
        ("2028-03-31T12:00:00Z", 1, ZoneInfo("UTC"), "2028-02-29T12:00:00Z"),
        ("2026-03-30T12:00:00Z", 13, ZoneInfo("UTC"), "2025-02-28T12:00:00Z"),
        ("2026-01-15T12:00:00Z", 1, ZoneInfo("UTC"), "2025-12-15T12:00:00Z"),
        ("2026-12-15T12:00:00Z", 12, ZoneInfo("UTC"), "2025-12-15T12:00:00Z"),
        ("2026-05-31T22:30:00Z", 1, BERLIN, "2026-05-01T00:30:00+02:00"),  # it is June already in Berlin
        ("2026-05-31T22:30:00Z", 1, ZoneInfo("UTC"), "2026-04-30T22:30:00Z"),
        ("2026-04-29T00:30:00Z", 1, BERLIN, "2026-03-29T03:30:00+02:00"),  # 02:30 was left out that day
        ("2026-11-25T01:30:00Z", 1, BERLIN, "2026-10-25T02:30:00+02:00"),  # 02:30 was there twice
    ],
)
def test_a_month_is_one_of_the_calendar(now: str, months: int, zone: ZoneInfo, begin: str) -> None:
    assert Last(months=months).begin(now=at(now), zone=zone) == at(begin)


@pytest.mark.parametrize("last", [Last(months=999_999), Last(months=24_312), Last(span=timedelta(weeks=999_999))])
def test_a_stretch_longer_than_the_calendar_is_out_of_range(last: Last) -> None:
    with pytest.raises(OverflowError):
        last.begin(now=NOW, zone=BERLIN)


@pytest.mark.parametrize(
    ("local", "zone", "begin", "end"),
    [
        # an ordinary time
        ("2026-11-22T10:00", BERLIN, "2026-11-22T09:00Z", "2026-11-22T09:00Z"),
        ("2026-07-01T10:00", BERLIN, "2026-07-01T08:00Z", "2026-07-01T08:00Z"),
        # in a gap
        ("2026-03-29T02:00", BERLIN, "2026-03-29T01:00Z", "2026-03-29T01:00Z"),
        ("2026-03-29T02:30", BERLIN, "2026-03-29T01:30Z", "2026-03-29T01:30Z"),
        ("2026-03-08T02:30", NEW_YORK, "2026-03-08T07:30Z", "2026-03-08T07:30Z"),
        ("2026-10-04T02:15", LORD_HOWE, "2026-10-03T15:45Z", "2026-10-03T15:45Z"),  # half an hour
        ("1986-01-01T00:10", KATHMANDU, "1985-12-31T18:40Z", "1985-12-31T18:40Z"),  # a quarter, once in history
        ("2011-12-30T12:00", APIA, "2011-12-30T22:00Z", "2011-12-30T22:00Z"),  # a day
        # doubled
        ("2026-10-25T02:30", BERLIN, "2026-10-25T00:30Z", "2026-10-25T01:30Z"),
        ("2026-10-25T02:00", BERLIN, "2026-10-25T00:00Z", "2026-10-25T01:00Z"),
        ("2026-10-25T03:00", BERLIN, "2026-10-25T02:00Z", "2026-10-25T02:00Z"),
        ("2026-11-01T01:30", NEW_YORK, "2026-11-01T05:30Z", "2026-11-01T06:30Z"),
        ("2026-04-05T01:45", LORD_HOWE, "2026-04-04T14:45Z", "2026-04-04T15:15Z"),
    ],
)
def test_a_local_time_is_read_whatever_the_clocks_did(local: str, zone: ZoneInfo, begin: str, end: str) -> None:
    """D2: in a gap and in a doubled hour of real zones."""
    assert (begin_at(at(local), zone=zone), end_at(at(local), zone=zone)) == (at(begin), at(end))


@pytest.mark.parametrize("text", ["2026-11-22T10:00:00+05:30", "2026-11-22T04:30:00Z"])
def test_an_offset_is_stronger_than_the_zone(text: str) -> None:
    assert begin_at(at(text), zone=BERLIN) == end_at(at(text), zone=BERLIN) == at("2026-11-22T04:30Z")


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_a_time_outside_of_the_calendar_is_out_of_range(text: str) -> None:
    for read in (begin_at, end_at):
        with pytest.raises(OverflowError):
            read(at(text), zone=ZoneInfo("Pacific/Auckland"))


@given(local=local_times, zone=zones)
def test_a_begin_is_never_after_the_end_of_the_same_name(local: datetime, zone: ZoneInfo) -> None:
    assert begin_at(local, zone=zone) <= end_at(local, zone=zone)


@given(instant=instants, zone=zones)
def test_nothing_is_lost_between_the_names_of_an_instant(instant: datetime, zone: ZoneInfo) -> None:
    """D2: whichever of a doubled time it is, a frame that names it holds it."""
    local = instant.astimezone(zone).replace(tzinfo=None)
    millisecond = timedelta(milliseconds=1)
    assert begin_at(local, zone=zone) <= instant < end_at(local, zone=zone) + millisecond


@given(local=local_times, zone=zones)
def test_a_time_that_is_there_is_read_as_itself_and_one_that_is_not_as_later(local: datetime, zone: ZoneInfo) -> None:
    local = local.replace(microsecond=0)
    for read in (begin_at, end_at):
        shown = read(local, zone=zone).astimezone(zone).replace(tzinfo=None)
        there = any(
            local.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
            for fold in (0, 1)
        )
        assert (shown == local) if there else (shown > local)


@pytest.mark.parametrize(
    ("instant", "zone", "rounded"),
    [
        ("2026-11-22T02:12:05.123Z", BERLIN, "2026-11-22T02:00Z"),
        ("2026-11-22T02:00:00Z", BERLIN, "2026-11-22T02:00Z"),
        ("2026-11-22T02:12:05.123Z", ZoneInfo("Asia/Kolkata"), "2026-11-22T01:30Z"),
        ("2026-10-25T01:30Z", BERLIN, "2026-10-25T01:00Z"),  # the second 02:30 goes back to the second 02:00
        ("1986-01-01T00:20+05:45", KATHMANDU, "1986-01-01T00:00+05:45"),  # 00:15 had followed on 23:59
        ("2026-04-04T15:15Z", LORD_HOWE, "2026-04-04T14:30Z"),  # the second 01:45 goes back to the first 01:30
    ],
)
def test_a_begin_is_rounded_down_to_the_hour_of_the_zone(instant: str, zone: ZoneInfo, rounded: str) -> None:
    assert to_the_hour(at(instant), zone=zone) == at(rounded)


@given(instant=instants, zone=zones)
def test_rounding_goes_back_and_by_less_than_an_hour(instant: datetime, zone: ZoneInfo) -> None:
    assert timedelta() <= instant - to_the_hour(instant, zone=zone) < timedelta(hours=1)


@given(instant=instants, zone=zones, months=st.integers(1, 400))
def test_months_ago_is_on_that_day_or_on_the_last_of_the_month(instant: datetime, zone: ZoneInfo, months: int) -> None:
    local = instant.astimezone(zone)
    begin = Last(months=months).begin(now=instant, zone=zone)
    day = begin.astimezone(zone).date()
    assert begin < instant
    if zone is not APIA:  # where a whole day was left out
        assert (local.year * 12 + local.month) - (day.year * 12 + day.month) in {months, months - 1}
        assert day.day <= local.day or (day - timedelta(days=1)).day <= local.day


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT"])
def test_a_zone_goes_by_its_iana_name(name: str) -> None:
    assert zone_named(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "", "Nowhere", "Europe/Nowhere", "Europe", "America/Argentina", "localtime", "posixrules", "tzdata.zi",
        "zone.tab", "/etc/passwd", "../UTC", "Europe/../UTC", "Europe//Berlin", "UTC\n", "UTC ", "+01:00",
        "Europe/B\u00e9rlin", "A" * 65, "\x00", "Europe/Berlin/../Paris",
    ],
)  # fmt: skip
def test_no_other_name_is_a_zone(name: str) -> None:
    with pytest.raises(ValueError, match=r"^(there is no time zone|must be an IANA time zone)"):
        zone_named(name)


def test_zones_are_known_where_the_machine_has_none() -> None:
    ZoneInfo.clear_cache()
    reset_tzpath(to=())
    try:
        assert zone_named("Europe/Berlin").utcoffset(NOW) == timedelta(hours=1)
    finally:
        reset_tzpath()


# Days


@pytest.mark.parametrize(
    ("day", "zone", "begin", "end"),
    [
        ("2025-01-31", "UTC", "2025-01-31T00:00", "2025-02-01T00:00"),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026-10-31", "America/Havana", "2026-10-31T04:00", "2026-11-01T04:00"),  # the next midnight is there twice
        ("2018-11-03", "America/Sao_Paulo", "2018-11-03T03:00", "2018-11-04T03:00"),  # the next midnight is left out
    ],
)
def test_a_day_lasts_from_its_begin_to_the_begin_of_the_next(day: str, zone: str, begin: str, end: str) -> None:
    """D2: also where clocks change at midnight."""
    place = ZoneInfo(zone)

    assert begin_of(date.fromisoformat(day), zone=place) == datetime.fromisoformat(begin).replace(tzinfo=UTC)
    assert end_of(date.fromisoformat(day), zone=place) == datetime.fromisoformat(end).replace(tzinfo=UTC)
