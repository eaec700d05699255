"""Lanes: runs of the detectors over the ledger, each with its own place in it and its own memories.

The lane `live` follows the ledger's end for ever. A replay looks through the past, as far as the ledger had come when
somebody asked for it, perhaps with other settings and without keeping what it finds.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field, JsonValue

from nightlatch.domain.alert_rule import AlertRule
from nightlatch.domain.anomaly import AnomalySeverity, AnomalyType, Finding
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.identity import Person, Principal
from nightlatch.domain.value import Entity, Instant, Value, rfc3339

LIVE = "live"
REMEMBERED = timedelta(days=400)
"""So long after its last entry a subject is remembered live: longer than any detector's window."""

REMEMBERED_BY_RULES = timedelta(days=3)
"""Longer than an alert rule's window. What a rule counts may be anything, so there may be many."""

REMEMBERED_BY_A_REPLAY = timedelta(days=1)
REPLAY_KEPT = timedelta(days=30)
MOST_EXAMPLES = 20


class LaneState(StrEnum):
    """Whether a lane has something to do yet. The lane `live` always has."""

    RUNNING = "running"
    DONE = "done"


class Example(Value):
    """One of the things that a dry run found, and that are kept nowhere else."""

    type: AnomalyType
    severity: AnomalySeverity
    detected_at: Instant
    reason: str
    request_id: str | None = None

    @classmethod
    def of(cls, finding: Finding, *, at: datetime) -> "Example":
        """Write down what was found at an entry recorded `at`."""
        return cls(
            type=finding.type,
            severity=finding.severity,
            detected_at=at,
            reason=finding.reason,
            request_id=finding.request_id,
        )


class DetectionLane(Entity):
    """How far a run has come. `until` is the last number of a replay.

    A replay begins with the oldest entry that is kept, so that it remembers what the lane `live` did; but only what
    was recorded at `since` or later is found. With a `rule` it tries this one rule, and looks for nothing else.
    """

    version: int = 0
    id: str
    state: LaneState = LaneState.RUNNING
    begin: int = 1
    next_seq: int = 1
    until: int | None = None
    since: Instant | None = None
    dry_run: bool = False
    choices: AnomalyChoices | None = None
    rule: AlertRule | None = None
    counts: dict[AnomalyType, int] = Field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    asked_by: Person | None = None
    asked_at: Instant | None = None

    @property
    def is_live(self) -> bool:
        """Whether this is the lane that follows the ledger's end."""
        return self.id == LIVE

    @property
    def kept_until(self) -> datetime | None:
        """Until when the lane itself is kept."""
        return self.asked_at + REPLAY_KEPT if self.asked_at else None

    @property
    def is_unfinished(self) -> bool:
        """Whether there may be something to do."""
        return self.state is LaneState.RUNNING

    def end(self, head: int) -> int:
        """Say up to which number there is something to look at, when the ledger ends at `head`."""
        return head if self.until is None else min(head, self.until)

    def wants(self, recorded_at: datetime) -> bool:
        """Whether what is found at an entry of this time counts."""
        return self.since is None or recorded_at >= self.since

    @property
    def progress_percent(self) -> int:
        """How much of a replay is done."""
        return 100 * (self.next_seq - self.begin) // (self.until + 1 - self.begin) if self.until else 0

    def moved(self, next_seq: int, found: Sequence[Finding], examples: Iterable[Example] = ()) -> "DetectionLane":
        """Go on with another entry, having found this. Of what a dry run finds, the first are kept as examples."""
        kept = (*self.examples, *examples)[:MOST_EXAMPLES] if self.dry_run else ()
        counts = Counter(self.counts) + Counter(finding.type for finding in found)
        is_over = self.until is not None and next_seq > self.until
        state = LaneState.DONE if is_over else self.state
        return self.changed(next_seq=next_seq, state=state, counts=dict(counts), examples=kept)

    def remembered_until(self, recorded_at: datetime, *, kind: AnomalyType, now: datetime) -> datetime:
        """Say until when is kept what a detector remembers of an entry of this time."""
        if not self.is_live:
            return now + REMEMBERED_BY_A_REPLAY
        return recorded_at + (REMEMBERED_BY_RULES if kind is AnomalyType.ALERT_RULE else REMEMBERED)


class DetectorMemory(Entity):
    """What a detector remembers of one subject, in the detector's own words."""

    version: int = 0
    lane: str
    kind: AnomalyType
    subject: str
    body: dict[str, JsonValue] = Field(default_factory=dict)
    kept_until: Instant


def replay_asked(lane: DetectionLane, *, by: Principal, at: datetime) -> Change[DetectionLane]:
    """Let somebody begin a replay, and tell of it: what it finds is told as if it were found now."""
    details: dict[str, JsonValue] = {
        "since": rfc3339(lane.since) if lane.since else None,
        "first_seq": lane.begin,
        "last_seq": lane.until,
        "dry_run": lane.dry_run,
        "choices": lane.choices.model_dump(mode="json") if lane.choices else None,
        "rule": lane.rule.told() if lane.rule else None,
    }
    event = AuditEvent(
        event_type=EventType.ANOMALIES_REPLAYED,
        timestamp=at,
        actor=by.as_actor(),
        resource=ResourceReference(type="replay", id=lane.id),
        description=f"{by.label} looks through the past for anomalies",
        details=details,
    )
    return Change(lane.model_copy(update={"asked_by": by.as_person(), "asked_at": at}), (event,))
