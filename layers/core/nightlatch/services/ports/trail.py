"""Reading the ledger."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from nightlatch.domain.ledger import Head, LedgerEntry


class LedgerIndex(StrEnum):
    """By what the ledger can be searched without reading all of it.

    A request is found by REQUEST, not by RESOURCE. SEVERITY knows warnings and errors only.
    """

    ACTOR = "actor"
    RESOURCE = "resource"
    REQUEST = "request"
    TYPE_AND_DAY = "type_and_day"
    SEVERITY = "severity"


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
