"""What is counted until it is told."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from nightlatch.domain.tally import Tally


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
