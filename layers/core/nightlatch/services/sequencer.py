"""The sequencer: gives each committed event the next number and the hash of its predecessor, exactly once.

Rivals and retries are harmless. All of them read the same head, and only one transaction can move it on; the others
lose the condition, read again, and find the events gone from the outbox.
"""

from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.ledger import append
from nightlatch.services.ports import Clock, Outbox, Randomness

BATCH = 49
"""One head, 49 entries and 49 outbox deletes fit into the 100 actions of a DynamoDB transaction."""


class Sequencer:
    """Moves events from the outbox to the ledger."""

    def __init__(self, *, outbox: Outbox, clock: Clock, random: Randomness) -> None:
        self._outbox = outbox
        self._clock = clock
        self._random = random

    def drain(self, *, batches: int) -> int:
        """Append what waits to the ledger, in at most so many batches, and return how many events that were."""
        total = 0
        for _ in range(batches):
            standing = self._outbox.standing()
            pending = self._outbox.pending(limit=BATCH)
            if not pending:
                break
            head, entries = append(standing.head, pending, at=self._clock(), random=self._random)
            try:
                self._outbox.append(entries, after=standing.head, head=head, retention=standing.retention)
            except RivalChangeError:
                continue
            total += len(entries)
        return total
