"""Opening hours: the days and hours, on the clocks of one place, at which access may begin.

Instants are asked, and told by the wall clock of the zone: an hour that the clocks skip never comes, and one that they
repeat is open both times.
"""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from nightlatch.domain.value import Value

DAY = timedelta(days=1)
DAYS_AHEAD = 14
"""Every opening comes again within a week; one more week for an hour that the clocks skip."""

WallClock = Annotated[str, StringConstraints(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
"""`08:30`, and `24:00` for the end of a day. Text sorts like the time."""


class Day(StrEnum):
    """The days of the week, in order."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


WEEK = tuple(Day)


@lru_cache(maxsize=32)
def zone_named(name: str) -> ZoneInfo:
    """Find a zone by its IANA name; raise ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError("must be the IANA name of a time zone such as Europe/Berlin") from error


def _known(name: str) -> str:
    zone_named(name)
    return name


ZoneName = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_known)]


class OpeningHours(Value):
    """From `start` until just before `end` on each of `days`. An `end` before `start` is on the next day."""

    zone: ZoneName
    days: tuple[Day, ...] = Field(default=WEEK, min_length=1)
    start: WallClock = "00:00"
    end: WallClock = "24:00"

    @model_validator(mode="after")
    def _must_open(self) -> Self:
        if self.start in {self.end, "24:00"}:
            raise ValueError("start must be another time than end, and before 24:00")
        return self

    def are_open(self, at: datetime) -> bool:
        """Whether access may begin at this moment."""
        local = at.astimezone(zone_named(self.zone))
        clock, today, yesterday = f"{local:%H:%M}", WEEK[local.weekday()], WEEK[local.weekday() - 1]
        if self.start < self.end:
            return today in self.days and self.start <= clock < self.end
        return (today in self.days and clock >= self.start) or (yesterday in self.days and clock < self.end)

    def next_opening(self, after: datetime) -> datetime | None:
        """Find a moment, from `after` on, at which they are open: `after` itself, or the next start.

        None when each start of the next two weeks falls into hours that the clocks skip.
        """
        if self.are_open(after):
            return after
        today, start = after.astimezone(zone_named(self.zone)).date(), time.fromisoformat(self.start)
        starts = (datetime.combine(today + day * DAY, start, zone_named(self.zone)) for day in range(DAYS_AHEAD + 1))
        instants = (moment.astimezone(UTC) for moment in starts)
        return next((moment for moment in instants if moment > after and self.are_open(moment)), None)

    def __str__(self) -> str:
        """Say them: `mon, tue 08:00-18:00 Europe/Berlin`."""
        days = "every day" if set(self.days) == set(WEEK) else ", ".join(self.days)
        return f"{days} {self.start}-{self.end} {self.zone}"
