"""Requests as the ledger tells of them, for detectors to look at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue

from nightlatch.domain.anomaly import Finding
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.detection import Detector, look_through
from nightlatch.domain.identity import SYSTEM, Principal
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value, rfc3339
from tests.builders import MAYA, NOON, an_entry

HOUR = timedelta(hours=1)
FLOW: dict[str, JsonValue] = {"id": "orders-roles", "name": "Orders roles", "version": 3}


def an_item(permission: str = "role1", resource: str = "orders", *tags: str) -> dict[str, JsonValue]:
    """Tell of one permission on one database."""
    return {
        "id": "item-1",
        "resource_type": "database",
        "resource_id": resource,
        "resource": resource,
        "tags": list(tags),
        "permission": permission,
        "permission_tags": [],
    }


@dataclass
class History:
    """What happens to requests, one after the other, as the ledger tells of it."""

    entries: list[LedgerEntry] = field(default_factory=list)

    def tell(
        self,
        event_type: EventType,
        request_id: str = "req_1",
        *items: dict[str, JsonValue],
        of: Principal = MAYA,
        by: Principal | None = None,
        at: datetime = NOON,
        integration: str | None = "orders-db",
        user_agent: str | None = None,
        **details: JsonValue,
    ) -> LedgerEntry:
        """Tell of a request; by nobody is by Nightlatch."""
        told: dict[str, JsonValue] = {
            "requester": of.as_person().model_dump(mode="json"),
            "items": list(items or (an_item(),)),
            "duration_seconds": 3600,
            "flow": FLOW,
        }
        event = AuditEvent(
            event_type=event_type,
            timestamp=at,
            actor=by.as_actor() if by else SYSTEM,
            resource=ResourceReference(type="request", id=request_id),
            description="something happened",
            request_id=request_id,
            integration=integration,
            details={**told, **details},
        )
        entry = an_entry(event, seq=len(self.entries) + 1, user_agent=user_agent)
        self.entries.append(entry)
        return entry

    def ask(
        self, request_id: str = "req_1", *items: dict[str, JsonValue], of: Principal = MAYA, **more: object
    ) -> LedgerEntry:
        """Ask for something."""
        return self.tell(EventType.ACCESS_REQUESTED, request_id, *items, **{"of": of, "by": of, **more})  # type: ignore[arg-type]  # of tell's own

    def grant(self, request_id: str = "req_1", *, at: datetime, end: datetime, **more: object) -> LedgerEntry:
        """Grant it."""
        return self.tell(EventType.ACCESS_GRANTED, request_id, at=at, end=rfc3339(end), **more)  # type: ignore[arg-type]  # of tell's own


def found_by(detector: Detector, entries: Sequence[LedgerEntry], *, chunk: int = 1000) -> list[Finding]:
    """Let a detector look at entries, in chunks between which it remembers only what it says."""
    memories: dict[tuple[object, str], str] = {}
    found: list[Finding] = []
    rest = list(entries)
    while rest:
        known = {key: detector.memory.model_validate_json(body) for key, body in memories.items()}
        remembered: dict[Any, Value] = {**known}
        sight = look_through(rest[:chunk], [detector], remembered, room=10**6)
        memories |= {key: value.model_dump_json() for key, (value, _) in sight.memories.items()}
        found += [finding for finding, _ in sight.findings]
        rest = rest[sight.entries :]
    return found
