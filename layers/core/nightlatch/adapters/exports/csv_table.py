"""Exports as CSV (RFC 4180), for spreadsheets: with a byte order mark, without which they guess the encoding wrong.

A spreadsheet takes some texts for formulas, and anybody can write one (a justification, a user agent). So every cell
that begins like one gets an apostrophe before it. One that begins with an apostrophe gets one too: who takes the first
apostrophe away from each cell that has one reads exactly what was recorded.
"""

import csv
from collections.abc import Callable, Iterable
from io import StringIO

from nightlatch.domain.export import Manifest
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.domain.local_time import LocalTime

BYTE_ORDER_MARK = "\ufeff"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")
"""How cells begin that spreadsheets take for formulas (the wide forms too, which some make narrow), and the guard."""

COLUMNS: dict[str, Callable[[LedgerEntry], str | None]] = {
    "Number": lambda entry: str(entry.seq),
    "Event": lambda entry: entry.event_type,
    "Severity": lambda entry: entry.severity,
    "Description": lambda entry: entry.description,
    "Actor type": lambda entry: entry.actor.type,
    "Actor id": lambda entry: entry.actor.id,
    "Actor name": lambda entry: entry.actor.name,
    "Actor e-mail": lambda entry: entry.actor.email,
    "Resource type": lambda entry: entry.resource.type,
    "Resource id": lambda entry: entry.resource.id,
    "Resource name": lambda entry: entry.resource.name,
    "Scope": lambda entry: entry.scope,
    "Request": lambda entry: entry.request_id,
    "Integration": lambda entry: entry.integration,
    "Source": lambda entry: entry.source,
    "IP address": lambda entry: entry.ip_address,
    "User agent": lambda entry: entry.user_agent,
    "Details": lambda entry: canonical_json(entry.details).decode(),
    "Id": lambda entry: entry.id,
    "Previous hash": lambda entry: entry.prev_hash,
    "Hash": lambda entry: entry.hash,
}
"""After the two times."""


class CsvTable:
    """One entry a row."""

    content_type = "text/csv; charset=utf-8"
    extension = "csv"
    separator = ""

    def __init__(self, times: LocalTime) -> None:
        self._times = times

    def header(self) -> str:
        """Write the names of the columns."""
        label = self._times.label
        return BYTE_ORDER_MARK + line([f"Timestamp ({label})", f"Recorded ({label})", *COLUMNS])

    def row(self, entry: LedgerEntry) -> str:
        """Write a row."""
        times = (self._times.text(entry.timestamp), self._times.text(entry.recorded_at))
        return line([*times, *(guarded(value(entry) or "") for value in COLUMNS.values())])

    def footer(self, _: Manifest) -> str:
        """Write nothing: a row that is none would be counted."""
        return ""


def guarded(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


def line(cells: Iterable[str]) -> str:
    """Write a row of cells."""
    text = StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()
