"""What the sequencer works on. The head's condition is its only lock: of two rivals one appends, the other is told."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate

from pynamodb.expressions.condition import Condition

from nightlatch.adapters.dynamodb.keys import HEAD, OUTBOX
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord, record_of_entry
from nightlatch.adapters.dynamodb.reading import read_one
from nightlatch.adapters.dynamodb.records import HeadRecord, StateRecord, value_of
from nightlatch.adapters.dynamodb.transaction import NONE, Transaction
from nightlatch.domain.ledger import Head, LedgerEntry, PendingEvent
from nightlatch.domain.value import rfc3339
from nightlatch.services.ports import Randomness

LARGEST_BATCH = 400_000
"""Characters of JSON that are appended, and deleted, at once: in the widest alphabet below a transaction's 4 MB."""


class DynamoOutbox:
    """`retention` is how long a ledger entry is kept."""

    def __init__(self, *, random: Randomness, retention: timedelta) -> None:
        self._random = random
        self._retention = retention

    def head(self) -> Head:
        """Read, consistently, where the chain stands."""
        return read_head()

    def pending(self, *, limit: int) -> list[PendingEvent]:
        """Read, consistently, the events that wait, oldest first, and no more than one transaction can hold."""
        records = list(StateRecord.query(OUTBOX, consistent_read=True, limit=limit))
        sizes = accumulate(len(record.body) for record in records)
        fitting = sum(size <= LARGEST_BATCH for size in sizes)
        return [value_of(record, PendingEvent) for record in records[: max(fitting, 1)]]

    def append(self, entries: Sequence[LedgerEntry], *, after: Head, head: Head) -> None:
        """Move the head, write the entries and clear them from the outbox in one transaction.

        At most 49 at a time: each is two items of a hundred.
        """
        # A conflict here is a rival sequencer, which has done the work: nothing is gained by waiting for it.
        transaction = Transaction(random=self._random, patience=NONE)
        transaction.put(_head_record(head), _stands_at(after))
        for entry in entries:
            transaction.delete(StateRecord(OUTBOX, entry.event_id), StateRecord.pk.exists())
            transaction.put(record_of_entry(entry, retention=self._retention), LedgerRecord.pk.does_not_exist())
        transaction.commit()


def read_head() -> Head:
    """Read where the chain stands; before the first entry there is no item."""
    record = read_one(HeadRecord, HEAD)
    if record is None:
        return Head()
    return Head.model_validate({"seq": record.seq, "hash": record.hash, "recorded_at": record.recorded_at})


def _head_record(head: Head) -> HeadRecord:
    recorded_at = rfc3339(head.recorded_at) if head.recorded_at else None
    return HeadRecord(*HEAD, seq=head.seq, hash=head.hash, recorded_at=recorded_at)


def _stands_at(head: Head) -> Condition:
    if head.seq == 0:
        return HeadRecord.pk.does_not_exist()
    stands: Condition = (HeadRecord.seq == head.seq) & (HeadRecord.hash == head.hash)
    return stands
