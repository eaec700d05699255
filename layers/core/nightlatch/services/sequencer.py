"""The sequencer: gives each committed event the next number and the hash of its predecessor, exactly once.

Rivals and retries are harmless. All of them read the same head, and only one transaction can move it on; the others
lose the condition and read again. The rows are not removed by that transaction, which would cost twice as much: the
head names them, and they are removed behind it. No row is numbered twice even so:

    what the head names is not numbered, but removed, before anything else is committed;
    so what was numbered is named by the head, or gone;
    who read the head before that batch was committed loses the condition, whatever they read of the outbox.

So the head is read first, and each commit moves it.

A row that cannot be read holds up none of the others: it is moved aside, and an entry in its place tells of it.
"""

from collections.abc import Sequence

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.identifier import RANDOM_BYTES, uuid7
from nightlatch.domain.ledger import OutboxRow, PendingEvent, WaitingRow, append
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.sequencing import Outbox, Standing


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
            waiting = self._outbox.waiting(taken=standing.taken)
            if waiting.leftovers:
                self._outbox.clear(waiting.leftovers)
            if waiting.rows:
                total += self._number(waiting.rows, standing)
            elif not waiting.leftovers:
                break
        return total

    def _number(self, rows: Sequence[WaitingRow], standing: Standing) -> int:
        """Append what is new in these rows, clear them, and return how many events were new; none for a rival's."""
        head, entries = append(standing.head, self._new_in(rows), at=self._clock(), random=self._random)
        if entries:  # else all is in the ledger already, and a head that stays where it is would stop no rival
            try:
                self._outbox.append(entries, taking=rows, after=standing.head, head=head, retention=standing.retention)
            except RivalChangeError:
                return 0
        self._outbox.clear([row.key for row in rows if isinstance(row, OutboxRow)])
        return len(entries)

    def moved_aside(self) -> int:
        """Count the rows that could not be read."""
        return self._outbox.moved_aside()

    def _new_in(self, rows: Sequence[WaitingRow]) -> list[PendingEvent]:
        """List what is to be numbered: not what another system told of twice, as it may when an answer was lost."""
        events = [event for row in rows for event in self._events_in(row)]
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

    def _events_in(self, row: WaitingRow) -> Sequence[PendingEvent]:
        if isinstance(row, OutboxRow):
            return row.events
        at = self._clock()
        event_id = str(uuid7(at, index=0, random=self._random(RANDOM_BYTES)))
        return [PendingEvent.of(row.told(at=at), event_id=event_id, origin=Origin(source=Source.SYSTEM))]
