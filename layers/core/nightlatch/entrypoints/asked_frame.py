"""The time frame that a list is asked for: what its query says of time, checked together, as instants."""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.time_frame import (
    TimeFrame,
    begin_at,
    begin_of,
    end_at,
    end_of,
    parse_last,
    to_the_hour,
    zone_named,
)


class AskedFrame(NamedTuple):
    """What a query says of time. Its parameters' names are `begin_name` and `end_name` where it names two times.

    A date is a whole day: one that is the end is in the frame.
    """

    last: str | None = None
    rounded: str | None = None
    zone: str | None = None
    since: datetime | date | None = None
    until: datetime | date | None = None
    begin_name: str = "since"
    end_name: str = "until"

    def read(self, *, now: datetime, own_zone: str) -> TimeFrame:
        """Say which instants are meant. `own_zone` is the deployment's."""
        self._refuse_contradictions()
        if not (self.last or self.since or self.until):
            return TimeFrame()
        zone = zone_named(self.zone or own_zone)
        frame = TimeFrame(since=self._begin(now, zone), until=self._end(zone))
        if frame.since and frame.until and frame.since > frame.until:
            raise _refusal(self.begin_name, f"is after {self.end_name}")
        return frame

    def _refuse_contradictions(self) -> None:
        if self.last and (self.since or self.until):
            raise _refusal("last", f"goes without {self.begin_name} and {self.end_name}")
        if self.rounded and not self.last:
            raise _refusal("round", "goes with last only")

    def _begin(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        if self.last:
            last = self.last
            return _in_range("last", lambda: self._relative_begin(last, now, zone))
        since = self.since
        return _in_range(self.begin_name, lambda: _begin(since, zone)) if since else None

    def _relative_begin(self, last: str, now: datetime, zone: ZoneInfo) -> datetime:
        begin = parse_last(last).begin(now=now, zone=zone)
        return to_the_hour(begin, zone=zone) if self.rounded else begin

    def _end(self, zone: ZoneInfo) -> datetime | None:
        until = self.until
        return _in_range(self.end_name, lambda: _end(until, zone)) if until else None


def _begin(asked: datetime | date, zone: ZoneInfo) -> datetime:
    return begin_at(asked, zone=zone) if isinstance(asked, datetime) else begin_of(asked, zone=zone)


def _end(asked: datetime | date, zone: ZoneInfo) -> datetime:
    return end_at(asked, zone=zone) if isinstance(asked, datetime) else end_of(asked, zone=zone)


def _in_range(parameter: str, read: Callable[[], datetime]) -> datetime:
    try:
        return read()
    except OverflowError as error:
        raise _refusal(parameter, "is out of range") from error


def _refusal(parameter: str, message: str) -> InvalidInputError:
    return InvalidInputError(Fault(f"?{parameter}", message))
