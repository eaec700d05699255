"""What the sequencer works on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from nightlatch.domain.ledger import ForeignId, Head, LedgerEntry, WaitingRow


class ForeignIds(Protocol):
    """By what ids other systems know the entries that they wrote, for 30 days at least."""

    def fingerprints(self, ids: Iterable[ForeignId]) -> Mapping[ForeignId, str]:
        """Read, consistently, which of these are in the ledger, each with the SHA-256 of what was sent."""
        ...


class Standing(NamedTuple):
    """Where the chain stands, and how long its entries are to be kept."""

    head: Head
    retention: timedelta


class Outbox(ForeignIds, Protocol):
    """What the sequencer works on: committed events, the head of the chain, and the ledger's end."""

    def standing(self) -> Standing:
        """Read, consistently and in one call, where the chain stands and which retention is in force."""
        ...

    def waiting(self) -> list[WaitingRow]:
        """Read, consistently, the rows that wait, oldest first, as many as can be appended at once."""
        ...

    def moved_aside(self) -> int:
        """Count the rows that could not be read."""
        ...

    def append(
        self,
        entries: Sequence[LedgerEntry],
        *,
        clearing: Sequence[WaitingRow],
        after: Head,
        head: Head,
        retention: timedelta,
    ) -> None:
        """Move the head, write the entries, to be kept for `retention`, and clear these rows at once.

        Entries of other systems are known by their foreign ids from then on. Unreadable rows are moved aside.

        Raises RivalChangeError when the chain no longer stands at `after`, when one of the rows is gone, or
        when a foreign id is known already.
        """
        ...
