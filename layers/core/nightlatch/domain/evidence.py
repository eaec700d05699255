"""What entries of the audit trail are evidence of: counted from nothing but the entries themselves.

Nothing is said here that the entries do not show. Of a filtered choice of entries, that is less.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from nightlatch.domain.audit_event import EventType, Severity
from nightlatch.domain.identity import ActorType
from nightlatch.domain.ledger import LedgerEntry, entry_hash

ENDS = frozenset({EventType.ACCESS_EXPIRED, EventType.ACCESS_REVOKED, EventType.ACCESS_RETURNED})


class Figures(NamedTuple):
    """What can be counted. `lateness` is the longest time that an access outlived its end."""

    entries: int
    kinds: int
    people: int
    others: int
    requested: int
    granted: int
    ended: int
    lateness: timedelta
    warnings: int
    errors: int


class ChainFindings(NamedTuple):
    """What the hashes say. `altered` do not fit their content, `detached` do not follow on the entry before them."""

    altered: tuple[int, ...]
    detached: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether there is nothing wrong with any entry."""
        return not self.altered and not self.detached


class Theme(StrEnum):
    """What a group of controls is about."""

    ACCESS = "access"
    MONITORING = "monitoring"
    LOGGING = "logging"


CONTROLS: dict[Theme, tuple[str, ...]] = {
    Theme.ACCESS: ("SOC 2 CC6.1, CC6.2, CC6.3", "ISO 27001:2022 A.5.15, A.5.18, A.8.2", "NIST 800-53 AC-2, AC-6"),
    Theme.MONITORING: ("SOC 2 CC7.2, CC7.5", "ISO 27001:2022 A.8.16", "NIST 800-53 AU-6"),
    Theme.LOGGING: ("ISO 27001:2022 A.8.15", "NIST 800-53 AU-2, AU-3, AU-9, AU-11, AU-12"),
}
"""The controls that the audit trail serves. docs/pdf-export.md has the same table."""


def figures(entries: Sequence[LedgerEntry]) -> Figures:
    """Count."""
    types, severities = Counter(map(_type, entries)), Counter(entry.severity for entry in entries)
    people = {entry.actor.id for entry in entries if entry.actor.type is ActorType.USER}
    everybody = {entry.actor.id for entry in entries}
    return Figures(
        entries=len(entries),
        kinds=len(types),
        people=len(people),
        others=len(everybody - people),
        requested=types[EventType.ACCESS_REQUESTED],
        granted=types[EventType.ACCESS_GRANTED],
        ended=sum(types[end] for end in ENDS),
        lateness=max((_lateness(entry) for entry in entries if entry.event_type in ENDS), default=timedelta()),
        warnings=severities[Severity.WARNING],
        errors=severities[Severity.ERROR],
    )


def per_day(entries: Iterable[LedgerEntry], *, day_of: Callable[[datetime], date]) -> dict[date, int]:
    """Count the entries of each day from the first to the last, also of those without any."""
    counts = Counter(day_of(entry.timestamp) for entry in entries)
    if not counts:
        return {}
    first, last = min(counts), max(counts)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return {day: counts[day] for day in days}


def examined(entries: Iterable[LedgerEntry]) -> ChainFindings:
    """Hash every entry anew, and see whether each with the number after another's follows on it."""
    altered, detached = list[int](), list[int]()
    before: LedgerEntry | None = None
    for entry in entries:
        if entry.hash != entry_hash(entry.prev_hash, entry.model_dump(mode="json")):
            altered.append(entry.seq)
        if before and not _may_follow(before, entry):
            detached.append(entry.seq)
        before = entry
    return ChainFindings(tuple(altered), tuple(detached))


def exceptions(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Choose the entries that somebody must explain: all errors."""
    return [entry for entry in entries if entry.severity is Severity.ERROR]


def theme_of(event_type: str) -> Theme:
    """Say which controls an event bears on."""
    match event_type.partition(".")[0]:
        case "access":
            return Theme.ACCESS
        case "audit":
            return Theme.LOGGING
        case _:
            return Theme.MONITORING


def _type(entry: LedgerEntry) -> str:
    return entry.event_type


def _lateness(entry: LedgerEntry) -> timedelta:
    seconds = entry.details.get("lateness_seconds")
    return timedelta(seconds=seconds) if isinstance(seconds, int) else timedelta()


def _may_follow(before: LedgerEntry, entry: LedgerEntry) -> bool:
    """Numbers rise; where none is left out between two, the hashes are chained."""
    if entry.seq != before.seq + 1:
        return entry.seq > before.seq
    return entry.prev_hash == before.hash
