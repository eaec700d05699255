"""How entries of the trail are put in words: what happened, to what, and by which way. One table holds every event.

A timeline tells one request in sentences (wording.EVENTS); a list of everything needs one word with its icon and tone.
"""

from collections.abc import Mapping
from typing import Any

from nightlatch.domain.audit_event import Scope, Severity
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.console.wording import Mark, sentence

STATES: Mapping[str, Mark] = {
    "access.requested": Mark("Created", "plus", "gray"),
    "access.role.approved": Mark("Approved", "check", "blue"),
    "access.role.rejected": Mark("Denied", "cross", "red"),
    "access.approved": Mark("Approved", "check", "blue"),
    "access.rejected": Mark("Denied", "cross", "red"),
    "access.approval.refused": Mark("Decision refused", "ban", "amber"),
    "access.canceled": Mark("Canceled", "cross", "gray"),
    "access.lapsed": Mark("Lapsed", "timer", "gray"),
    "access.granted": Mark("Granted", "check", "green"),
    "access.grant.failed": Mark("Grant failed", "alert", "red"),
    "access.credentials.viewed": Mark("Credentials viewed", "eye", "gray"),
    "access.extended": Mark("Extended", "timer", "green"),
    "access.extension.refused": Mark("Not extended", "timer", "amber"),
    "access.revoking": Mark("Ending", "work", "amber"),
    "access.expired": Mark("Expired", "timer", "gray"),
    "access.revoked": Mark("Terminated", "ban", "red"),
    "access.returned": Mark("Given back", "leave", "gray"),
    "access.revoke.failed": Mark("Removal failed", "alert", "red"),
    "access.quarantined": Mark("Quarantined", "alert", "red"),
    "access.quarantine.closed": Mark("Closed by hand", "check", "amber"),
    "access.drift.detected": Mark("Drift", "alert", "amber"),
    "flow.created": Mark("Flow added", "plus", "amber"),
    "flow.updated": Mark("Changed", "gear", "amber"),
    "flow.deleted": Mark("Flow deleted", "close", "amber"),
    "integration.added": Mark("Connected", "plug", "amber"),
    "integration.updated": Mark("Changed", "gear", "amber"),
    "integration.removed": Mark("Disconnected", "close", "amber"),
    "integration.check.failed": Mark("Check failed", "alert", "red"),
    "discovery.scan.started": Mark("Scan started", "search", "gray"),
    "discovery.scan.completed": Mark("Scanned", "search", "gray"),
    "discovery.scan.failed": Mark("Scan failed", "alert", "red"),
    "discovery.integration.error": Mark("Scan failed", "alert", "red"),
    "discovery.vault.error": Mark("Scan failed", "alert", "red"),
    "rotation.started": Mark("Rotation started", "again", "gray"),
    "rotation.completed": Mark("Rotated", "again", "gray"),
    "rotation.failed": Mark("Rotation failed", "alert", "red"),
    "sync.started": Mark("Sync started", "again", "gray"),
    "sync.completed": Mark("Synchronized", "again", "gray"),
    "sync.failed": Mark("Sync failed", "alert", "red"),
    "auth.login.success": Mark("Signed in", "person", "gray"),
    "auth.login.failed": Mark("Sign-in failed", "alert", "red"),
    "auth.logout": Mark("Signed out", "leave", "gray"),
    "auth.account.locked": Mark("Locked", "latch", "red"),
    "user.created": Mark("First seen", "person", "gray"),
    "user.updated": Mark("Person changed", "person", "gray"),
    "user.deleted": Mark("Person removed", "person", "gray"),
    "settings.updated": Mark("Changed", "gear", "amber"),
    "destination.created": Mark("Destination added", "send", "amber"),
    "destination.updated": Mark("Changed", "gear", "amber"),
    "destination.deleted": Mark("Destination deleted", "close", "amber"),
    "destination.disabled": Mark("Disabled", "ban", "amber"),
    "destination.tested": Mark("Tested", "send", "gray"),
    "destination.replayed": Mark("Sent again", "again", "gray"),
    "destination.delivery.failed": Mark("Delivery failed", "alert", "amber"),
    "alert.rule.created": Mark("Rule added", "bookmark", "amber"),
    "alert.rule.updated": Mark("Changed", "gear", "amber"),
    "alert.rule.deleted": Mark("Rule deleted", "close", "amber"),
    "anomaly.detected": Mark("Anomaly", "shield", "amber"),
    "anomaly.acknowledged": Mark("Acknowledged", "eye", "gray"),
    "anomaly.resolved": Mark("Resolved", "check", "gray"),
    "anomaly.replayed": Mark("Replayed", "again", "gray"),
    "report.created": Mark("Report added", "scroll", "gray"),
    "report.updated": Mark("Changed", "gear", "amber"),
    "report.deleted": Mark("Report deleted", "close", "amber"),
    "report.generated": Mark("Generated", "scroll", "gray"),
    "report.delivered": Mark("Delivered", "send", "gray"),
    "report.delivery.failed": Mark("Delivery failed", "alert", "amber"),
    "audit.read": Mark("Read", "eye", "gray"),
    "audit.exported": Mark("Exported", "download", "gray"),
    "audit.sealed": Mark("Sealed", "print", "gray"),
    "audit.verified": Mark("Verified", "print", "green"),
    "audit.integrity.failed": Mark("Integrity failed", "print", "red"),
    "system.started": Mark("Deployed", "bolt", "gray"),
    "system.schedule.ran": Mark("Ran", "timer", "gray"),
    "system.schedule.failed": Mark("Run failed", "alert", "red"),
}
TONES = {Severity.INFO: "gray", Severity.WARNING: "amber", Severity.ERROR: "red"}
"""Of events that other systems tell of in words of their own."""

SEVERITIES = {
    Severity.INFO: Mark("Info", "dot", "gray"),
    Severity.WARNING: Mark("Warning", "alert", "amber"),
    Severity.ERROR: Mark("Error", "alert", "red"),
}


def state_mark(entry: LedgerEntry) -> Mark:
    """Put in a word what happened; what has no word of ours is told by its own name."""
    return STATES.get(entry.event_type) or Mark(entry.event_type, "dot", TONES[entry.severity])


def target_of(entry: LedgerEntry) -> str:
    """Say what an entry is about: a system and what is in it, one role, or some other thing by its kind."""
    details, about = entry.details, entry.resource
    if entry.scope is Scope.ROLE and isinstance(details.get("permission"), str):
        return f"role / {details['permission']}"
    if resources := _resources_in(details):
        return f"{entry.integration or about.type} / {', '.join(resources)}"
    return f"{about.type.replace('_', ' ')} / {about.name or about.id}"


def detail_of(entry: LedgerEntry) -> str:
    """Say what happened, and the reason that was given for it."""
    told, reason = sentence(entry.description), entry.details.get("reason")
    return f"{told}: {reason}" if isinstance(reason, str) and reason and reason not in entry.description else told


def _resources_in(details: Mapping[str, Any]) -> list[str]:
    """Name the resources that a request is about. What another system sends may have any form."""
    items = details.get("items")
    names = [item.get("resource") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))
