"""Escalation ladder: somebody asks to read, then to write, then for an elevated permission, all within hours.

    read ──► write ──► elevated      three requests of one person in one integration

Of all ladders that are begun the one with the latest beginning is remembered: whichever fits into the window, it does.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from nightlatch.domain.anomaly import AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import Asked, AskedItem, actor_in, asked_in
from nightlatch.domain.detectors.choices import EscalationLadderChoices, RiskWords
from nightlatch.domain.detectors.matching import found_in
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant, Value, rfc3339

RECOMMENDED = (
    "Ask the requester what each step was needed for.",
    "Consider revoking what is elevated.",
)


class Rung(Value):
    """A request that was a step."""

    at: Instant
    entry: str
    request_id: str
    permission: str


class Climb(Value):
    """How far somebody has come: the last request to read, and the last one to write with the one to read before."""

    read: Rung | None = None
    written: tuple[Rung, Rung] | None = None


@dataclass(frozen=True)
class EscalationLadder:
    """Remembers for each person and integration how far up they have come."""

    choices: EscalationLadderChoices
    words: RiskWords
    kind: ClassVar[AnomalyType] = AnomalyType.ESCALATION_LADDER
    memory: ClassVar[type[Value]] = Climb

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember something of the requester in the integration."""
        asked = asked_in(entry, exempt=self.choices.exempt) if entry.event_type == EventType.ACCESS_REQUESTED else None
        return (_place(entry, asked),) if asked else None

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Take a step up, and see whether it is the last."""
        asked = asked_in(entry)
        [(subject, climb)] = memories.items()
        if asked is None or not isinstance(climb, Climb):
            return Look({})
        rungs = {self._height(item): _rung(entry, item) for item in asked.items}
        if (top := rungs.get("elevated")) and climb.written and self._is_within(climb.written[0], top):
            return Look({subject: Climb()}, (self._finding(entry, asked, (*climb.written, top)),))
        return Look({subject: self._after(climb, rungs)})

    def _after(self, climb: Climb, rungs: Mapping[str | None, Rung]) -> Climb:
        read, write = climb.read, rungs.get("write")
        is_second = write is not None and read is not None and self._is_within(read, write)
        return Climb(
            read=rungs.get("read") or read,
            written=(read, write) if is_second and read and write else climb.written,
        )

    def _height(self, item: AskedItem) -> str | None:
        """Name the rung: of a permission to read and write it is the higher one."""
        if self.words.elevates(item.permission):
            return "elevated"
        if found_in(item.permission, self.choices.write):
            return "write"
        return "read" if found_in(item.permission, self.choices.read) else None

    def _is_within(self, first: Rung, last: Rung) -> bool:
        return timedelta() <= last.at - first.at <= timedelta(hours=self.choices.hours)

    def _finding(self, entry: LedgerEntry, asked: Asked, rungs: tuple[Rung, Rung, Rung]) -> Finding:
        first, second, top = rungs
        return Finding(
            type=self.kind,
            severity=self.choices.severity,
            scope=top.request_id,
            window="",
            reason=(
                f"{asked.requester.name} asked in {entry.integration} for {first.permission}, then {second.permission},"
                f" then {top.permission}"
            ),
            evidence=Evidence(
                entries=tuple(rung.entry for rung in rungs),
                values={
                    "steps": [{"permission": rung.permission, "asked_at": rfc3339(rung.at)} for rung in rungs],
                    "minutes": (top.at - first.at) // timedelta(minutes=1),
                },
                thresholds={
                    "hours": self.choices.hours,
                    "read": list(self.choices.read),
                    "write": list(self.choices.write),
                    "elevated": list(self.words.elevated),
                },
            ),
            recommended=RECOMMENDED,
            requester=asked.requester,
            actor=actor_in(entry, asked.requester),
            request_id=entry.request_id,
            flow=asked.under,
            resources=asked.resources,
            integration=entry.integration,
        )


def _rung(entry: LedgerEntry, item: AskedItem) -> Rung:
    return Rung(at=entry.timestamp, entry=entry.id, request_id=str(entry.request_id), permission=item.permission)


def _place(entry: LedgerEntry, asked: Asked) -> str:
    content = json.dumps([asked.requester.id, entry.integration])
    return hashlib.sha256(content.encode()).hexdigest()[:32]
