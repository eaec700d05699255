"""Files of audit events, a row at a time however large they are: JSON Lines, a JSON list, a page or an export.

In an object the rows are the list `events` or `entries`. Any of them may be compressed with gzip.
"""

import codecs
import gzip
import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from io import BufferedReader
from json import JSONDecodeError
from pathlib import Path
from typing import IO, Any, cast

from nightlatch.domain.body import as_recorded
from nightlatch.domain.verification import UnreadableRowError

LISTS = ("events", "entries")
LONGEST_LINE = 4_000_000
CHUNK = 1 << 16
GZIP = b"\x1f\x8b"


def rows_in(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Read the rows of all files, which may be given in any order."""
    for file in sorted(files, key=_first_number):
        yield from rows_of(file)


def rows_of(file: Path) -> Generator[dict[str, Any], None, None]:
    """Read the rows of one file, each as it was recorded: a body that was put into one is checked, and taken out."""
    try:
        with file.open("rb") as raw:
            yield from map(as_recorded, _rows(_unpacked(raw)))
    except (OSError, EOFError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableRowError(f"{file} cannot be read any further: {error}") from error


def objects_in(file: Path) -> Iterator[dict[str, Any]]:
    """Read a file of one JSON object a line, all of which count."""
    try:
        with file.open("rb") as raw:
            for line in _unpacked(raw):
                yield from _objects(_decoded(line))
    except (OSError, EOFError, RecursionError) as error:
        raise UnreadableRowError(f"{file} cannot be read any further: {error}") from error


def _first_number(file: Path) -> int:
    try:
        with closing(rows_of(file)) as rows:
            number = next(rows, {}).get("seq", 0)
    except UnreadableRowError:
        return 0  # it will be said when its turn comes
    return number if isinstance(number, int) else 0


def _unpacked(raw: BufferedReader) -> IO[bytes]:
    is_compressed = raw.peek(len(GZIP))[: len(GZIP)] == GZIP
    return cast(IO[bytes], gzip.open(raw)) if is_compressed else raw


def _rows(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    line = stream.readline(LONGEST_LINE)
    while line and not line.strip():
        line = stream.readline(LONGEST_LINE)
    first = _line_as_row(line)
    if first is None:
        yield from _Document(line, stream).rows()
        return
    yield from _with_number(first)
    while line := stream.readline(LONGEST_LINE):
        if line.strip():
            yield from _with_number(_decoded(line))


def _with_number(row: Any) -> Iterator[dict[str, Any]]:
    """Pass over what says something about the rows and is none itself, such as a first line about the export."""
    return (each for each in _objects(row) if "seq" in each or "hash" in each)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(value, dict):
        raise UnreadableRowError("it is no JSON object")
    yield value


def _line_as_row(line: bytes) -> dict[str, Any] | None:
    """Read a first line that is an object by itself; None when it is only the beginning of one, or holds a list."""
    try:
        row = json.loads(line, object_pairs_hook=_without_twins)
    except ValueError:
        return None
    is_document = not isinstance(row, dict) or any(isinstance(row.get(name), list) for name in LISTS)
    return None if is_document else row


def _decoded(line: bytes) -> Any:
    try:
        return json.loads(line, object_pairs_hook=_without_twins)
    except ValueError as error:
        raise UnreadableRowError(f"it is no JSON: {error}") from error


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is there twice: of the two values another reader may take the other."""
    row = dict(pairs)
    if len(row) != len(pairs):
        raise UnreadableRowError("it has a field twice")
    return row


class _Document:
    """A JSON text that is read piece by piece, the elements of its list one at a time."""

    def __init__(self, begun: bytes, stream: IO[bytes]) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text = self._utf8.decode(begun)
        self._stream = stream
        self._is_at_end = False
        self._decoder = json.JSONDecoder(object_pairs_hook=_without_twins)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Read the rows."""
        opening = self._next()
        if opening == "[":
            yield from self._elements()
        elif opening == "{":
            yield from self._fields()
        elif opening:
            raise UnreadableRowError("it is no JSON object and no list")

    def _fields(self) -> Iterator[dict[str, Any]]:
        self._take("{")
        while self._next() == '"':
            name = self._value()
            self._take(":")
            if name in LISTS and self._next() == "[":
                yield from self._elements()
            else:
                self._value()
            if self._next() == ",":
                self._take(",")
        self._take("}")

    def _elements(self) -> Iterator[dict[str, Any]]:
        self._take("[")
        while self._next() not in {"]", ""}:
            yield from _with_number(self._value())
            if self._next() == ",":
                self._take(",")
        self._take("]")

    def _next(self) -> str:
        """Look at the next character that is no blank; empty at the end."""
        self._text = self._text.lstrip()
        while not self._text and not self._is_at_end:
            self._read(CHUNK)
            self._text = self._text.lstrip()
        return self._text[:1]

    def _take(self, character: str) -> None:
        if self._next() != character:
            raise UnreadableRowError(f"the JSON ends or breaks where {character} was expected")
        self._text = self._text[1:]

    def _value(self) -> Any:
        size = CHUNK
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text)
            except JSONDecodeError as error:
                if self._is_at_end or len(self._text) > LONGEST_LINE:
                    raise UnreadableRowError(f"it is no JSON: {error}") from error
            else:
                if end < len(self._text) or self._is_at_end:
                    self._text = self._text[end:]
                    return value
            self._read(size)
            size *= 2

    def _read(self, size: int) -> None:
        chunk = self._stream.read(size)
        self._is_at_end = not chunk
        # It keeps a character that is cut where a chunk ends, and raises for what is no UTF-8.
        self._text += self._utf8.decode(chunk, final=not chunk)
