"""What the sequencer works on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.ledger import ForeignId, Head, LedgerEntry, WaitingRow


class ForeignIds(Protocol):
    """By what ids other systems know the entries that they wrote, for 30 days at least."""

    def fingerprints(self, ids: Iterable[ForeignId]) -> Mapping[ForeignId, str]:
        """Read, consistently, which of these are in the ledger, each with the SHA-256 of what was sent."""
        ...


class Standing(NamedTuple):
    """Where the chain stands, the settings by which its entries are kept, and which rows the last were taken from."""

    head: Head
    settings: AuditSettings
    taken: tuple[str, ...] = ()

    @property
    def retention(self) -> timedelta:
        """Say how long entries are to be kept."""
        return self.settings.retention


class Waiting(NamedTuple):
    """What lies in the outbox: rows without numbers, oldest first, and the keys of such as were taken already."""

    rows: Sequence[WaitingRow]
    leftovers: Sequence[str] = ()


class Outbox(ForeignIds, Protocol):
    """What the sequencer works on: committed events, the head of the chain, and the ledger's end."""

    def standing(self) -> Standing:
        """Read, consistently and in one call, where the chain stands and which settings are in force."""
        ...

    def waiting(self, *, taken: Collection[str]) -> Waiting:
        """Read, consistently, the rows that wait, oldest first, as many as can be appended at once.

        Those that were `taken` are none of them. They are left over when they lie there still, or may lie there:
        behind what was read.
        """
        ...

    def moved_aside(self) -> int:
        """Count the rows that could not be read."""
        ...

    def append(
        self,
        entries: Sequence[LedgerEntry],
        *,
        taking: Sequence[WaitingRow],
        after: Head,
        head: Head,
        retention: timedelta,
    ) -> None:
        """Move the head, write the entries, to be kept for `retention`, and name the rows that they are from, at once.

        Entries of other systems are known by their foreign ids from then on. Unreadable rows are moved aside, and so
        are gone; the others lie there until they are cleared.

        Raises RivalChangeError when the chain no longer stands at `after`, when an unreadable row is gone, or when a
        foreign id is known already.
        """
        ...

    def clear(self, keys: Iterable[str]) -> None:
        """Remove the rows of these keys; one that is gone already is as good.

        Raises StoreUnavailableError when some may lie there still.
        """
        ...
