"""Reading the ledger, and keeping it as long as the settings say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.ledger import Head, LedgerEntry
from nightlatch.domain.retention_walk import RetentionWalk


class LedgerIndex(StrEnum):
    """By what the ledger can be searched without reading all of it.

    A request is found by REQUEST, not by RESOURCE. SEVERITY knows warnings and errors only.
    """

    ACTOR = "actor"
    RESOURCE = "resource"
    REQUEST = "request"
    TYPE_AND_DAY = "type_and_day"
    SEVERITY = "severity"


@dataclass(frozen=True)
class Bearings:
    """Where the walk of retention has come to, by which settings it should go, and where the ledger ends."""

    settings: AuditSettings
    head: Head
    walk: RetentionWalk | None


@dataclass(frozen=True)
class StoredTime:
    """When a stored entry was recorded, and when it expires."""

    seq: int
    recorded_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class StoredTimes:
    """Some stored entries in order, and the number at which the others go on."""

    times: Sequence[StoredTime]
    next: int


class Keeping(Protocol):
    """The times at which stored entries expire."""

    def bearings(self) -> Bearings:
        """Read, consistently and in one call, the settings, the head of the chain and the walk."""
        ...

    def stored(self, first: int) -> StoredTimes:
        """Read the times of some entries from a number on, also of such as are served no longer."""
        ...

    def let_expire(self, seq: int, *, at: datetime) -> None:
        """Move the time of an entry, and nothing else of it; one that is not stored any more stays away."""
        ...


class KeptEntries(Protocol):
    """The ledger at one moment, as far as it is kept by the settings in force then.

    Older entries are not served, even while they are still stored. Those that came later are not known of here.
    """

    @property
    def head(self) -> Head:
        """Say where the chain stood."""
        ...

    @property
    def at(self) -> datetime:
        """Say which moment it was."""
        ...

    @property
    def since(self) -> datetime:
        """Say since when entries are kept: only what was recorded later is served."""
        ...

    def entry(self, seq: int) -> LedgerEntry | None:
        """Read the entry of a number."""
        ...

    def entries(self, first: int, last: int, *, newest_first: bool = False) -> Iterator[LedgerEntry]:
        """Read the stored entries numbered first..last, in order, consistently and no further than consumed."""
        ...

    def by_numbers(self, numbers: Iterable[int]) -> list[LedgerEntry]:
        """Read these entries, in the order given."""
        ...

    def indexed(self, index: LedgerIndex, value: str, first: int, last: int) -> Iterator[int]:
        """List the numbers within first..last that an index holds for `value`, highest first.

        ACTOR holds nothing for `identity.SYSTEM`: what Nightlatch itself did is half of all, and found by reading all.
        The value of TYPE_AND_DAY is `access.granted#2026-11-22` (the UTC day of `recorded_at`).
        """
        ...


class Ledger(Protocol):
    """Reading the ledger."""

    def kept(self) -> KeptEntries:
        """Read, consistently and in one call, where the chain stands and which settings are in force."""
        ...
