"""Audit events: what the ledger records, and the catalogue of their names."""

from enum import StrEnum

from pydantic import Field, JsonValue

from nightlatch.domain.identity import Actor
from nightlatch.domain.value import Instant, Value


class EventType(StrEnum):
    """Every event that Nightlatch itself writes. Names are `noun.verb`, the verb in the past."""

    ACCESS_REQUESTED = "access.requested"
    ROLE_APPROVED = "access.role.approved"
    ROLE_REJECTED = "access.role.rejected"
    ACCESS_APPROVED = "access.approved"
    ACCESS_REJECTED = "access.rejected"
    APPROVAL_REFUSED = "access.approval.refused"
    ACCESS_CANCELED = "access.canceled"
    ACCESS_LAPSED = "access.lapsed"
    ACCESS_GRANTED = "access.granted"
    GRANT_FAILED = "access.grant.failed"
    ACCESS_EXTENDED = "access.extended"
    EXTENSION_REFUSED = "access.extension.refused"
    CREDENTIALS_VIEWED = "access.credentials.viewed"
    ACCESS_REVOKING = "access.revoking"
    ACCESS_EXPIRED = "access.expired"
    ACCESS_REVOKED = "access.revoked"
    ACCESS_RETURNED = "access.returned"
    REVOKE_FAILED = "access.revoke.failed"
    ACCESS_QUARANTINED = "access.quarantined"
    QUARANTINE_CLOSED = "access.quarantine.closed"
    DRIFT_DETECTED = "access.drift.detected"
    FLOW_CREATED = "flow.created"
    FLOW_UPDATED = "flow.updated"
    FLOW_DELETED = "flow.deleted"
    INTEGRATION_ADDED = "integration.added"
    INTEGRATION_UPDATED = "integration.updated"
    CHECK_FAILED = "integration.check.failed"
    SCAN_STARTED = "discovery.scan.started"
    SCAN_COMPLETED = "discovery.scan.completed"
    SCAN_FAILED = "discovery.scan.failed"
    USER_CREATED = "user.created"
    USER_UPDATED = "user.updated"
    SETTINGS_UPDATED = "settings.updated"
    LOGIN_SUCCESS = "auth.login.success"
    LOGIN_FAILED = "auth.login.failed"
    ACCOUNT_LOCKED = "auth.account.locked"
    LOGOUT = "auth.logout"
    AUDIT_READ = "audit.read"
    SYSTEM_STARTED = "system.started"
    SCHEDULE_RAN = "system.schedule.ran"
    SCHEDULE_FAILED = "system.schedule.failed"
    AUDIT_SEALED = "audit.sealed"
    AUDIT_VERIFIED = "audit.verified"
    INTEGRITY_FAILED = "audit.integrity.failed"
    AUDIT_EXPORTED = "audit.exported"
    REPORT_GENERATED = "report.generated"
    ANOMALY_DETECTED = "anomaly.detected"
    ANOMALY_ACKNOWLEDGED = "anomaly.acknowledged"
    ANOMALY_RESOLVED = "anomaly.resolved"
    ANOMALIES_REPLAYED = "anomaly.replayed"
    ALERT_RULE_CREATED = "alert.rule.created"
    ALERT_RULE_UPDATED = "alert.rule.updated"
    ALERT_RULE_DELETED = "alert.rule.deleted"
    DESTINATION_CREATED = "destination.created"
    DESTINATION_UPDATED = "destination.updated"
    DESTINATION_DELETED = "destination.deleted"
    DESTINATION_DISABLED = "destination.disabled"
    DESTINATION_TESTED = "destination.tested"
    DESTINATION_REPLAYED = "destination.replayed"
    DELIVERY_FAILED = "destination.delivery.failed"


class Severity(StrEnum):
    """How much an event asks for attention."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


SEVERITIES: dict[EventType, Severity] = {
    EventType.ROLE_REJECTED: Severity.WARNING,
    EventType.ACCESS_REJECTED: Severity.WARNING,
    EventType.APPROVAL_REFUSED: Severity.WARNING,
    EventType.ACCESS_LAPSED: Severity.WARNING,
    EventType.EXTENSION_REFUSED: Severity.WARNING,
    EventType.QUARANTINE_CLOSED: Severity.WARNING,
    EventType.DRIFT_DETECTED: Severity.WARNING,
    EventType.LOGIN_FAILED: Severity.WARNING,
    EventType.ANOMALY_DETECTED: Severity.WARNING,
    EventType.DESTINATION_DISABLED: Severity.WARNING,
    EventType.DELIVERY_FAILED: Severity.WARNING,
    EventType.ACCOUNT_LOCKED: Severity.WARNING,
    EventType.GRANT_FAILED: Severity.ERROR,
    EventType.REVOKE_FAILED: Severity.ERROR,
    EventType.ACCESS_QUARANTINED: Severity.ERROR,
    EventType.CHECK_FAILED: Severity.ERROR,
    EventType.SCAN_FAILED: Severity.ERROR,
    EventType.SCHEDULE_FAILED: Severity.ERROR,
    EventType.INTEGRITY_FAILED: Severity.ERROR,
}
"""The severities that are not `info`."""


class Scope(StrEnum):
    """Whether an event is about a whole request or about one item (a role of the session)."""

    SESSION = "session"
    ROLE = "role"


class Source(StrEnum):
    """The way in by which an event was caused."""

    WEB = "web"
    CLI = "cli"
    API = "api"
    SLACK = "slack"
    SCHEDULE = "schedule"
    SYSTEM = "system"


class ResourceReference(Value):
    """What an event is about."""

    type: str
    id: str
    name: str = ""


class Happening(Value):
    """What every event says, whoever tells it."""

    timestamp: Instant
    actor: Actor
    resource: ResourceReference
    description: str
    scope: Scope | None = None
    request_id: str | None = None
    integration: str | None = None
    details: dict[str, JsonValue] = Field(default_factory=dict)


class AuditEvent(Happening):
    """Something that happened here, before the ledger has numbered it."""

    event_type: EventType

    @property
    def severity(self) -> Severity:
        """How much this event asks for attention."""
        return SEVERITIES.get(self.event_type, Severity.INFO)


class ForeignEvent(Happening):
    """Something that another system tells of, in its own words."""

    event_type: str
    severity: Severity = Severity.INFO


class Origin(Value):
    """How the call that caused an event came in. `call` holds what is told of an HTTP call."""

    source: Source
    ip_address: str | None = None
    user_agent: str | None = None
    call: dict[str, JsonValue] = Field(default_factory=dict)
