"""Time frames: the stretch of time that a list is asked for, said relative to now or by its two ends.

An end without an offset is read in a zone. Where that zone's clocks go back, some times are there twice: a frame begins
with the first and ends with the second, so that it misses nothing. Where they go forward, a time in the gap is taken to
be later by the length of the gap.
"""

import re
from calendar import monthrange
from datetime import MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nightlatch.domain.value import to_utc_milliseconds

_RELATIVE = re.compile(r"(?P<amount>\d{1,6})(?P<unit>mo|[mhdw])", re.ASCII)
_ZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_LONGEST_ZONE = 64

_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_MONTHS_IN_A_YEAR = 12


class TimeFrame(NamedTuple):
    """From `since` on and before `until`, in whole milliseconds of UTC. None is no end."""

    since: datetime | None = None
    until: datetime | None = None


class Last(NamedTuple):
    """A stretch that ends now: so many months of the calendar, or a span of which a day is 24 hours."""

    months: int = 0
    span: timedelta = timedelta()

    def begin(self, *, now: datetime, zone: tzinfo) -> datetime:
        """Say when it began. The 31st less a month is the month's last day, at the same time of day in `zone`."""
        if not self.months:
            return to_utc_milliseconds(now - self.span)
        local = now.astimezone(zone).replace(tzinfo=None)
        year, month = divmod(local.year * _MONTHS_IN_A_YEAR + local.month - 1 - self.months, _MONTHS_IN_A_YEAR)
        if year < MINYEAR:
            raise OverflowError(f"{self.months} months ago there was no calendar")
        day = min(local.day, monthrange(year, month + 1)[1])
        return begin_at(local.replace(year=year, month=month + 1, day=day), zone=zone)


def parse_last(text: str) -> Last:
    """Read `15m`, `2h`, `3d`, `1w` or `2mo`; raise ValueError for anything else, and for nothing at all."""
    match = _RELATIVE.fullmatch(text)
    amount = int(match["amount"]) if match else 0
    if match is None or not amount:
        raise ValueError("must be a number and one of m, h, d, w and mo (months), such as 15m, 2h, 3d, 1w or 2mo")
    return Last(months=amount) if match["unit"] == "mo" else Last(span=amount * _UNITS[match["unit"]])


def zone_named(name: str) -> ZoneInfo:
    """Find a zone by its IANA name; raise ValueError for any other."""
    # The pattern keeps out what is a file in the zones' folder and no zone, or is no file in it.
    if len(name) <= _LONGEST_ZONE and _ZONE.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(f"there is no time zone {name}") from error
    raise ValueError("must be an IANA time zone such as Europe/Berlin")


def begin_at(at: datetime, *, zone: tzinfo) -> datetime:
    """Read the begin of a frame; one without an offset in `zone`. OverflowError: it is out of the calendar."""
    return to_utc_milliseconds(_instants(at, zone)[0])


def end_at(at: datetime, *, zone: tzinfo) -> datetime:
    """Read the end of a frame; one without an offset in `zone`. OverflowError: it is out of the calendar."""
    return to_utc_milliseconds(max(_instants(at, zone)))


def begin_of(day: date, *, zone: tzinfo) -> datetime:
    """Say when a day begins. OverflowError: it is out of the calendar."""
    return begin_at(datetime.combine(day, time()), zone=zone)


def end_of(day: date, *, zone: tzinfo) -> datetime:
    """Say when a day is over: when the next begins. OverflowError: it is out of the calendar."""
    return begin_of(day + timedelta(days=1), zone=zone)


def to_the_hour(at: datetime, *, zone: tzinfo) -> datetime:
    """Go back by what a clock in `zone` shows past the full hour: never forward, whatever the clocks did meanwhile."""
    local = at.astimezone(zone)
    return at - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _instants(at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    # PEP 495: of a doubled time, fold 0 is the first and fold 1 the second. In a gap it is the other way round: fold 0
    # is later by the gap's length, and fold 1 earlier.
    if at.tzinfo is not None:
        return at.astimezone(UTC), at.astimezone(UTC)
    first, second = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
