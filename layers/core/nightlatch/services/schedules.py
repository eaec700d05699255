"""What schedules do is told: their runs once an hour, a failure at once, and the failures after it once an hour."""

from nightlatch.domain.audit_event import AuditEvent, EventType, Origin, ResourceReference, Source
from nightlatch.domain.change import Change
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.identity import SYSTEM
from nightlatch.domain.tally import Tally, TallyKind
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.tallies import Tallies
from nightlatch.services.ports.writing import UnitOfWork

LONGEST_ERROR = 500
BY_SCHEDULE = Origin.model_construct(source=Source.SCHEDULE)


class Schedules:
    """Tells what schedules do."""

    def __init__(self, *, unit_of_work: UnitOfWork, tallies: Tallies, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._tallies = tallies
        self._clock = clock

    def ran(self, name: str, *, items: int) -> None:
        """Count a run that did so much."""
        event = self._event(EventType.SCHEDULE_RAN, name, f"schedule {name} ran")
        self._tallies.count(Tally.of(TallyKind.RUNS, event, about=name, origin=BY_SCHEDULE, total=items))

    def failed(self, name: str, error: Exception) -> None:
        """Tell a failure, if it is the first of its kind in an hour; else count it."""
        error_class = type(error).__name__
        event = self._event(EventType.SCHEDULE_FAILED, name, f"schedule {name} failed: {error_class}")
        event = event.model_copy(
            update={"details": {**event.details, "error_class": error_class, "error": str(error)[:LONGEST_ERROR]}}
        )
        about = f"{name} {error_class}"
        first = Tally.of(TallyKind.FAILED_RUNS, event, about=about, origin=BY_SCHEDULE, is_told=True)
        try:
            self._unit_of_work.commit(Change(first, (event,)), origin=BY_SCHEDULE)
        except RivalChangeError:
            self._tallies.count(first.model_copy(update={"is_told": False}))

    def _event(self, event_type: EventType, name: str, description: str) -> AuditEvent:
        return AuditEvent(
            event_type=event_type,
            timestamp=self._clock(),
            actor=SYSTEM,
            resource=ResourceReference(type="schedule", id=name, name=name),
            description=description,
        )
