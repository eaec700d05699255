"""The records of a report: one row an entry, in columns that every text fits into."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from nightlatch.adapters.pdf import fonts, wording
from nightlatch.adapters.pdf.printable import Printer, Words
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.local_time import LocalTime

WIDTHS = {"Event": 102, "Actor": 88, "Resource": 116, "Description": 266}
"""The columns with texts, and their widths in points."""

PADDING = 8
TEXT, CODE = 7.0, 5.95
"""The sizes of their letters in points, plain and monospaced."""

SAFETY = 0.93
"""What optical sizes and kerning may add to the widths that the fonts tell."""

WIDE = 40.0
"""Ems that texts outside of the columns have at least."""


def columns(times: LocalTime) -> list[dict[str, Any]]:
    """Name the columns. Their widths are those of A4 across."""
    named = {"No.": 42, f"Time ({times.label})": 96, **WIDTHS, "Severity": 47}
    return [{"name": name, "width": width} for name, width in named.items()]


def row(entry: LedgerEntry, times: LocalTime) -> list[Any]:
    """Write an entry."""
    return [
        f"{entry.seq:,}",
        wording.second(entry.timestamp, times),
        mono(entry.event_type, within=_room("Event") / CODE),
        sans(entry.actor.name or entry.actor.id, within=_room("Actor") / TEXT),
        sans(entry.resource.name or entry.resource.id, within=_room("Resource") / TEXT),
        sans(entry.description, within=_room("Description") / TEXT),
        entry.severity.value,
    ]


def sans(text: str, *, within: float = WIDE) -> Words:
    """Write somebody's words in what can be printed."""
    return _printer(fonts.SANS).words(text, within=within)


def mono(text: str, *, within: float = WIDE) -> Words:
    """Write somebody's words, monospaced, in what can be printed."""
    return _printer(fonts.MONO).words(text, within=within)


def _room(column: str) -> float:
    return (WIDTHS[column] - PADDING) * SAFETY


@cache
def _printer(families: Sequence[str]) -> Printer:
    return Printer(fonts.widths(families))
