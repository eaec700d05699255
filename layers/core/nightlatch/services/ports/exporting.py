"""What exports are written with and kept in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from nightlatch.domain.export import Export, ExportFormat, Manifest
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.local_time import LocalTime


class Exports(Protocol):
    """Reading exports. Each is its owner's alone: somebody else's is as one that does not exist."""

    def export(self, person_id: str, export_id: str) -> Export:
        """Read, consistently, one export; raise NotFoundError when there is none, or none that is kept any longer."""
        ...

    def latest_exports(self, person_id: str, *, limit: int) -> list[Export]:
        """Read, consistently, somebody's exports, newest first."""
        ...


class Files(Protocol):
    """Where the files of exports are. Every call raises StoreUnavailableError when the store does not take part."""

    def begin(self, name: str, *, content_type: str) -> str:
        """Begin a file that is written in parts, and return the id of the upload."""
        ...

    def put_part(self, name: str, upload_id: str, number: int, content: bytes) -> str:
        """Write a part (from 1; all but the last at least 5 MiB) and return its mark; again replaces it."""
        ...

    def complete(self, name: str, upload_id: str, marks: Sequence[str]) -> None:
        """Make the parts one file. Again for what is a file already is no error."""
        ...

    def put(self, name: str, content: bytes, *, content_type: str) -> None:
        """Write a small file at once; again replaces it."""
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """Read a file, a piece at a time; raise NotFoundError when there is none."""
        ...

    def link(self, name: str, *, file_name: str) -> str:
        """Make an address from which whoever has it can fetch a file for a few minutes, to be kept under a name."""
        ...


class ExportWorkers(Protocol):
    """Whoever writes exports that are too large for an answer."""

    def work_on(self, person_id: str, export_id: str) -> None:
        """Let a worker go on with an export, without waiting; raise StoreUnavailableError when none can be woken."""
        ...


class ExportWriter(Protocol):
    """One format of exports: text before the entries, for each entry, between two of them, and after the last."""

    content_type: str
    extension: str
    separator: str

    def header(self) -> str:
        """Write what comes before the first entry."""
        ...

    def row(self, entry: LedgerEntry) -> str:
        """Write one entry."""
        ...

    def footer(self, manifest: Manifest) -> str:
        """Write what comes after the last entry. The manifest does not know the file's size and hash yet."""
        ...


class ReportPrinter(Protocol):
    """Whoever makes PDFs of exports."""

    def print_records(self, records: str, *, to: str) -> None:
        """Make a PDF of the JSON document in one file, as another file, and wait for it; again replaces it.

        Raises NotPrintableError when no PDF can be made of it, StoreUnavailableError when it cannot be tried now.
        """
        ...


ExportWriters = Mapping[ExportFormat, Callable[[LocalTime], ExportWriter]]
"""Every format there is, made for how times are to be written."""
