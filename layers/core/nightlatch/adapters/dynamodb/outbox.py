"""What the sequencer works on. The head's condition is its only lock: of two rivals one appends, the other is told."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate

from pynamodb.expressions.condition import Condition

from nightlatch.adapters.dynamodb.audit_settings import settings_in
from nightlatch.adapters.dynamodb.keys import AUDIT_SETTINGS, HEAD, OUTBOX
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord, record_of_entry
from nightlatch.adapters.dynamodb.reading import read_many
from nightlatch.adapters.dynamodb.records import HeadRecord, StateRecord, value_of
from nightlatch.adapters.dynamodb.transaction import NONE, Transaction
from nightlatch.domain.ledger import Head, LedgerEntry, PendingEvent
from nightlatch.domain.value import rfc3339
from nightlatch.services.ports import Randomness, Standing

LARGEST_BATCH = 400_000
"""Characters of JSON that are appended, and deleted, at once: in the widest alphabet below a transaction's 4 MB."""


class DynamoOutbox:
    """`retention` is the deployment's own, which holds until an administrator chooses another."""

    def __init__(self, *, random: Randomness, retention: timedelta) -> None:
        self._random = random
        self._retention = retention

    def standing(self) -> Standing:
        """Read, consistently and in one call, where the chain stands and which retention is in force."""
        return read_standing(retention=self._retention)

    def pending(self, *, limit: int) -> list[PendingEvent]:
        """Read, consistently, the events that wait, oldest first, and no more than one transaction can hold."""
        records = list(StateRecord.query(OUTBOX, consistent_read=True, limit=limit))
        sizes = accumulate(len(record.body) for record in records)
        fitting = sum(size <= LARGEST_BATCH for size in sizes)
        return [value_of(record, PendingEvent) for record in records[: max(fitting, 1)]]

    def append(self, entries: Sequence[LedgerEntry], *, after: Head, head: Head, retention: timedelta) -> None:
        """Move the head, write the entries, to be kept for `retention`, and clear them from the outbox at once.

        At most 49 at a time: each is two items of a hundred.
        """
        # A conflict here is a rival sequencer, which has done the work: nothing is gained by waiting for it.
        transaction = Transaction(random=self._random, patience=NONE)
        transaction.put(_head_record(head), _stands_at(after))
        for entry in entries:
            transaction.delete(StateRecord(OUTBOX, entry.event_id), StateRecord.pk.exists())
            transaction.put(record_of_entry(entry, retention=retention), LedgerRecord.pk.does_not_exist())
        transaction.commit()


def read_standing(*, retention: timedelta) -> Standing:
    """Read where the chain stands, and the retention in force; `retention` is the deployment's own."""
    records = read_many(HeadRecord, [HEAD, AUDIT_SETTINGS])
    settings = settings_in(records.get(AUDIT_SETTINGS), retention=retention)
    return Standing(head_in(records.get(HEAD)), settings.retention)


def head_in(record: HeadRecord | None) -> Head:
    """Read the head; before the first entry there is no item."""
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
