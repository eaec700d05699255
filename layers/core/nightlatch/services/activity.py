"""What administrators and auditors ask about all requests together: how many wait, how long it takes, what was."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from statistics import median
from zoneinfo import ZoneInfo

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.services.call import Call
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.requests import RequestFilter, Requests
from nightlatch.services.ports.writing import UnitOfWork

MOST_COUNTED = 2_000
"""So many requests are looked at for figures; of more, the newest."""
MOST_REPORTED = 5_000
"""So many rows may a report have."""
DAYS = 7
HOURS_IN_A_BAR = 3
HOUR = timedelta(hours=1)
REFUSED = frozenset({Status.REJECTED, Status.FAILED})


@dataclass
class Bar:
    """What came of the requests of a few hours."""

    begins_at: datetime
    granted: int = 0
    waiting: int = 0
    refused: int = 0
    over: int = 0

    @property
    def total(self) -> int:
        """How many requests there were."""
        return self.granted + self.waiting + self.refused + self.over

    def count(self, request: AccessRequest) -> None:
        """Count a request by what came of it."""
        if request.granted_at:
            self.granted += 1
        elif request.is_open:
            self.waiting += 1
        elif request.status in REFUSED:
            self.refused += 1
        else:
            self.over += 1


@dataclass(frozen=True)
class Figures:
    """How it stands now, and how it went in the last seven days. `is_cut` when there was more than is counted.

    `to_access` is the median time from asking to having, `before` that of the seven days before.
    """

    active: int
    ending_soon: int
    waiting: int
    oldest: datetime | None
    to_access: timedelta | None
    before: timedelta | None
    bars: Sequence[Bar] = field(default_factory=list)
    is_cut: bool = False


class Activity:
    """The use cases around all requests together."""

    def __init__(self, *, unit_of_work: UnitOfWork, requests: Requests, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._requests = requests
        self._clock = clock

    def figures(self, zone: ZoneInfo) -> Figures:
        """Count. Days are those of a zone."""
        now = self._clock()
        today = now.astimezone(zone).date()
        begin = today - timedelta(days=DAYS - 1)
        still = self._counted(RequestFilter(statuses=frozenset({Status.GRANTED, Status.PENDING})))
        recent = self._counted(RequestFilter(since=_midnight(begin - timedelta(days=DAYS), zone)))
        active = [one for one in still if one.status is Status.GRANTED]
        waiting = [one.created_at for one in still if one.status is Status.PENDING]
        since = _midnight(begin, zone)
        return Figures(
            active=len(active),
            ending_soon=sum(1 for one in active if one.ends_at and one.ends_at - now <= HOUR),
            waiting=len(waiting),
            oldest=min(waiting, default=None),
            to_access=_to_access(one for one in recent if one.created_at >= since),
            before=_to_access(one for one in recent if one.created_at < since),
            bars=_bars(recent, begin, zone),
            is_cut=MOST_COUNTED in {len(still), len(recent)},
        )

    def report(self, wanted: RequestFilter, call: Call) -> list[AccessRequest]:
        """Read every request that is wanted, newest first, and tell that it was done.

        Raises InvalidInputError when they are too many: nothing is left out silently.
        """
        found = list(islice(self._requests.find(wanted), MOST_REPORTED + 1))
        if len(found) > MOST_REPORTED:
            raise InvalidInputError(
                Fault("", f"these are more than {MOST_REPORTED} requests: choose a shorter time, or more filters")
            )
        self._unit_of_work.record(self._told(found, call), origin=call.origin)
        return found

    def _counted(self, wanted: RequestFilter) -> list[AccessRequest]:
        return list(islice(self._requests.find(wanted), MOST_COUNTED))

    def _told(self, found: Sequence[AccessRequest], call: Call) -> AuditEvent:
        return AuditEvent(
            event_type=EventType.REPORT_GENERATED,
            timestamp=self._clock(),
            actor=call.principal.as_actor(),
            resource=ResourceReference(type="report", id="activity", name="Activity"),
            description=f"{call.principal.label} downloaded a report of {len(found)} requests",
            details={"rows": len(found), "first": _id(found[-1:]), "last": _id(found[:1])},
        )


def _id(found: Sequence[AccessRequest]) -> str | None:
    return found[0].id if found else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def _to_access(requests: Iterable[AccessRequest]) -> timedelta | None:
    lengths = [
        (one.granted_at - (one.starts_at or one.created_at)).total_seconds() for one in requests if one.granted_at
    ]
    return timedelta(seconds=median(lengths)) if lengths else None


def _bars(requests: Iterable[AccessRequest], begin: date, zone: ZoneInfo) -> list[Bar]:
    bars = {bar.begins_at: bar for bar in _empty_bars(begin, zone)}
    for request in requests:
        local = request.created_at.astimezone(zone)
        hour = local.hour - local.hour % HOURS_IN_A_BAR
        if bar := bars.get(datetime.combine(local.date(), time(hour), tzinfo=zone)):
            bar.count(request)
    return list(bars.values())


def _empty_bars(begin: date, zone: ZoneInfo) -> Iterator[Bar]:
    for day in range(DAYS):
        for hour in range(0, 24, HOURS_IN_A_BAR):
            yield Bar(datetime.combine(begin + timedelta(days=day), time(hour), tzinfo=zone))
