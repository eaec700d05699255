"""Where answers are printed: a table for a person at a terminal, JSON for everything else.

All output goes through here, because here text from the API is made inert, characters that the terminal lacks are
replaced, and nothing is ever read as markup.
"""

import codecs
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from nightlatch.entrypoints.cli.inert import inert, inert_json, inert_text

MUTED = "bright_black"
LINK = "cyan"
WIDTH_OF_A_FILE = 160
"""How wide tables are where there is no terminal whose width could be asked."""

_IN_ASCII = {"✓": "+", "✗": "x", "●": "*", "◌": "o", "◐": "~", "○": "-", "—": "-", "…": "~", "→": ">"}

Part = str | tuple[str, str]


class Format(StrEnum):
    """How answers are printed."""

    TABLE = "table"
    JSON = "json"


class Screen:
    """Standard output for answers, standard error for everything said about them."""

    def __init__(self, chosen: Format | None = None, *, out: TextIO | None = None) -> None:
        stream = out or sys.stdout
        self.for_machines = (chosen or (Format.TABLE if stream.isatty() else Format.JSON)) is Format.JSON
        self._out = _console(stream)
        self._err = _console(sys.stderr)

    @property
    def width(self) -> int:
        """How many characters fit beside each other."""
        return self._out.width

    def show(self, body: Any, view: Callable[[Any], RenderableType]) -> None:
        """Print JSON as it is, or a person's view of it, made from inert text only."""
        if self.for_machines:
            self.json(body)
        else:
            # In a Group: a text printed by itself forgets that it must not be broken.
            self._out.print(Group(view(inert(body))), crop=False)

    def json(self, body: Any) -> None:
        """Print JSON, indented."""
        self._write(inert_json(body))

    def json_line(self, body: Any) -> None:
        """Print JSON on one line of its own, at once."""
        self._write(inert_json(body, indent=None))

    def line(self, *parts: Part) -> None:
        """Print one line for a person; machines do not see it."""
        if not self.for_machines:
            self._out.print(inert_line(*parts), soft_wrap=True)

    def note(self, *parts: Part) -> None:
        """Say something about the answer, on standard error."""
        self._err.print(inert_line(*parts), soft_wrap=True)

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show how far something has come, on a terminal only, and take it away in the end."""
        with Progress(console=self._err, transient=True, disable=not self._err.is_terminal) as bar:
            task = bar.add_task(inert_text(what), total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def fault(self, message: str, lines: Sequence[str] = ()) -> None:
        """Say what went wrong, on standard error."""
        self.note(("✗ ", "red"), message)
        for line in lines:
            self.note(("  " + line, MUTED))

    def _write(self, text: str) -> None:
        self._out.file.write(text + "\n")
        self._out.file.flush()


def inert_line(*parts: Part) -> Text:
    """Join parts, each plain or with a style, whose text cannot harm."""
    styled = ((part, "") if isinstance(part, str) else part for part in parts)
    return Text.assemble(*((inert_text(text), style) for text, style in styled))


def whole(*parts: Part) -> Text:
    """Join parts to text that is never broken or cut: it may be copied, or go into a file."""
    text = Text.assemble(*parts)
    text.no_wrap, text.overflow = True, "ignore"
    return text


def facts(rows: Sequence[tuple[str, str]]) -> Text:
    """Lay out names and values, one line each."""
    width = max(len(name) for name, _ in rows)
    lines = [whole((f"{name:<{width}}  ", MUTED), value) for name, value in rows]
    return whole("\n").join(lines)


def amounts(text: str) -> list[Part]:
    """Set the numbers in a text off from its words."""
    return [(part, "bold cyan" if part.isdigit() else "") for part in re.split(r"(\d+)", text)]


def table(*columns: str, rows: Sequence[Sequence[str | Text]], folding: Sequence[str] = ()) -> Table:
    """Lay out rows as the terminal's own: no lines, quiet heads. Columns in `folding` give way when it is narrow."""
    laid_out = Table(box=None, header_style=MUTED, padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        may_fold = column in folding
        laid_out.add_column(column, no_wrap=not may_fold, overflow="fold" if may_fold else "ellipsis")
    for row in rows:
        laid_out.add_row(*row)
    return laid_out


def _console(stream: TextIO) -> Console:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_FALLBACK)
    width = None if stream.isatty() else WIDTH_OF_A_FILE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_IN_ASCII.get(character, "?") for character in lacking), error.end


_FALLBACK = "nightlatch-ascii"
codecs.register_error(_FALLBACK, _in_ascii)
