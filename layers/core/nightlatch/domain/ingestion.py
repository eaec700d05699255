"""What other systems may write into the ledger: their own events, in their own words, under their own ids."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from nightlatch.domain.audit_event import EventType, ForeignEvent, ResourceReference, Scope, Severity
from nightlatch.domain.audit_settings import Writer
from nightlatch.domain.body import BODY, BodyReference
from nightlatch.domain.errors import Fault
from nightlatch.domain.identity import Actor, Principal
from nightlatch.domain.ledger import INGESTED, RESERVED, ForeignId, canonical_json
from nightlatch.domain.value import Instant, Value

MOST_ENTRIES = 100
LARGEST_ENTRY = 1024 * 1024
LARGEST_IN_LEDGER = 64 * 1024
"""So many bytes of an entry are in the ledger at most. The details of a larger one are kept beside it."""

LONGEST_KEY = 2048
"""Bytes of an id that an index of DynamoDB takes: what it did not take would hold up everything behind it."""

CLOCKS_DIFFER = timedelta(seconds=60)
OWN_FAMILIES = frozenset(
    {"access", "anomaly", "audit", "destination", "flow", "integration", "report", "settings", "system"}
)
"""Whatever begins like this is Nightlatch's own to tell."""

CATALOGUE = frozenset(EventType)
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
    details: dict[str, JsonValue] = Field(
        default_factory=dict,
        description=f"Of an entry of more than {LARGEST_IN_LEDGER} bytes they are kept beside the ledger.",
    )

    @property
    def text(self) -> bytes:
        """Write down what is said."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def is_large(self) -> bool:
        """Whether it is too large for the ledger."""
        return len(self.text) > LARGEST_IN_LEDGER

    @property
    def fingerprint(self) -> str:
        """Hash what is said: the same id with other words is another event."""
        return hashlib.sha256(self.text).hexdigest()

    def event(self, *, by: Principal, body: BodyReference | None = None) -> ForeignEvent:
        """Say it in the ledger's words; the details name the writer, the id and the hash of what was sent.

        With a body they name that, and hold nothing else.
        """
        told: dict[str, JsonValue] = {"writer": by.id, "name": by.label, "id": self.id, "sha256": self.fingerprint}
        details = {INGESTED: {**told, BODY: body.model_dump()}} if body else {**self.details, INGESTED: told}
        said = {name: value for name, value in dict(self).items() if name != "id"}
        return ForeignEvent(**{**said, "actor": self.actor or by.as_actor(), "details": details})


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
    yield from (Fault(f"/entries/{index}{place}", fault) for place, fault in _too_large(entry))
    for name in sorted(RESERVED & entry.details.keys()):
        yield Fault(f"/entries/{index}/details/{name}", "is written by Nightlatch")


def _too_large(entry: EntryToWrite) -> Iterable[tuple[str, str]]:
    if len(entry.text) > LARGEST_ENTRY:
        yield "", f"is larger than {LARGEST_ENTRY} bytes"
    elif entry.is_large and entry.model_copy(update={"details": {}}).is_large:
        yield "", f"is larger than {LARGEST_IN_LEDGER} bytes without its details"
    ids = {"/resource/id": entry.resource.id, "/actor/id": entry.actor.id if entry.actor else ""}
    for place, value in ids.items():
        if len(value.encode()) > LONGEST_KEY:
            yield place, f"is larger than {LONGEST_KEY} bytes"


def _is_protected(name: str) -> bool:
    return name in CATALOGUE or name.partition(".")[0] in OWN_FAMILIES


def _doubled(entries: Sequence[EntryToWrite]) -> Iterable[Fault]:
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.id in seen:
            yield Fault(f"/entries/{index}/id", f"{entry.id} is there twice")
        seen.add(entry.id)
