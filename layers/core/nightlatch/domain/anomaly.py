"""Anomalies: what a detector found in the ledger, and what people made of it.

    OPEN ──► ACKNOWLEDGED ──► RESOLVED
      └───────────────────────────▲

The id is a hash of what was found where and when, so that whoever looks again at the same entries finds the same.
"""

import base64
import hashlib
import json
from datetime import datetime
from enum import StrEnum

from pydantic import Field, JsonValue

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.errors import ConflictError
from nightlatch.domain.identity import SYSTEM, Person, Principal
from nightlatch.domain.value import Entity, Instant, Value, rfc3339

MOST_ENTRIES = 20
"""Of the entries that an anomaly rests on so many are named."""


class AnomalyType(StrEnum):
    """What kind of thing was found."""

    HIGH_RISK_ACCESS = "high_risk_access"
    APPROVED_AFTER_REJECTION = "approved_after_rejection"
    INACTIVE_USER = "inactive_user"
    ACCESS_AUTOMATION = "access_automation"
    ESCALATION_LADDER = "escalation_ladder"
    RUBBER_STAMPING = "rubber_stamping"
    RECIPROCAL_APPROVALS = "reciprocal_approvals"
    FLOW_LOOSENED_AND_USED = "flow_loosened_and_used"
    UNUSUAL_HOURS = "unusual_hours"
    SAFEGUARD_WEAKENED = "safeguard_weakened"
    ALERT_RULE = "alert_rule"


TITLES: dict[AnomalyType, str] = {
    AnomalyType.HIGH_RISK_ACCESS: "Request high risk access",
    AnomalyType.APPROVED_AFTER_REJECTION: "Approved after being rejected in the past",
    AnomalyType.INACTIVE_USER: "Inactive user detected",
    AnomalyType.ACCESS_AUTOMATION: "Access automation detected",
    AnomalyType.ESCALATION_LADDER: "Escalation step by step",
    AnomalyType.RUBBER_STAMPING: "Rubber-stamping approver",
    AnomalyType.RECIPROCAL_APPROVALS: "Reciprocal approvals",
    AnomalyType.FLOW_LOOSENED_AND_USED: "Access flow loosened and used",
    AnomalyType.UNUSUAL_HOURS: "First access at an unusual hour",
    AnomalyType.SAFEGUARD_WEAKENED: "Safeguard weakened",
    AnomalyType.ALERT_RULE: "Alert rule",
}


class AnomalySeverity(StrEnum):
    """How urgently somebody should look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class AnomalyState(StrEnum):
    """What people made of it."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Evidence(Value):
    """What a finding rests on: the ids of ledger entries, and what was measured against which threshold."""

    entries: tuple[str, ...] = Field(max_length=MOST_ENTRIES)
    values: dict[str, JsonValue] = Field(default_factory=dict)
    thresholds: dict[str, JsonValue] = Field(default_factory=dict)


class NamedFlow(Value):
    """The access flow that a request was made under."""

    id: str
    name: str
    version: int


class NamedResource(Value):
    """What somebody asked for, or was given."""

    type: str
    id: str
    name: str
    permission: str = ""


class Finding(Value):
    """What a detector says of an entry. Its type, `scope` and `window` are its identity: what it is about, and when.

    `actor` is who did it, where that is neither Nightlatch nor the requester: an approver, an administrator, whoever
    asked for another. `rule` is the id of the alert rule that matched.
    """

    type: AnomalyType
    severity: AnomalySeverity
    scope: str
    window: str
    reason: str
    evidence: Evidence
    recommended: tuple[str, ...] = ()
    requester: Person | None = None
    actor: Person | None = None
    request_id: str | None = None
    flow: NamedFlow | None = None
    resources: tuple[NamedResource, ...] = ()
    integration: str | None = None
    rule: str | None = None

    @property
    def people(self) -> tuple[Person, ...]:
        """Whom it is about: the requester and the actor, as far as there are such."""
        return tuple(person for person in (self.requester, self.actor) if person)

    @property
    def anomaly_id(self) -> str:
        """The id of the anomaly that this finding makes."""
        content = json.dumps([self.type, self.scope, self.window])
        digest = hashlib.sha256(content.encode()).digest()
        return "ano_" + base64.b32encode(digest[:16]).decode().rstrip("=").lower()


class Anomaly(Entity):
    """A finding that is kept. `detected_at` is when the last entry of its evidence was recorded.

    So it is the same whenever the detector looks, live or over history.
    """

    id: str
    finding: Finding
    detected_at: Instant
    updated_at: Instant
    state: AnomalyState = AnomalyState.OPEN
    note: str = ""
    acknowledged_by: Person | None = None
    resolved_by: Person | None = None

    @property
    def retained_from(self) -> datetime:
        """From when it is kept for the retention: its last change."""
        return self.updated_at

    @classmethod
    def detected(cls, finding: Finding, *, at: datetime, told_at: datetime) -> "Change[Anomaly]":
        """Keep a finding of an entry recorded `at`. It is told now, however long ago that was."""
        anomaly = cls(id=finding.anomaly_id, finding=finding, detected_at=at, updated_at=told_at)
        title = TITLES[finding.type]
        text = f"{title}: {finding.reason}"
        event = AuditEvent(
            event_type=EventType.ANOMALY_DETECTED,
            timestamp=told_at,
            actor=SYSTEM,
            resource=ResourceReference(type="anomaly", id=anomaly.id, name=title),
            description=text,
            request_id=finding.request_id,
            integration=finding.integration,
            details={"detected_at": rfc3339(at), "finding": finding.model_dump(mode="json")},
        )
        return Change(anomaly, (event,))

    def acknowledge(self, *, by: Principal, note: str = "", at: datetime) -> "Change[Anomaly]":
        """Say that somebody is looking at it."""
        if self.state is not AnomalyState.OPEN:
            raise ConflictError(f"anomaly {self.id} is {self.state}, not open")
        return self._judged(EventType.ANOMALY_ACKNOWLEDGED, by=by, note=note, at=at)

    def resolve(self, *, by: Principal, note: str, at: datetime) -> "Change[Anomaly]":
        """Say what came of it."""
        if self.state is AnomalyState.RESOLVED:
            raise ConflictError(f"anomaly {self.id} is resolved already")
        return self._judged(EventType.ANOMALY_RESOLVED, by=by, note=note, at=at)

    def _judged(self, event_type: EventType, *, by: Principal, note: str, at: datetime) -> "Change[Anomaly]":
        resolved = event_type is EventType.ANOMALY_RESOLVED
        state = AnomalyState.RESOLVED if resolved else AnomalyState.ACKNOWLEDGED
        who = {"resolved_by": by.as_person()} if resolved else {"acknowledged_by": by.as_person()}
        event = AuditEvent(
            event_type=event_type,
            timestamp=at,
            actor=by.as_actor(),
            resource=ResourceReference(type="anomaly", id=self.id, name=TITLES[self.finding.type]),
            description=f"{by.label} {state} {TITLES[self.finding.type]}",
            request_id=self.finding.request_id,
            integration=self.finding.integration,
            details={"type": self.finding.type.value, "severity": self.finding.severity.value, "note": note},
        )
        return Change(self.changed(state=state, note=note or self.note, updated_at=at, **who), (event,))
