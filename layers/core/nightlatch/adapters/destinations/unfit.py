"""The way to a destination that cannot be reached as it is set: it says so at every attempt, and nothing is lost."""

from datetime import timedelta

from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict


class UnfitSender:
    """Sends nothing, and says why."""

    bounds = Bounds(entries=1, bytes=1)

    def __init__(self, why: str) -> None:
        self._why = why

    def weigh(self, _: LedgerEntry) -> int:
        """Count nothing: each goes alone."""
        return 0

    def send(self, _: Parcel) -> Outcome:
        """Say why it is not sent."""
        return Outcome(Verdict.LATER, timedelta(0), error=self._why)
