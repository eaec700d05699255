"""How fast an export is verified and a span is sealed, compared with bare SHA-256 over the same bytes.

Everything is in memory: what is measured is reading, hashing and writing, not the disk or AWS. A row is one event as it
is exported (1 KB of JSON); the baseline hashes the lines of the file and does nothing else.
"""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.seal import BEGINNING, in_pieces
from nightlatch.domain.verification import Asked, verify
from nightlatch.entrypoints.cli.trail_files import rows_of
from tests.benchmarks.row import Row, compared, in_turn
from tests.unit.domain.sealed_rows import Sealed

EVENTS = 5_000
BASELINE = "bare SHA-256"


def rows(*, rounds: int) -> Iterator[Row]:
    """Measure microseconds per event."""
    sealed = Sealed(length=EVENTS, ends=tuple(range(500, EVENTS + 1, 500)))
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "export.jsonl"
        file.write_text("".join(f"{json.dumps(row)}\n" for row in sealed.rows))
        measures = {
            BASELINE: partial(_bare, file),
            "verify a file against digests": partial(_verify, file, sealed),
            "chain and compress a span": partial(_seal, sealed.entries),
        }
        taken = in_turn({name: partial(_microseconds, work) for name, work in measures.items()}, rounds=rounds)
    yield from compared(taken, unit="us", baselines=(BASELINE,))


def _microseconds(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return (time.process_time() - begun) / EVENTS * 1e6


def _bare(file: Path) -> None:
    with file.open("rb") as lines:
        for line in lines:
            hashlib.sha256(line).digest()


def _verify(file: Path, sealed: Sealed) -> None:
    outcome = verify(rows_of(file), digests=sealed.digests, is_signed=sealed.is_signed, asked=Asked())
    if outcome.signed_rows != EVENTS:
        raise AssertionError(outcome)


def _seal(entries: list[LedgerEntry]) -> None:
    for piece in in_pieces(entries, after=BEGINNING):
        hashlib.sha256(piece.compressed()).digest()
