"""Telling what was counted: when a window is closed, its tally becomes one event and is gone, in one transaction."""

from nightlatch.domain.errors import RivalChangeError
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.tallies import Tallies
from nightlatch.services.ports.writing import UnitOfWork


class Tallying:
    """Tells tallies. Rivals and retries are harmless: only one of them removes a tally, and only as it was read."""

    def __init__(self, *, unit_of_work: UnitOfWork, tallies: Tallies, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._tallies = tallies
        self._clock = clock

    def tell(self) -> int:
        """Tell every tally whose window is closed, and return how many events that were."""
        told = 0
        for tally in self._tallies.closed(self._clock()):
            events = tally.told()
            try:
                self._unit_of_work.record(*events, origin=tally.origin, ending=(tally,))
            except RivalChangeError:
                continue  # somebody told it, or counted once more: then the next sweep tells it
            told += len(events)
        return told
