"""Times as people read them in a file: in the deployment's zone, and saying which that is.

Where the zone's offset is the same for all of a file, the column's name says it and cells stay plain, which
spreadsheets take for times. Where it is not (a change of clocks lies between), the name says the zone and every cell
its own offset.
"""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from nightlatch.domain.value import Seconds, Value

_A_DAY = timedelta(days=1)


class LocalTime(Value):
    """How times are written. `offset` is None where it differs from time to time."""

    zone: str
    offset: Seconds | None = None

    @classmethod
    def between(cls, begin: datetime, end: datetime, *, zone: str) -> "LocalTime":
        """Find out whether the zone's offset is the same on every day from begin to end."""
        place = ZoneInfo(zone)
        days = [begin + number * _A_DAY for number in range((end - begin) // _A_DAY + 1)]
        offsets = {moment.astimezone(place).utcoffset() for moment in (*days, end)}
        return cls(zone=zone, offset=offsets.pop() if len(offsets) == 1 else None)

    @property
    def label(self) -> str:
        """Say it for the name of a column: `UTC+01:00`, or `Europe/Berlin`."""
        return self.zone if self.offset is None else f"UTC{_written(self.offset)}"

    def text(self, at: datetime) -> str:
        """Write a time. With one offset for all it is always that one: no cell can say another than its column."""
        local = at.astimezone(ZoneInfo(self.zone) if self.offset is None else timezone(self.offset))
        plain = local.strftime("%Y-%m-%d %H:%M:%S.") + f"{local.microsecond // 1000:03d}"
        return plain if self.offset is not None else f"{plain} {_written(local.utcoffset() or timedelta())}"


def _written(offset: timedelta) -> str:
    minutes = offset // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
