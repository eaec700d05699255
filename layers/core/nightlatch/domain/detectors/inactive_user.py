"""Inactive user: somebody asks who has not asked for long, or never."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from nightlatch.domain.anomaly import AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import Asked, actor_in, asked_in
from nightlatch.domain.detectors.choices import InactiveUserChoices
from nightlatch.domain.identity import ActorType
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant, Value, rfc3339

RECOMMENDED = ("Validate that the person should be granted access.",)


class LastRequest(Value):
    """When somebody last asked."""

    at: Instant | None = None
    entry: str = ""


@dataclass(frozen=True)
class InactiveUser:
    """Remembers when each person last asked."""

    choices: InactiveUserChoices
    kind: ClassVar[AnomalyType] = AnomalyType.INACTIVE_USER
    memory: ClassVar[type[Value]] = LastRequest

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember something of the person for whom access is asked. A service asking for itself is no person."""
        asked = asked_in(entry, exempt=self.choices.exempt) if entry.event_type == EventType.ACCESS_REQUESTED else None
        if asked is None or (entry.actor.type is ActorType.SERVICE and entry.actor.id == asked.requester.id):
            return None
        return (asked.requester.id,)

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Find whoever asks for the first time, ever or for long."""
        asked = asked_in(entry)
        [(subject, last)] = memories.items()
        if asked is None or not isinstance(last, LastRequest):
            return Look({})
        latest = max(last.at or entry.timestamp, entry.timestamp)
        days = (entry.timestamp - last.at).days if last.at else None
        is_found = days is None or days >= self.choices.days
        findings = (self._finding(entry, asked, last, days),) if is_found else ()
        return Look({subject: LastRequest(at=latest, entry=entry.id)}, findings)

    def _finding(self, entry: LedgerEntry, asked: Asked, last: LastRequest, days: int | None) -> Finding:
        since = "the first time ever" if days is None else f"the first time in {days} days"
        return Finding(
            type=self.kind,
            severity=self.choices.severity,
            scope=str(entry.request_id),
            window="",
            reason=f"{asked.requester.name} asked for access for {since}",
            evidence=Evidence(
                entries=(last.entry, entry.id) if last.entry else (entry.id,),
                values={"last_request_at": rfc3339(last.at) if last.at else None, "days": days},
                thresholds={"days": self.choices.days},
            ),
            recommended=RECOMMENDED,
            requester=asked.requester,
            actor=actor_in(entry, asked.requester),
            request_id=entry.request_id,
            flow=asked.under,
            resources=asked.resources,
            integration=entry.integration,
        )
