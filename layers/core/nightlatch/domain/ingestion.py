"""What other systems may write into the ledger: their own events, in their own words, under their own ids."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from nightlatch.domain.audit_event import EventType, ForeignEvent, ResourceReference, Scope, Severity
from nightlatch.domain.audit_settings import Writer
from nightlatch.domain.errors import Fault
from nightlatch.domain.identity import Actor, Principal
from nightlatch.domain.ledger import INGESTED, ForeignId, canonical_json
from nightlatch.domain.value import Instant, Value

MOST_ENTRIES = 100
LARGEST_ENTRY = 64 * 1024
CLOCKS_DIFFER = timedelta(seconds=60)
OWN_FAMILIES = frozenset(
    {"access", "anomaly", "audit", "destination", "flow", "integration", "report", "settings", "system"}
)
"""Whatever begins like this is Nightlatch's own to tell."""

CATALOGUE = frozenset(EventType)
RESERVED = frozenset({INGESTED, "call"})
"""What only Nightlatch writes into an event's details."""

ShortText = Annotated[str, StringConstraints(max_length=256)]
Id = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,256}$")]
EventName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", max_length=100)]


class EntryToWrite(Value):
    """One event, as another system sends it. `id` is that system's own: the same again is the same event."""

    id: Id
    timestamp: Instant
    event_type: EventName
    severity: Severity = Severity.INFO
    actor: Actor | None = Field(default=None, description="Who did it. Left out: the system that writes.")
    resource: ResourceReference
    description: str = Field(max_length=2000)
    scope: Scope | None = None
    request_id: ShortText | None = None
    integration: ShortText | None = None
    details: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def text(self) -> bytes:
        """Write down what is said."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def fingerprint(self) -> str:
        """Hash what is said: the same id with other words is another event."""
        return hashlib.sha256(self.text).hexdigest()

    def event(self, *, by: Principal) -> ForeignEvent:
        """Say it in the ledger's words; the details name the writer, the id and the hash of what was sent."""
        told: dict[str, JsonValue] = {"writer": by.id, "name": by.label, "id": self.id, "sha256": self.fingerprint}
        said = {name: value for name, value in dict(self).items() if name != "id"}
        return ForeignEvent(
            **{**said, "actor": self.actor or by.as_actor(), "details": {**self.details, INGESTED: told}}
        )


def foreign_id(entry: EntryToWrite, *, by: Principal) -> ForeignId:
    """Say by what an entry is known."""
    return ForeignId(by.id, entry.id)


def faults_in(entries: Sequence[EntryToWrite], *, writer: Writer, at: datetime) -> list[Fault]:
    """Find everything for which a batch must be refused: all of it is written, or nothing."""
    return [
        *(fault for index, entry in enumerate(entries) for fault in _faults_of(index, entry, writer, at)),
        *_doubled(entries),
    ]


def _faults_of(index: int, entry: EntryToWrite, writer: Writer, at: datetime) -> Iterable[Fault]:
    if _is_protected(entry.event_type) and not any(fnmatchcase(entry.event_type, name) for name in writer.events):
        yield Fault(
            f"/entries/{index}/event_type", f"{entry.event_type} is Nightlatch's own: this writer may not use it"
        )
    if entry.timestamp > at + CLOCKS_DIFFER:
        yield Fault(f"/entries/{index}/timestamp", "is in the future")
    if len(entry.text) > LARGEST_ENTRY:
        yield Fault(f"/entries/{index}", f"is larger than {LARGEST_ENTRY} bytes")
    for name in sorted(RESERVED & entry.details.keys()):
        yield Fault(f"/entries/{index}/details/{name}", "is written by Nightlatch")


def _is_protected(name: str) -> bool:
    return name in CATALOGUE or name.partition(".")[0] in OWN_FAMILIES


def _doubled(entries: Sequence[EntryToWrite]) -> Iterable[Fault]:
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.id in seen:
            yield Fault(f"/entries/{index}/id", f"{entry.id} is there twice")
        seen.add(entry.id)
