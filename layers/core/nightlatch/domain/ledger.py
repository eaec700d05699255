"""The ledger's entries: contiguous numbers and one hash chain over them.

    hash(n)       = SHA-256( hash(n-1) || n || c(event_type) || c(severity) || … || c(entry) )
    c(part)       = SHA-256( salt(part) || canonical JSON of the part )
    salt(part)    = SHA-256( the entry's salt || name of the part )

The parts are what exports are filtered by, each alone, and the whole entry without `hash`. So an export can prove that
it left out only what its filter does not select: of an entry that is left out it shows one part that the filter
refuses, and of all others nothing but their commitments, which the salts keep from being guessed.

Canonical JSON has sorted keys, no blanks and UTF-8 text (RFC 8785 for the values that occur here: no floats).
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import Field, JsonValue

from nightlatch.domain.audit_event import (
    AuditEvent,
    EventType,
    ForeignEvent,
    Origin,
    ResourceReference,
    Scope,
    Severity,
    Source,
)
from nightlatch.domain.identity import SYSTEM, Actor
from nightlatch.domain.value import Instant, Value

GENESIS = "0" * 64
"""The hash before the first entry."""

INGESTED = "ingested"
"""Where an event's details say who told of it, by what id and in what words: only Nightlatch writes there."""

CALL = "call"
"""Where an event's details say by which call of the API it was caused."""

RESERVED = frozenset({INGESTED, CALL})
"""What only Nightlatch writes into an event's details."""

SALT_BYTES = 16
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
"""Made once: json.dumps would make one for each of an entry's parts."""

ENTRY_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-([1-9][0-9]{0,14})", re.ASCII)


class ForeignId(NamedTuple):
    """The id of an event in the system that told of it. The ledger holds each once."""

    writer: str
    id: str


class PendingEvent(Value):
    """An event in the outbox: committed with its state change, not yet numbered. Its id is its own."""

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
    def of(cls, event: AuditEvent | ForeignEvent, *, event_id: str, origin: Origin) -> "PendingEvent":
        """Join an event with its id and with how the call came in."""
        call: dict[str, JsonValue] = {CALL: origin.call} if origin.call else {}
        return cls(
            **{**dict(event), "details": {**event.details, **call}, "severity": event.severity},
            id=event_id,
            source=origin.source,
            ip_address=origin.ip_address,
            user_agent=origin.user_agent,
        )

    @property
    def foreign_id(self) -> ForeignId | None:
        """By what another system knows it, if that one told of it."""
        told = self.details.get(INGESTED)
        return ForeignId(str(told["writer"]), str(told["id"])) if isinstance(told, dict) else None


class OutboxRow(Value):
    """Events of one commit that wait as one item, in their order. They are numbered together."""

    events: tuple[PendingEvent, ...] = Field(min_length=1)

    @property
    def key(self) -> str:
        """What the row waits under: the id of its first event, so that rows sort by time."""
        return self.events[0].id

    @property
    def writes(self) -> int:
        """Count what is written when the row is numbered: entries, and by what foreign ones are known again."""
        return sum(1 if event.foreign_id is None else 2 for event in self.events)


class UnreadableRow(Value):
    """What waits and cannot be read as a row. `content` is the stored item as text, from which it can be restored."""

    key: str
    content: str

    @property
    def events(self) -> tuple[PendingEvent, ...]:
        """None is known."""
        return ()

    @property
    def writes(self) -> int:
        """Count what is written when it is moved aside: here, elsewhere, and the entry that tells of it."""
        return 3

    def told(self, *, at: datetime) -> AuditEvent:
        """Tell that its events are missing, in the place where they would be."""
        return AuditEvent(
            event_type=EventType.INTEGRITY_FAILED,
            timestamp=at,
            actor=SYSTEM,
            resource=ResourceReference(type="audit", id="ledger", name="Audit trail"),
            description=f"events that wait as {self.key} cannot be read and were moved aside",
            details={
                "where": "outbox",
                "problem": "unreadable",
                "row": self.key,
                "sha256": hashlib.sha256(self.content.encode()).hexdigest(),
            },
        )


WaitingRow = OutboxRow | UnreadableRow


class LedgerEntry(PendingEvent):
    """An event in its final, numbered form: as stored, served and hashed. Its id ends with its number."""

    seq: int
    recorded_at: Instant
    salt: str
    prev_hash: str
    hash: str

    @property
    def event_id(self) -> str:
        """The id that the event waited under."""
        return self.id.removesuffix(f"-{self.seq}")


class Head(Value):
    """Where the chain stands: the last number, its hash and the time it was recorded."""

    seq: int = 0
    hash: str = GENESIS
    recorded_at: Instant | None = None


def canonical_json(content: dict[str, Any]) -> bytes:
    """Write `content` in the one form that is hashed."""
    return _CANONICAL.encode(content).encode()


def parts_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Divide an entry's JSON form into what is committed to, each part by its name, in the order of the hash."""
    return {
        "recorded_at": content["recorded_at"],
        "event_type": content["event_type"],
        "severity": content["severity"],
        "actor": content["actor"]["id"],
        "resource": content["resource"]["id"],
        "request_id": content["request_id"],
        "integration": content["integration"],
        "source": content["source"],
        "entry": {name: value for name, value in content.items() if name != "hash"},
    }


def part_salt(salt: str, name: str) -> bytes:
    """Derive the salt of one part, from which no other can be derived."""
    return hashlib.sha256(f"{salt}{name}".encode()).digest()


def commitment(part: Any, salt: bytes) -> bytes:
    """Commit to a part's JSON form without showing it."""
    return hashlib.sha256(salt + canonical_json(part)).digest()


def commitments_of(content: Mapping[str, Any]) -> list[bytes]:
    """Commit to each part of an entry's JSON form, in the order of the hash."""
    return [commitment(part, part_salt(content["salt"], name)) for name, part in parts_of(content).items()]


def chained(prev_hash: str, seq: int, commitments: Iterable[bytes]) -> str:
    """Hash the commitments of the entry numbered `seq` onto its predecessor's hash."""
    return hashlib.sha256(f"{prev_hash}{seq}".encode() + b"".join(commitments)).hexdigest()


def entry_hash(prev_hash: str, content: Mapping[str, Any]) -> str:
    """Hash an entry's JSON form (its own `hash` is left out) onto its predecessor's."""
    return chained(prev_hash, content["seq"], commitments_of(content))


def number_in(entry_id: str) -> int | None:
    """Read the number at the end of an entry's id; None when this is no such id."""
    match = ENTRY_ID.fullmatch(entry_id)
    return int(match[1]) if match else None


def append(
    head: Head, pending: Sequence[PendingEvent], *, at: datetime, random: Callable[[int], bytes]
) -> tuple[Head, list[LedgerEntry]]:
    """Chain `pending` onto `head`; `recorded_at` never runs backwards, nor lies before an event's own time."""
    entries: list[LedgerEntry] = []
    for event in pending:
        seq = head.seq + 1
        unhashed = LedgerEntry(
            **{**dict(event), "id": f"{event.id}-{seq}"},
            seq=seq,
            recorded_at=max(moment for moment in (at, event.timestamp, head.recorded_at) if moment),
            salt=random(SALT_BYTES).hex(),
            prev_hash=head.hash,
            hash="",
        )
        entry = unhashed.model_copy(update={"hash": entry_hash(head.hash, unhashed.model_dump(mode="json"))})
        head = Head(seq=seq, hash=entry.hash, recorded_at=entry.recorded_at)
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
