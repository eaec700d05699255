"""The text of an export, a piece at a time: the same for one that is an answer and for one that is a file.

Pieces end at numbers that are the same for everybody, wherever one begins. So what is gathered of them up to some size
depends on nothing but where that begins, and two who write the same export write the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from nightlatch.domain.export import Export, Progress
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.ports.exporting import ExportWriter
from nightlatch.services.ports.trail import Ledger

ENTRIES_IN_A_PIECE = 64
"""Few: an entry can have hundreds of kilobytes, and a piece is held whole."""


class Piece(NamedTuple):
    """Some of the text, and how far the export has come with it. It may be empty, where no entry was wanted."""

    content: bytes
    progress: Progress
    is_last: bool = False


def pieces_of(export: Export, *, ledger: Ledger, writer: ExportWriter) -> Iterator[Piece]:
    """Write what is left of an export, and nothing of it twice. Ends before a number that is missing."""
    progress = export.progress
    if progress.size == 0:
        yield (piece := _piece(writer.header(), progress))
        progress = piece.progress
    entries = _without_a_gap(ledger.kept().entries(export.next_seq, export.last), last=progress.last_seq)
    for _, together in groupby(entries, key=lambda entry: entry.seq // ENTRIES_IN_A_PIECE):
        batch = list(together)
        wanted = _wanted(export, batch)
        yield (piece := _piece(_rows(wanted, writer, progress), _past(progress, batch, rows=len(wanted))))
        progress = piece.progress
    yield _piece(writer.footer(export.described(progress)), progress, is_last=True)


def _piece(text: str, progress: Progress, *, is_last: bool = False) -> Piece:
    content = text.encode()
    return Piece(content, progress.model_copy(update={"size": progress.size + len(content)}), is_last)


def _without_a_gap(entries: Iterable[LedgerEntry], *, last: int | None) -> Iterator[LedgerEntry]:
    """Pass entries on as long as each has the number after the one before; the very first may have any."""
    for entry in entries:
        if last is not None and entry.seq != last + 1:
            return
        last = entry.seq
        yield entry


def _wanted(export: Export, entries: Sequence[LedgerEntry]) -> Sequence[LedgerEntry]:
    if not export.order.include_filters:
        return entries
    return [entry for entry in entries if export.order.wanted.admits(entry)]


def _rows(entries: Sequence[LedgerEntry], writer: ExportWriter, so_far: Progress) -> str:
    text = writer.separator.join(map(writer.row, entries))
    return writer.separator + text if so_far.rows and entries else text


def _past(progress: Progress, batch: Sequence[LedgerEntry], *, rows: int) -> Progress:
    return Progress(
        rows=progress.rows + rows,
        size=progress.size,
        first_seq=progress.first_seq or batch[0].seq,
        last_seq=batch[-1].seq,
        prev_hash=progress.prev_hash or batch[0].prev_hash,
        last_hash=batch[-1].hash,
    )
