"""Reciprocal approvals: two people approve each other's requests, several times each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from nightlatch.domain.anomaly import AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import Asked, actor_in, asked_in, is_a_persons
from nightlatch.domain.detectors.choices import MOST_APPROVALS, ReciprocalApprovalsChoices
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant, Value

RECOMMENDED = (
    "Validate the requests with somebody else who knows what they were for.",
    "Consider approvers from another team.",
)

MOST_TOLD = 10


class Favour(Value):
    """That one of the two approved a request of the other."""

    by: str
    request_id: str
    at: Instant
    entry: str


class Favours(Value):
    """What two people approved of each other's requests, the newest last, and for which month it was told."""

    favours: tuple[Favour, ...] = ()
    told: str = ""


@dataclass(frozen=True)
class ReciprocalApprovals:
    """Remembers of each two people which requests they approved for each other."""

    choices: ReciprocalApprovalsChoices
    kind: ClassVar[AnomalyType] = AnomalyType.RECIPROCAL_APPROVALS
    memory: ClassVar[type[Value]] = Favours

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember something of the two together, whoever of them approves."""
        if entry.event_type != EventType.ROLE_APPROVED or not is_a_persons(entry):
            return None
        asked = asked_in(entry, exempt=self.choices.exempt)
        return (" ".join(sorted((asked.requester.id, entry.actor.id))),) if asked else None

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Remember an approval, and count those of both."""
        asked = asked_in(entry)
        [(subject, memory)] = memories.items()
        if asked is None or not isinstance(memory, Favours):
            return Look({})
        recent = [one for one in memory.favours if entry.timestamp - one.at <= timedelta(days=self.choices.days)]
        given, returned = _with(recent, entry), [one for one in recent if one.by != entry.actor.id]
        month = f"{entry.timestamp:%Y-%m}"
        is_found = memory.told != month and min(len(given), len(returned)) >= self.choices.approvals
        after = Favours(favours=_in_order(given, returned), told=month if is_found else memory.told)
        findings = (self._finding(entry, asked, given, returned, scope=subject),) if is_found else ()
        return Look({subject: after}, findings)

    def _finding(
        self, entry: LedgerEntry, asked: Asked, given: Sequence[Favour], returned: Sequence[Favour], *, scope: str
    ) -> Finding:
        approver, requester = entry.actor, asked.requester
        return Finding(
            type=self.kind,
            severity=self.choices.severity,
            scope=scope,
            window=f"{entry.timestamp:%Y-%m}",
            reason=(
                f"{approver.name} approved {len(given)} requests of {requester.name}, who approved {len(returned)} of"
                f" {approver.name}'s"
            ),
            evidence=Evidence(
                entries=tuple(one.entry for one in _in_order(given[-MOST_TOLD:], returned[-MOST_TOLD:])),
                values={
                    "approvers": [
                        {"id": approver.id, "name": approver.name, "approvals": len(given)},
                        {"id": requester.id, "name": requester.name, "approvals": len(returned)},
                    ],
                },
                thresholds={"approvals": self.choices.approvals, "days": self.choices.days},
            ),
            recommended=RECOMMENDED,
            requester=requester,
            actor=actor_in(entry, requester),
            request_id=entry.request_id,
            flow=asked.under,
            resources=asked.resources,
            integration=entry.integration,
        )


def _with(favours: Sequence[Favour], entry: LedgerEntry) -> list[Favour]:
    """Add an approval to those of the same person; a request of many items counts once."""
    given = [one for one in favours if one.by == entry.actor.id]
    if any(one.request_id == entry.request_id for one in given):
        return given
    new = Favour(by=entry.actor.id, request_id=str(entry.request_id), at=entry.timestamp, entry=entry.id)
    return [*given, new][-MOST_APPROVALS:]


def _in_order(*favours: Sequence[Favour]) -> tuple[Favour, ...]:
    return tuple(sorted((one for some in favours for one in some), key=lambda one: (one.at, one.entry)))
