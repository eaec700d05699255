"""The ledger's entries: contiguous numbers and one hash chain over them.

    hash(n) = SHA-256( hash(n-1) || canonical JSON of entry n without `hash` )

Canonical JSON has sorted keys, no blanks and UTF-8 text (RFC 8785 for the values that occur here: no floats).
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field, JsonValue

from nightlatch.domain.audit_event import AuditEvent, Origin, ResourceReference, Scope, Severity, Source
from nightlatch.domain.identity import Actor
from nightlatch.domain.value import Instant, Value

GENESIS = "0" * 64
"""The hash before the first entry."""


class PendingEvent(Value):
    """An event in the outbox: committed with its state change, not yet numbered."""

    id: str
    timestamp: Instant
    event_type: str
    severity: Severity
    actor: Actor
    resource: ResourceReference
    scope: Scope | None = None
    request_id: str | None = None
    integration: str | None = None
    description: str
    details: dict[str, JsonValue] = Field(default_factory=dict)
    source: Source
    ip_address: str | None = None
    user_agent: str | None = None

    @classmethod
    def of(cls, event: AuditEvent, *, event_id: str, origin: Origin) -> "PendingEvent":
        """Join an event with its id and with how the call came in."""
        call: dict[str, JsonValue] = {"call": origin.call} if origin.call else {}
        return cls(
            **dict(event) | {"details": {**event.details, **call}},
            id=event_id,
            severity=event.severity,
            source=origin.source,
            ip_address=origin.ip_address,
            user_agent=origin.user_agent,
        )


class LedgerEntry(PendingEvent):
    """An event in its final, numbered form: as stored, served and hashed."""

    seq: int
    recorded_at: Instant
    prev_hash: str
    hash: str


class Head(Value):
    """Where the chain stands: the last number, its hash and the time it was recorded."""

    seq: int = 0
    hash: str = GENESIS
    recorded_at: Instant | None = None


def canonical_json(content: dict[str, Any]) -> bytes:
    """Write `content` in the one form that is hashed."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def entry_hash(prev_hash: str, content: dict[str, Any]) -> str:
    """Hash an entry's JSON form (its own `hash` is left out) onto its predecessor's."""
    unhashed = {name: value for name, value in content.items() if name != "hash"}
    return hashlib.sha256(prev_hash.encode() + canonical_json(unhashed)).hexdigest()


def append(head: Head, pending: Sequence[PendingEvent], *, at: datetime) -> tuple[Head, list[LedgerEntry]]:
    """Chain `pending` onto `head`; `recorded_at` never runs backwards, nor lies before an event's own time."""
    entries: list[LedgerEntry] = []
    for event in pending:
        recorded_at = max(moment for moment in (at, event.timestamp, head.recorded_at) if moment)
        unhashed = LedgerEntry(**dict(event), seq=head.seq + 1, recorded_at=recorded_at, prev_hash=head.hash, hash="")
        digest = entry_hash(head.hash, unhashed.model_dump(mode="json"))
        entry = unhashed.model_copy(update={"hash": digest})
        head = Head(seq=entry.seq, hash=digest, recorded_at=entry.recorded_at)
        entries.append(entry)
    return head, entries


def first_break(entries: Iterable[LedgerEntry], *, after: Head) -> int | None:
    """Return the first number at which the chain does not hold, or None when it holds throughout."""
    for entry in entries:
        expected = entry_hash(after.hash, entry.model_dump(mode="json"))
        if entry.seq != after.seq + 1 or entry.prev_hash != after.hash or entry.hash != expected:
            return after.seq + 1
        after = Head(seq=entry.seq, hash=entry.hash, recorded_at=entry.recorded_at)
    return None
