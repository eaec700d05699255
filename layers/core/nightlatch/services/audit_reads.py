"""Who reads the trail is told in it: in one event for each reader and five minutes, so a poller cannot feed itself."""

from collections.abc import Sequence

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.tally import Tally, TallyKind
from nightlatch.services.call import Call
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.tallies import Tallies


class AuditReads:
    """Counts what is read of the trail."""

    def __init__(self, *, tallies: Tallies, clock: Clock) -> None:
        self._tallies = tallies
        self._clock = clock

    def count(self, call: Call, read: Sequence[LedgerEntry], *, query: str) -> None:
        """Count one answer before it is given: what cannot be counted must not be shown. `query` says how it was found.

        Raises StoreUnavailableError when it cannot be counted.
        """
        reader = call.principal
        event = AuditEvent(
            event_type=EventType.AUDIT_READ,
            timestamp=self._clock(),
            actor=reader.as_actor(),
            resource=ResourceReference(type="audit_trail", id="audit", name="Audit trail"),
            description=f"{reader.label} read the audit trail",
        )
        numbers = [entry.seq for entry in read]
        tally = Tally.of(
            TallyKind.READS,
            event,
            about=reader.id,
            origin=call.origin,
            total=len(read),
            numbers=(min(numbers), max(numbers)) if numbers else None,
            notes={"queries": query, "addresses": call.origin.ip_address},
        )
        self._tallies.count(tally)
