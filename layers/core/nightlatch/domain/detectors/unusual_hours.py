"""Unusual hours: somebody asks for a resource for the first time, at an hour or on a day at which they hardly ever ask.

Hours are counted from the beginning of the calendar by the wall clock of one place, so that a number tells the hour of
the day, the day of the week, and how long ago that was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from nightlatch.domain.anomaly import AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import Asked, asked_in, is_a_persons, places_of
from nightlatch.domain.detectors.choices import MOST_HOURS, UnusualHoursChoices
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.opening_hours import zone_named
from nightlatch.domain.value import Value

RECOMMENDED = ("Ask the person, on another way than the one they asked on, whether it was them.",)
A_DAY = 24
A_WEEK = 7


class Times(Value):
    """When a person asked, the newest last; or, of a person at a resource, in which month that was asked for last."""

    hours: tuple[int, ...] = ()
    month: str = ""


@dataclass(frozen=True)
class UnusualHours:
    """Remembers at what hours each person asks, and for what they have asked before."""

    choices: UnusualHoursChoices
    zone: str
    kind: ClassVar[AnomalyType] = AnomalyType.UNUSUAL_HOURS
    memory: ClassVar[type[Value]] = Times

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember something of a person who asks for themselves, and of them at each resource."""
        is_asking = entry.event_type == EventType.ACCESS_REQUESTED and is_a_persons(entry)
        asked = asked_in(entry, exempt=self.choices.exempt) if is_asking else None
        if asked is None or asked.requester.id != entry.actor.id:
            return None
        return (asked.requester.id, *places_of(entry, asked))

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Compare a request for something new with the hours of those before it."""
        asked = asked_in(entry)
        known = {subject: memory for subject, memory in memories.items() if isinstance(memory, Times)}
        if asked is None:
            return Look({})
        person, hour = asked.requester.id, self._hour(entry)
        hours = [one for one in known[person].hours if hour - one <= self.choices.days * A_DAY]
        places = places_of(entry, asked)
        first = [item.resource for place, items in places.items() if not known[place].month for item in items[:1]]
        seen = {place: Times(month=f"{entry.timestamp:%Y-%m}") for place in places}
        after = {person: Times(hours=(*hours, hour)[-MOST_HOURS:]), **seen}
        is_found = first and self._is_known(hours, hour) and self._is_unusual(hours, hour)
        return Look(after, (self._finding(entry, asked, hours, first),) if is_found else ())

    def _hour(self, entry: LedgerEntry) -> int:
        local = entry.timestamp.astimezone(zone_named(self.zone))
        return local.toordinal() * A_DAY + local.hour

    def _is_known(self, hours: Sequence[int], hour: int) -> bool:
        return len(hours) >= self.choices.requests and hour - min(hours) >= self.choices.weeks * A_WEEK * A_DAY

    def _is_unusual(self, hours: Sequence[int], hour: int) -> bool:
        fewest = min(self._around(hours, hour), _on_the_day(hours, hour))
        return 100 * fewest <= self.choices.unusual_percent * len(hours)

    def _around(self, hours: Sequence[int], hour: int) -> int:
        """Count the requests at about the same hour of any day."""
        apart = ((one - hour) % A_DAY for one in hours)
        return sum(min(gap, A_DAY - gap) <= self.choices.hours_around for gap in apart)

    def _finding(self, entry: LedgerEntry, asked: Asked, hours: Sequence[int], first: Sequence[str]) -> Finding:
        local, hour = entry.timestamp.astimezone(zone_named(self.zone)), self._hour(entry)
        more = f" and {len(first) - 1} more" if len(first) > 1 else ""
        return Finding(
            type=self.kind,
            severity=self.choices.severity,
            scope=str(entry.request_id),
            window="",
            reason=(
                f"{asked.requester.name} asked for {first[0]}{more} for the first time, on {local:%A} at {local:%H:%M}"
            ),
            evidence=Evidence(
                entries=(entry.id,),
                values={
                    "first_asked_for": list(first),
                    "local_time": f"{local:%A %H:%M}",
                    "zone": self.zone,
                    "requests": len(hours),
                    "around_this_hour": self._around(hours, hour),
                    "on_this_day": _on_the_day(hours, hour),
                },
                thresholds=self.choices.model_dump(mode="json", exclude={"enabled", "exempt", "severity"}),
            ),
            recommended=RECOMMENDED,
            requester=asked.requester,
            request_id=entry.request_id,
            flow=asked.under,
            resources=asked.resources,
            integration=entry.integration,
        )


def _on_the_day(hours: Sequence[int], hour: int) -> int:
    """Count the requests on the same day of the week."""
    return sum((one // A_DAY - hour // A_DAY) % A_WEEK == 0 for one in hours)
