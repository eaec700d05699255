"""What docs/events.md promises of each event."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "events.md"
ROW = re.compile(r"^\| `(?P<name>[a-z.]+)` \| (?P<severity>\w+) \|(?P<details>.*)\|$", re.MULTILINE)
TO_COME = re.compile(r"^\| (?P<names>`[^|]+`) \| (?P<what>[a-z ]+) \|$", re.MULTILINE)
IN_SOME = re.compile(r"\[`(\w+)`\]")
NAMED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Documented:
    """A row of the table: the severity, and the names that details hold in every event of the name, and in some."""

    severity: str
    always: frozenset[str]
    sometimes: frozenset[str]


@cache
def documented() -> dict[str, Documented]:
    """Read the table. What is in back-ticks there is the name of a detail, in brackets of one that may be missing."""
    return {row["name"]: _read(row["severity"], row["details"]) for row in ROW.finditer(PAGE.read_text())}


def _read(severity: str, details: str) -> Documented:
    sometimes = frozenset(IN_SOME.findall(details))
    return Documented(severity, frozenset(NAMED.findall(IN_SOME.sub("", details))), sometimes)


def to_come() -> dict[str, str]:
    """Read the names that nothing writes yet, and with what they come."""
    rows = TO_COME.finditer(PAGE.read_text())
    return {name: row["what"] for row in rows for name in NAMED.findall(row["names"])}
