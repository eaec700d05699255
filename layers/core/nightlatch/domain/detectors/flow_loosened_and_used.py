"""Flow loosened and used: somebody makes an access flow ask for less, or makes a new one, and then asks under it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from pydantic import JsonValue, ValidationError

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.anomaly import AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import Asked, actor_in, asked_in
from nightlatch.domain.detectors.choices import FlowLoosenedAndUsedChoices
from nightlatch.domain.flow_loosening import loosens
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant, Value, rfc3339

RECOMMENDED = (
    "Have somebody else look at what was changed of the flow.",
    "Consider restoring it, and revoking the access.",
)
CHANGES = frozenset({EventType.FLOW_CREATED, EventType.FLOW_UPDATED})
NEW = "it is new"
MOST_LOOSENED = 50


class Loosened(Value):
    """That somebody loosened a flow."""

    flow_id: str
    version: int
    at: Instant
    entry: str
    how: tuple[str, ...]


class LoosenedFlows(Value):
    """What a person loosened, the newest last."""

    flows: tuple[Loosened, ...] = ()


@dataclass(frozen=True)
class FlowLoosenedAndUsed:
    """Remembers for each person which flows they loosened lately."""

    choices: FlowLoosenedAndUsedChoices
    kind: ClassVar[AnomalyType] = AnomalyType.FLOW_LOOSENED_AND_USED
    memory: ClassVar[type[Value]] = LoosenedFlows

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember something of whoever changes a flow; of a request, that is who asks and for whom it is asked."""
        if entry.event_type in CHANGES and entry.actor.id not in self.choices.exempt:
            return (entry.actor.id,) if _loosened(entry) else None
        asked = asked_in(entry, exempt=self.choices.exempt) if entry.event_type == EventType.ACCESS_REQUESTED else None
        return tuple(dict.fromkeys((entry.actor.id, asked.requester.id))) if asked else None

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Remember a change, or see under which flow is asked."""
        known = {subject: memory for subject, memory in memories.items() if isinstance(memory, LoosenedFlows)}
        if entry.event_type in CHANGES:
            loosened = _loosened(entry)
            return self._changed(entry, loosened, known[entry.actor.id]) if loosened else Look({})
        asked = asked_in(entry)
        recent = [one for memory in known.values() for one in self._recent(memory, entry)]
        used = [one for one in recent if asked and asked.flow and _is_under(asked, one)]
        return Look({}, (self._finding(entry, asked, used[-1]),) if asked and used else ())

    def _changed(self, entry: LedgerEntry, loosened: Loosened, memory: LoosenedFlows) -> Look:
        flows = (*self._recent(memory, entry), loosened)[-MOST_LOOSENED:]
        return Look({entry.actor.id: LoosenedFlows(flows=flows)})

    def _recent(self, memory: LoosenedFlows, entry: LedgerEntry) -> list[Loosened]:
        return [one for one in memory.flows if entry.timestamp - one.at <= timedelta(hours=self.choices.hours)]

    def _finding(self, entry: LedgerEntry, asked: Asked, loosened: Loosened) -> Finding:
        how: list[JsonValue] = list(loosened.how)
        return Finding(
            type=self.kind,
            severity=self.choices.severity,
            scope=str(entry.request_id),
            window="",
            reason=(
                f"{entry.actor.name} asked under flow {loosened.flow_id} after making it looser:"
                f" {', '.join(loosened.how)}"
            ),
            evidence=Evidence(
                entries=(loosened.entry, entry.id),
                values={
                    "loosened": how,
                    "loosened_at": rfc3339(loosened.at),
                    "loosened_in_version": loosened.version,
                    "minutes_between": (entry.timestamp - loosened.at) // timedelta(minutes=1),
                },
                thresholds={"hours": self.choices.hours},
            ),
            recommended=RECOMMENDED,
            requester=asked.requester,
            actor=actor_in(entry, asked.requester),
            request_id=entry.request_id,
            flow=asked.under,
            resources=asked.resources,
            integration=entry.integration,
        )


def _is_under(asked: Asked, loosened: Loosened) -> bool:
    return asked.flow is not None and asked.flow.id == loosened.flow_id and asked.flow.version >= loosened.version


def _loosened(entry: LedgerEntry) -> Loosened | None:
    """Read how a change loosens a flow; None when it does not, or when another system told of it."""
    version = entry.details.get("version")
    how = () if entry.foreign_id else _how(entry)
    if not how or not isinstance(version, int):
        return None
    return Loosened(flow_id=entry.resource.id, version=version, at=entry.timestamp, entry=entry.id, how=how)


def _how(entry: LedgerEntry) -> tuple[str, ...]:
    try:
        after = FlowDefinition.model_validate(entry.details.get("after"))
        if entry.event_type == EventType.FLOW_CREATED:
            return (NEW,)
        return loosens(FlowDefinition.model_validate(entry.details.get("before")), after)
    except ValidationError:
        return ()
