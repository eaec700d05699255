"""Exports as JSON, as the function that makes PDFs gets them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from nightlatch.adapters.exports.json_text import PrintedDocument
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.export import ExportFormat, Manifest
from nightlatch.domain.ledger import Head, LedgerEntry, append
from nightlatch.domain.local_time import LocalTime
from tests.builders import NOON, a_pending_event

BERLIN = LocalTime(zone="Europe/Berlin", offset=3600)
SOURCE = "DynamoDB table ledger, eu-central-1, account 123456789012"


def a_trail(*events: dict[str, Any]) -> list[LedgerEntry]:
    """Chain an entry for each of these fields of events."""
    pending = [a_pending_event(number).model_copy(update=fields) for number, fields in enumerate(events, start=1)]
    _, entries = append(Head(), pending, at=NOON, random=bytes)
    return entries


def a_manifest(entries: Sequence[LedgerEntry], **fields: Any) -> Manifest:
    """Build the manifest of an export of these entries, all there are."""
    first, last = (entries[0], entries[-1]) if entries else (None, None)
    known: dict[str, Any] = {
        "export_id": "exp_06h021j1gdo016sqb7d1q6oobk",
        "format": ExportFormat.PDF,
        "file_name": "nightlatch-audit.pdf",
        "content_type": "application/pdf",
        "covers": "all entries of the time",
        "include_filters": False,
        "filter": EntryFilter(),
        "times": BERLIN,
        "rows": len(entries),
        "first_seq": first and first.seq,
        "last_seq": last and last.seq,
        "prev_hash": first and first.prev_hash,
        "last_hash": last and last.hash,
        "complete": True,
        "requested_by": {"type": "user", "id": "usr_grace", "name": "Grace Mensah", "email": "grace@example.com"},
        "requested_at": datetime(2026, 11, 23, 8, 30, tzinfo=UTC),
        "requested_at_local": "2026-11-23 09:30:00.000 (UTC+01:00)",
    }
    return Manifest(**{**known, **fields})


def a_document(entries: Sequence[LedgerEntry], manifest: Manifest | None = None) -> bytes:
    """Write an export."""
    writer = PrintedDocument(BERLIN)
    rows = writer.separator.join(map(writer.row, entries))
    return (writer.header() + rows + writer.footer(manifest or a_manifest(entries))).encode()
