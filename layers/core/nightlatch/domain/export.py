"""An export of the audit trail: what was asked for, how far it has come, and what came of it.

    QUEUED ──► RUNNING ──► DONE      a small export is done at once
                  └──────► FAILED    too much, or too long under way

Each export is of one stretch of the ledger, from the first number of the wanted time to the head of that moment. What
is recorded meanwhile is not in it, so that it is the same however long it takes.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field, JsonValue

from nightlatch.domain.audit_event import AuditEvent, EventType, Origin, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.identity import Actor
from nightlatch.domain.local_time import LocalTime
from nightlatch.domain.value import Entity, Instant, Value

KEPT = timedelta(days=7)
"""So long an export can be looked at, and the file of a job fetched. The event of it is kept as all events are."""

MOST_ROWS = 1_000_000
LARGEST_FILE = 5 * 1024**3
"""What can be copied, fetched and hashed in one go everywhere."""

MOST_PRINTED_ROWS = 10_000
LARGEST_PRINTED_FILE = 24 * 1024**2
"""Of records that a PDF is made of: it is laid out as a whole, in memory. docs/pdf-export.md has the measurements."""


class ExportFormat(StrEnum):
    """How the entries are written."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    OCSF = "ocsf"
    PDF = "pdf"

    @property
    def is_printed(self) -> bool:
        """Whether the text that is written is not the file yet, but the records that it is made of."""
        return self is ExportFormat.PDF

    @property
    def most_rows(self) -> int:
        """How many entries are exported at once."""
        return MOST_PRINTED_ROWS if self.is_printed else MOST_ROWS

    @property
    def largest_file(self) -> int:
        """How many bytes are written at most."""
        return LARGEST_PRINTED_FILE if self.is_printed else LARGEST_FILE


class ExportState(StrEnum):
    """Where an export stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ExportOrder(Value):
    """What is wanted. Without `include_filters` it is everything in the time of `wanted`."""

    format: ExportFormat
    wanted: EntryFilter
    include_filters: bool

    @classmethod
    def of(cls, format_: ExportFormat, filtered: EntryFilter, *, include_filters: bool) -> "ExportOrder":
        """Order what a filter says, or only its time."""
        everything = EntryFilter(since=filtered.since, until=filtered.until)
        wanted = filtered if include_filters else everything
        return cls(format=format_, wanted=wanted, include_filters=include_filters)


class Progress(Value):
    """How far an export has come: the numbers that were read without a gap, and what was written of them."""

    rows: int = 0
    size: int = 0
    first_seq: int | None = None
    last_seq: int | None = None
    prev_hash: str | None = None
    last_hash: str | None = None


class Manifest(Value):
    """What is in a file, so that it can be kept with it and checked.

    `first_seq` to `last_seq` were read without a gap; the hash before the first and that of the last are of the
    ledger's chain. `complete` is false when a number was missing and the export ends before it.
    """

    export_id: str
    format: ExportFormat
    file_name: str
    content_type: str
    covers: str
    include_filters: bool
    filter: EntryFilter
    times: LocalTime
    rows: int
    first_seq: int | None
    last_seq: int | None
    prev_hash: str | None
    last_hash: str | None
    complete: bool
    requested_by: Actor
    requested_at: Instant
    requested_at_local: str
    size: int | None = None
    sha256: str | None = None


class Upload(Value):
    """A file on its way into the store: the marks of the parts that are there, in order.

    `rest` names what was written but is too little for a part yet.
    """

    id: str
    parts: tuple[str, ...] = ()
    rest: str | None = None
    is_written: bool = False


class Export(Entity):
    """An export; version 0 is not stored yet. `first` and `last` are the numbers that it is to read."""

    id: str
    person_id: str
    requested_by: Actor
    origin: Origin
    requested_at: Instant
    updated_at: Instant
    order: ExportOrder
    times: LocalTime
    file_name: str
    content_type: str
    first: int
    last: int
    state: ExportState = ExportState.QUEUED
    progress: Progress = Field(default_factory=Progress)
    upload: Upload | None = None
    manifest: Manifest | None = None
    failure: str = ""

    @property
    def kept_until(self) -> datetime:
        """Until when it can be fetched."""
        return self.requested_at + KEPT

    @property
    def is_under_way(self) -> bool:
        """Whether there is still something to do."""
        return self.state in {ExportState.QUEUED, ExportState.RUNNING}

    @property
    def next_seq(self) -> int:
        """The number to read next."""
        return self.first if self.progress.last_seq is None else self.progress.last_seq + 1

    @property
    def is_stored(self) -> bool:
        """Whether the export is a file in the store, and not only an answer that was given."""
        return self.upload is not None

    def described(self, progress: Progress) -> Manifest:
        """Say what is in the file, but for what is known only when all of it is written."""
        return Manifest(
            export_id=self.id,
            format=self.order.format,
            file_name=self.file_name,
            content_type=self.content_type,
            covers=_covers(self.order),
            include_filters=self.order.include_filters,
            filter=self.order.wanted,
            times=self.times,
            rows=progress.rows,
            first_seq=progress.first_seq,
            last_seq=progress.last_seq,
            prev_hash=progress.prev_hash,
            last_hash=progress.last_hash,
            complete=self.first > self.last or progress.last_seq == self.last,
            requested_by=self.requested_by,
            requested_at=self.requested_at,
            requested_at_local=f"{self.times.text(self.requested_at)} ({self.times.label})",
        )

    def queued(self) -> Change["Export"]:
        """Leave it to a worker."""
        return Change(self.changed())

    def done(self, progress: Progress, *, sha256: str, at: datetime) -> Change["Export"]:
        """Conclude with what was written; the event says who took what."""
        manifest = self.described(progress).model_copy(update={"size": progress.size, "sha256": sha256})
        concluded = self.changed(state=ExportState.DONE, progress=progress, manifest=manifest, updated_at=at)
        return Change(concluded, (_exported(concluded, manifest),))

    def failed(self, why: str, *, at: datetime) -> Change["Export"]:
        """Give up: nothing was handed out, so there is nothing to tell of."""
        return Change(self.changed(state=ExportState.FAILED, failure=why, updated_at=at))

    def went_on(self, *, at: datetime, **fields: object) -> Change["Export"]:
        """Remember how far it has come."""
        return Change(self.changed(state=ExportState.RUNNING, updated_at=at, **fields))


def _covers(order: ExportOrder) -> str:
    if order.include_filters:
        return "the entries of the time that the filter admits; first_seq to last_seq is what was looked through"
    return "all entries of the time"


def _exported(export: Export, manifest: Manifest) -> AuditEvent:
    wanted: JsonValue = manifest.filter.model_dump(mode="json", exclude_defaults=True)
    return AuditEvent(
        event_type=EventType.AUDIT_EXPORTED,
        timestamp=export.updated_at,
        actor=export.requested_by,
        resource=ResourceReference(type="export", id=export.id, name=export.file_name),
        description=f"{export.requested_by.name} exported {manifest.rows} entries as {manifest.format}",
        details={
            "format": manifest.format.value,
            "include_filters": manifest.include_filters,
            "filter": wanted,
            "rows": manifest.rows,
            "first_seq": manifest.first_seq,
            "last_seq": manifest.last_seq,
            "sha256": manifest.sha256,
            "size": manifest.size,
            "complete": manifest.complete,
        },
    )
