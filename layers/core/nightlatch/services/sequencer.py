"""The sequencer: gives each committed event the next number and the hash of its predecessor, exactly once.

Rivals and retries are harmless. All of them read the same head, and only one transaction can move it on; the others
lose the condition, read again, and find the rows gone from the outbox.
"""

from collections.abc import Sequence

from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.ledger import OutboxRow, PendingEvent, append
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.sequencing import Outbox


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
            rows = self._outbox.waiting()
            if not rows:
                break
            head, entries = append(standing.head, self._new_in(rows), at=self._clock(), random=self._random)
            clearing = [row.key for row in rows]
            try:
                self._outbox.append(
                    entries, clearing=clearing, after=standing.head, head=head, retention=standing.retention
                )
            except RivalChangeError:
                continue
            total += len(entries)
        return total

    def _new_in(self, rows: Sequence[OutboxRow]) -> list[PendingEvent]:
        """List what is to be numbered: not what another system told of twice, as it may when an answer was lost."""
        events = [event for row in rows for event in row.events]
        foreign = {event.foreign_id for event in events if event.foreign_id}
        known = set(self._outbox.fingerprints(foreign)) if foreign else set()
        new: list[PendingEvent] = []
        for event in events:
            if event.foreign_id in known:
                continue
            if event.foreign_id:
                known.add(event.foreign_id)
            new.append(event)
        return new
