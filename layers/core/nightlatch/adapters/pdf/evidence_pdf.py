"""From an export's JSON document to the PDF of it."""

import hashlib
from collections.abc import Sequence

from pydantic import ValidationError

from nightlatch.adapters.pdf.report import report_of
from nightlatch.adapters.pdf.typesetter import typeset
from nightlatch.domain.errors import NotPrintableError
from nightlatch.domain.export import MOST_PRINTED_ROWS, Manifest
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value

MOST_CHARACTERS = 2_000_000
"""Letters take memory as rows do: up to 300 bytes each."""

MOST_PIECES = 400_000
"""Characters that are shown as their number take more: a kilobyte and a half each."""


class Document(Value):
    """An export as JSON."""

    entries: tuple[LedgerEntry, ...]
    manifest: Manifest


def evidence_pdf(records: bytes, source: str) -> bytes:
    """Make the evidence report of an export, which is attached to it byte for byte.

    Raises NotPrintableError when it is too long, or when this is no export.
    """
    try:
        document = Document.model_validate_json(records)
    except ValidationError as error:
        raise NotPrintableError("the records are not an export as JSON") from error
    _refuse_too_much(document.entries)
    sha256 = hashlib.sha256(records).hexdigest()
    report = report_of(document.manifest, document.entries, source=source, sha256=sha256)
    _refuse_too_many_pieces(report["rows"])
    return typeset(report, records=records, at=document.manifest.requested_at)


def _refuse_too_much(entries: Sequence[LedgerEntry]) -> None:
    if len(entries) > MOST_PRINTED_ROWS:
        raise NotPrintableError(f"{len(entries):,} entries are more than {MOST_PRINTED_ROWS:,}, the most of a PDF")
    characters = sum(map(_length, entries))
    if characters > MOST_CHARACTERS:
        raise NotPrintableError(f"{characters:,} characters are more than {MOST_CHARACTERS:,}, the most of a PDF")


def _refuse_too_many_pieces(rows: Sequence[Sequence[object]]) -> None:
    pieces = sum(len(cell) for row in rows for cell in row if isinstance(cell, list))
    if pieces > MOST_PIECES:
        words = "characters that are shown as their number"
        raise NotPrintableError(f"about {pieces:,} {words} are more than {MOST_PIECES:,}, the most of a PDF")


def _length(entry: LedgerEntry) -> int:
    texts = (
        entry.event_type,
        entry.actor.name,
        entry.actor.id,
        entry.resource.name,
        entry.resource.id,
        entry.description,
    )
    return sum(map(len, texts))
