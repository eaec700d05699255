"""Every call that only reads is told, where the settings say so: once for each caller, route and five minutes."""

from datetime import datetime, timedelta

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.audit_settings import Reads
from nightlatch.domain.tally import Tally, TallyKind
from nightlatch.services.call import Call
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.configuration import AuditSettingsStore
from nightlatch.services.ports.tallies import Tallies

REMEMBERED = timedelta(minutes=1)
"""So long after it was changed the setting may still be unknown to a function that runs."""


class ApiReads:
    """Counts calls that only read."""

    def __init__(self, *, tallies: Tallies, settings: AuditSettingsStore, clock: Clock) -> None:
        self._tallies = tallies
        self._settings = settings
        self._clock = clock
        self._asked_at: datetime | None = None
        self._reads = Reads.SENSITIVE

    def count(self, call: Call, *, route: str) -> None:
        """Count one call before it is answered; raise StoreUnavailableError when it cannot be counted."""
        if self._wanted() is not Reads.ALL:
            return
        reader = call.principal
        event = AuditEvent(
            event_type=EventType.AUDIT_READ,
            timestamp=self._clock(),
            actor=reader.as_actor(),
            resource=ResourceReference(type="route", id=route, name=route),
            description=f"{reader.label} read {route}",
        )
        notes = {"addresses": call.origin.ip_address}
        about = f"{reader.id} {route}"
        self._tallies.count(Tally.of(TallyKind.CALLS, event, about=about, origin=call.origin, notes=notes))

    def _wanted(self) -> Reads:
        now = self._clock()
        if self._asked_at is None or now - self._asked_at >= REMEMBERED:
            self._reads, self._asked_at = self._settings.audit_settings().reads, now
        return self._reads
