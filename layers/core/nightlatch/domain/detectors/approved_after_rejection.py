"""Approved after being rejected: a person said no, and to something like it somebody says yes.

Something like it: the same person asks in the same integration for one of the same resources, with the same or a higher
permission. An elevated permission is as high as any other; of two that are not elevated none is higher.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from nightlatch.domain.anomaly import AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import Asked, AskedItem, actor_in, asked_in, is_a_persons
from nightlatch.domain.detectors.choices import ApprovedAfterRejectionChoices, RiskWords
from nightlatch.domain.identity import ActorType
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant, Value, rfc3339

RECOMMENDED = (
    "Validate the approval with the approver who rejected before and with the one who approved now.",
    "Consider revoking the access.",
)
DECISIONS = frozenset({EventType.ACCESS_REJECTED, EventType.ACCESS_APPROVED})
MOST_REJECTIONS = 30


class Wanted(Value):
    """One permission on one resource that was refused."""

    resource_type: str
    resource_id: str
    permission: str


class Rejection(Value):
    """That a person said no."""

    at: Instant
    entry: str
    request_id: str
    integration: str
    by: str
    items: tuple[Wanted, ...]


class Rejections(Value):
    """What was refused to somebody, the newest last."""

    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True)
class ApprovedAfterRejection:
    """Remembers what was refused to each person, and looks at what they are given."""

    choices: ApprovedAfterRejectionChoices
    words: RiskWords
    kind: ClassVar[AnomalyType] = AnomalyType.APPROVED_AFTER_REJECTION
    memory: ClassVar[type[Value]] = Rejections

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember something of whoever asked."""
        asked = asked_in(entry, exempt=self.choices.exempt) if entry.event_type in DECISIONS else None
        return (asked.requester.id,) if asked else None

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Remember a rejection, or compare an approval with those that are remembered."""
        asked = asked_in(entry)
        [(subject, memory)] = memories.items()
        if asked is None or not isinstance(memory, Rejections):
            return Look({})
        recent = tuple(
            one for one in memory.rejections if entry.timestamp - one.at <= timedelta(days=self.choices.days)
        )
        if entry.event_type == EventType.ACCESS_APPROVED:
            return Look({}, self._findings(entry, asked, recent))
        if not is_a_persons(entry):
            return Look({})
        rejections = (*recent, _rejection(entry, asked))[-MOST_REJECTIONS:]
        return Look({subject: Rejections(rejections=rejections)})

    def _findings(self, entry: LedgerEntry, asked: Asked, recent: tuple[Rejection, ...]) -> tuple[Finding, ...]:
        alike = {
            rejection.entry: (rejection, item)
            for rejection in recent
            if rejection.integration == entry.integration and rejection.request_id != entry.request_id
            for item in asked.items
            if self._is_like(item, rejection)
        }
        if not alike:
            return ()
        rejection, _ = list(alike.values())[-1]
        items = [item for _, item in alike.values()]
        item = next((one for one in items if self.words.elevates(one.permission)), items[-1])
        return (self._finding(entry, asked, rejection, item, entries=tuple(alike)),)

    def _is_like(self, item: AskedItem, rejection: Rejection) -> bool:
        return any(
            item.place == (one.resource_type, one.resource_id)
            and (item.permission == one.permission or self.words.elevates(item.permission))
            for one in rejection.items
        )

    def _finding(
        self, entry: LedgerEntry, asked: Asked, rejection: Rejection, item: AskedItem, *, entries: tuple[str, ...]
    ) -> Finding:
        elevated = self.words.elevates(item.permission)
        now = (
            "it was approved automatically" if entry.actor.type is ActorType.SYSTEM else f"{entry.actor.name} approved"
        )
        return Finding(
            type=self.kind,
            severity=self.choices.elevated_severity if elevated else self.choices.severity,
            scope=str(entry.request_id),
            window="",
            reason=(
                f"{rejection.by} refused {asked.requester.name} something like {item.permission} on {item.resource},"
                f" and {now}"
            ),
            evidence=Evidence(
                entries=(*entries[-10:], entry.id),
                values={
                    "rejected_request": rejection.request_id,
                    "rejected_at": rfc3339(rejection.at),
                    "rejected_by": rejection.by,
                    "rejections": len(entries),
                    "days_between": (entry.timestamp - rejection.at).days,
                    "permission": item.permission,
                    "elevated_by": elevated,
                },
                thresholds={"days": self.choices.days, "elevated": list(self.words.elevated)},
            ),
            recommended=RECOMMENDED,
            requester=asked.requester,
            actor=actor_in(entry, asked.requester),
            request_id=entry.request_id,
            flow=asked.under,
            resources=asked.resources,
            integration=entry.integration,
        )


def _rejection(entry: LedgerEntry, asked: Asked) -> Rejection:
    return Rejection(
        at=entry.timestamp,
        entry=entry.id,
        request_id=str(entry.request_id),
        integration=str(entry.integration),
        by=entry.actor.name,
        items=tuple(
            Wanted(resource_type=one.resource_type, resource_id=one.resource_id, permission=one.permission)
            for one in asked.items
        ),
    )
