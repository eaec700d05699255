"""Where files of exports are, and who writes them, without AWS. The suites in tests/integration/aws run on them too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from nightlatch.domain.errors import NotFoundError, NotPrintableError


@dataclass
class FakeFiles:
    """Keeps files in a dictionary, and parts until they are made a file."""

    kept: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def begin(self, name: str, *, content_type: str) -> str:
        """Begin an upload."""
        upload_id = f"upload-{next(self.numbers)}"
        self.uploads[upload_id] = {}
        return upload_id

    def put_part(self, name: str, upload_id: str, number: int, content: bytes) -> str:
        """Keep a part; its mark is what is in it."""
        self._upload(upload_id)[number] = content
        return f"{number}:{hash(content)}"

    def complete(self, name: str, upload_id: str, marks: Sequence[str]) -> None:
        """Join the parts, unless it has been done."""
        if upload_id not in self.uploads and name in self.kept:
            return
        parts = self._upload(upload_id)
        assert list(marks) == [f"{number}:{hash(parts[number])}" for number in range(1, len(marks) + 1)]
        self.kept[name] = b"".join(parts[number] for number in range(1, len(marks) + 1))
        del self.uploads[upload_id]

    def put(self, name: str, content: bytes, *, content_type: str) -> None:
        """Keep a file."""
        self.kept[name] = content

    def read(self, name: str) -> Iterator[bytes]:
        """Read a file in small pieces."""
        if name not in self.kept:
            raise NotFoundError(f"there is no file {name}")
        content = self.kept[name]
        yield from (content[begin : begin + 1000] for begin in range(0, len(content), 1000))

    def link(self, name: str, *, file_name: str) -> str:
        """Say where it is."""
        return f"https://files.example.com/{name}?as={file_name}"

    def _upload(self, upload_id: str) -> dict[int, bytes]:
        if upload_id not in self.uploads:
            raise NotFoundError(f"there is no upload {upload_id}")
        return self.uploads[upload_id]


@dataclass
class FakeReportPrinter:
    """Makes a PDF that is none: its records with a word before them; or refuses."""

    files: FakeFiles
    refusal: str = ""

    def print_records(self, records: str, *, to: str) -> None:
        """Print, or say why not."""
        if self.refusal:
            raise NotPrintableError(self.refusal)
        self.files.kept[to] = b"PDF of " + b"".join(self.files.read(records))


@dataclass
class FakeExportWorkers:
    """Remembers which exports somebody was to work on."""

    woken: list[tuple[str, str]] = field(default_factory=list)

    def work_on(self, person_id: str, export_id: str) -> None:
        """Remember an export."""
        self.woken.append((person_id, export_id))
