"""What the sequencer works on, and what is counted until it is told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.deployment import Deployment
from nightlatch.domain.ledger import ForeignId, Head, LedgerEntry, WaitingRow
from nightlatch.domain.tally import Tally


class ForeignIds(Protocol):
    """By what ids other systems know the entries that they wrote, for 30 days at least."""

    def fingerprints(self, ids: Iterable[ForeignId]) -> Mapping[ForeignId, str]:
        """Read, consistently, which of these are in the ledger, each with the SHA-256 of what was sent."""
        ...


@dataclass(frozen=True)
class Standing:
    """Where the chain stands, and the settings by which its entries are kept."""

    head: Head
    settings: AuditSettings

    @property
    def retention(self) -> timedelta:
        """Say how long entries are to be kept."""
        return self.settings.retention


class Outbox(ForeignIds, Protocol):
    """What the sequencer works on: committed events, the head of the chain, and the ledger's end."""

    def standing(self) -> Standing:
        """Read, consistently and in one call, where the chain stands and which settings are in force."""
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


class Tallies(Protocol):
    """What is counted, to be told when its window is over."""

    def count(self, tally: Tally) -> None:
        """Add one time to the tally of the same window, or begin it.

        A reply that is lost may count one time twice; none that was counted is ever lost.
        """
        ...

    def count_tokens(self, tally: Tally) -> bool:
        """Count in the tally of the same window that one of its attempts to sign in led to tokens.

        Returns False, and begins nothing, when there is no such tally.
        """
        ...

    def closed(self, at: datetime) -> Iterator[Tally]:
        """Read, consistently, the tallies whose windows are closed, those first that were closed first."""
        ...


class Deployments(Protocol):
    """Reading what was deployed when somebody last looked."""

    def deployment(self) -> Deployment | None:
        """Read it, consistently; None before anybody looked."""
        ...
