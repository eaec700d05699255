"""Rubber stamping: somebody decides most requests within seconds of the asking, and approves nearly all of them.

One memory for each person holds both what they asked for lately and what they decided lately: how long a decision took
is known from the requester's, whether it is a habit from the approver's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from nightlatch.domain.anomaly import MOST_ENTRIES, AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import Asked, actor_in, asked_in, is_a_persons
from nightlatch.domain.detectors.choices import MOST_DECIDED, RubberStampingChoices
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant, Value

RECOMMENDED = (
    "Ask the approver what the decisions were based on.",
    "Consider another approver, or that a reason must be given.",
)
VOTES = frozenset({EventType.ROLE_APPROVED, EventType.ROLE_REJECTED})
MOST_ASKED = 20
"""So many of somebody's last requests are remembered: what is decided within seconds is one of the last."""


class Waiting(Value):
    """When something was asked for."""

    request_id: str
    at: Instant


class Decided(Value):
    """What somebody said to a request, and how many seconds after the asking."""

    request_id: str
    at: Instant
    entry: str
    seconds: int
    is_approved: bool


class Desk(Value):
    """What a person asked for and what they decided, the newest last, and for which month it was told."""

    asked: tuple[Waiting, ...] = ()
    decided: tuple[Decided, ...] = ()
    told: str = ""


@dataclass(frozen=True)
class RubberStamping:
    """Remembers when each person asked, and how fast each approver decided."""

    choices: RubberStampingChoices
    kind: ClassVar[AnomalyType] = AnomalyType.RUBBER_STAMPING
    memory: ClassVar[type[Value]] = Desk

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember something of whoever asked, and of the person who decides."""
        is_vote = entry.event_type in VOTES and is_a_persons(entry)
        if not is_vote and entry.event_type != EventType.ACCESS_REQUESTED:
            return None
        asked = asked_in(entry, exempt=self.choices.exempt)
        if asked is None:
            return None
        return (asked.requester.id, entry.actor.id) if is_vote else (asked.requester.id,)

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Remember a request, or measure a decision."""
        asked = asked_in(entry)
        desks = {subject: memory for subject, memory in memories.items() if isinstance(memory, Desk)}
        if asked is None:
            return Look({})
        requester = desks[asked.requester.id]
        if entry.event_type == EventType.ACCESS_REQUESTED:
            waiting = Waiting(request_id=str(entry.request_id), at=entry.timestamp)
            return Look(
                {asked.requester.id: requester.model_copy(update={"asked": (*requester.asked, waiting)[-MOST_ASKED:]})}
            )
        since = next((one for one in requester.asked if one.request_id == entry.request_id), None)
        if since is None:
            return Look({})
        return self._decided(entry, asked, desks[entry.actor.id], _decision(entry, since))

    def _decided(self, entry: LedgerEntry, asked: Asked, desk: Desk, decision: Decided) -> Look:
        recent = [one for one in desk.decided if entry.timestamp - one.at <= timedelta(days=self.choices.days)]
        decided = _with(recent, decision)[-MOST_DECIDED:]
        month = f"{entry.timestamp:%Y-%m}"
        is_told = desk.told == month or not self._is_habit(decided)
        after = desk.model_copy(update={"decided": decided, "told": desk.told if is_told else month})
        return Look({entry.actor.id: after}, () if is_told else (self._finding(entry, asked, decided, month),))

    def _is_habit(self, decided: Sequence[Decided]) -> bool:
        number = len(decided)
        return (
            number >= self.choices.requests
            and 100 * self._fast(decided) >= self.choices.fast_percent * number
            and 100 * _approved(decided) >= self.choices.approved_percent * number
        )

    def _fast(self, decided: Sequence[Decided]) -> int:
        return sum(one.seconds <= self.choices.seconds for one in decided)

    def _finding(self, entry: LedgerEntry, asked: Asked, decided: Sequence[Decided], month: str) -> Finding:
        fast, number = self._fast(decided), len(decided)
        return Finding(
            type=self.kind,
            severity=self.choices.severity,
            scope=entry.actor.id,
            window=month,
            reason=(
                f"{entry.actor.name} decided {fast} of {number} requests within {self.choices.seconds} seconds,"
                f" and approved {_approved(decided)}"
            ),
            evidence=Evidence(
                entries=tuple(one.entry for one in decided[-MOST_ENTRIES:]),
                values={
                    "approver": {"id": entry.actor.id, "name": entry.actor.name},
                    "requests": number,
                    "fast": fast,
                    "approved": _approved(decided),
                    "median_seconds": sorted(one.seconds for one in decided)[number // 2],
                },
                thresholds=self.choices.model_dump(mode="json", exclude={"enabled", "exempt", "severity"}),
            ),
            recommended=RECOMMENDED,
            requester=asked.requester,
            actor=actor_in(entry, asked.requester),
            request_id=entry.request_id,
            flow=asked.under,
            resources=asked.resources,
            integration=entry.integration,
        )


def _decision(entry: LedgerEntry, since: Waiting) -> Decided:
    return Decided(
        request_id=str(entry.request_id),
        at=entry.timestamp,
        entry=entry.id,
        seconds=max((entry.timestamp - since.at) // timedelta(seconds=1), 0),
        is_approved=entry.event_type == EventType.ROLE_APPROVED,
    )


def _with(decided: Sequence[Decided], new: Decided) -> tuple[Decided, ...]:
    """Add a decision. Of a request's many items the first one's time counts, and one that is refused makes it a no."""
    before = next((one for one in decided if one.request_id == new.request_id), None)
    if before is None:
        return (*decided, new)
    both = before.model_copy(update={"is_approved": before.is_approved and new.is_approved})
    return tuple(both if one is before else one for one in decided)


def _approved(decided: Sequence[Decided]) -> int:
    return sum(one.is_approved for one in decided)
