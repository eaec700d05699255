"""What the sequencer works on. The head's condition is its only lock: of two rivals one appends, the other is told.

The head names the rows that its batch was taken from. They are removed behind the transaction, for in it a removal
costs two write units instead of one; `services.sequencer` says why none is numbered twice.
"""

import json
import zlib
from base64 import b64encode
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Any

from pynamodb.exceptions import AttributeDeserializationError
from pynamodb.expressions.condition import Condition

from nightlatch.adapters.dynamodb.audit_settings import settings_in
from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.foreign_ids import fingerprints_of, mark_of
from nightlatch.adapters.dynamodb.keys import AUDIT_SETTINGS, HEAD, OUTBOX, UNREADABLE
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord, record_of_entry
from nightlatch.adapters.dynamodb.reading import read_many
from nightlatch.adapters.dynamodb.records import HeadRecord, Holder, StateRecord, value_of
from nightlatch.adapters.dynamodb.removing import remove_many
from nightlatch.adapters.dynamodb.transaction import LIMIT, NONE, Transaction
from nightlatch.domain.ledger import ForeignId, Head, LedgerEntry, OutboxRow, PendingEvent, UnreadableRow, WaitingRow
from nightlatch.services.ports.ambient import Randomness
from nightlatch.services.ports.sequencing import Standing, Waiting

LARGEST_BATCH = 400_000
"""Characters of JSON that are appended at once: in the widest alphabet below a transaction's 4 MB.

So they are when no row can be read, and each is written elsewhere and removed.
"""

LARGEST_ROW = 90_000
"""Characters of JSON that wait in one row: in the widest alphabet below an item's 400 KB, deflated or not."""

MOST_EVENTS = 32
"""So many wait in one row: the entries of three such rows, and the head, are a transaction."""

MOST_ROWS = 50
"""So many rows are taken at once: with their keys the head still has one kilobyte, and costs what it costs alone.

Their removal is two calls to the last place. More at once would save calls, and cost as much as it saves.
"""


class DynamoOutbox:
    """`retention` is the deployment's own, which holds until an administrator chooses another."""

    def __init__(self, *, random: Randomness, retention: timedelta) -> None:
        self._random = random
        self._retention = retention

    def standing(self) -> Standing:
        """Read, consistently and in one call, where the chain stands and which settings are in force."""
        return read_standing(retention=self._retention)

    def waiting(self, *, taken: Collection[str]) -> Waiting:
        """Read, consistently, the rows that wait, oldest first, and no more than one transaction can hold.

        A row that was taken may sort behind many that came later, by a clock that is ahead: what the page does not
        reach counts as left over.
        """
        answer = table_of(StateRecord).query(OUTBOX, consistent_read=True, limit=MOST_ROWS)
        found = {item["sk"]["S"]: item for item in answer["Items"]}
        end = answer["LastEvaluatedKey"]["sk"]["S"] if "LastEvaluatedKey" in answer else None
        leftovers = [key for key in taken if key in found or (end is not None and key > end)]
        return Waiting(_fitting([_read(item) for key, item in found.items() if key not in taken]), leftovers)

    def fingerprints(self, ids: Iterable[ForeignId]) -> dict[ForeignId, str]:
        """Read, consistently, which of these are in the ledger."""
        return fingerprints_of(ids)

    def moved_aside(self) -> int:
        """Count the rows that could not be read."""
        return StateRecord.count(UNREADABLE)

    def append(
        self,
        entries: Sequence[LedgerEntry],
        *,
        taking: Sequence[WaitingRow],
        after: Head,
        head: Head,
        retention: timedelta,
    ) -> None:
        """Move the head, which names the rows, and write the entries, to be kept for `retention`, in one transaction.

        A row that is moved aside is removed within it, and not named: it may be put back, to be numbered after all.
        """
        # A conflict here is a rival sequencer, which has done the work: nothing is gained by waiting for it.
        transaction = Transaction(random=self._random, patience=NONE)
        taken = [row.key for row in taking if isinstance(row, OutboxRow)]
        transaction.put(head_record(head, taken=taken), _stands_at(after))
        for row in taking:
            if isinstance(row, UnreadableRow):
                transaction.delete(StateRecord(OUTBOX, row.key), StateRecord.pk.exists())
                aside = StateRecord(UNREADABLE, row.key, body=row.model_dump_json())
                transaction.put(aside, StateRecord.pk.does_not_exist())
        for entry in entries:
            transaction.put(record_of_entry(entry, retention=retention), LedgerRecord.pk.does_not_exist())
            if entry.foreign_id:
                transaction.put(mark_of(entry, entry.foreign_id), StateRecord.pk.does_not_exist())
        transaction.commit()

    def clear(self, keys: Iterable[str]) -> None:
        """Remove the rows of these keys, each by itself."""
        remove_many(StateRecord, ((OUTBOX, key) for key in keys))


class StoredHead(Head):
    """The head as it is stored: with the keys of the rows that its batch was taken from."""

    taken: tuple[str, ...] = ()

    @property
    def head(self) -> Head:
        """What everybody else knows of it."""
        return Head(seq=self.seq, hash=self.hash, recorded_at=self.recorded_at)


def _fitting(read: Sequence[tuple[WaitingRow, int]]) -> list[WaitingRow]:
    """Choose as many of these rows, with their sizes, as a transaction can hold, but at least one."""
    sizes = accumulate(size for _, size in read)
    actions = accumulate(row.writes for row, _ in read)  # and one more: the head
    fitting = sum(size <= LARGEST_BATCH and acting < LIMIT for size, acting in zip(sizes, actions, strict=True))
    return [row for row, _ in read[: max(fitting, 1)]]


def _read(item: Any) -> tuple[WaitingRow, int]:
    """Read a stored row, whatever it is, and how many characters it has. DynamoDB itself vouches for the key alone."""
    key = item["sk"]["S"]
    try:
        record = StateRecord.from_raw_data(item)
        row = value_of(record, OutboxRow)
    except (AttributeDeserializationError, ValueError, zlib.error):
        row = None
    if row is None or row.key != key:
        content = json.dumps(item, sort_keys=True, default=lambda binary: b64encode(binary).decode())
        return UnreadableRow(key=key, content=content), len(content)
    return row, len(record.body)


def rows_of(events: Iterable[PendingEvent]) -> list[OutboxRow]:
    """Divide what one commit tells into rows: into one, unless that were too many or too much."""
    rows: list[list[PendingEvent]] = []
    room = 0
    for event in events:
        size = len(event.model_dump_json())
        if not rows or size > room or len(rows[-1]) == MOST_EVENTS:
            rows.append([])
            room = LARGEST_ROW
        rows[-1].append(event)
        room -= size
    return [OutboxRow(events=tuple(row)) for row in rows]


def read_standing(*, retention: timedelta) -> Standing:
    """Read where the chain stands, and the settings in force; `retention` is the deployment's own."""
    records = read_many(StateRecord, [HEAD, AUDIT_SETTINGS])
    settings = settings_in(records.get(AUDIT_SETTINGS), retention=retention)
    stored = _stored_head(records.get(HEAD))
    return Standing(stored.head, settings, stored.taken)


def head_in(record: Holder | None) -> Head:
    """Read the head."""
    return _stored_head(record).head


def _stored_head(record: Holder | None) -> StoredHead:
    """Read the head; before the first entry there is no item."""
    return value_of(record, StoredHead) if record else StoredHead()


def head_record(head: Head, *, taken: Sequence[str] = ()) -> HeadRecord:
    """Lay out the head, with the keys of the rows that were taken for it."""
    stored = StoredHead(**dict(head), taken=tuple(taken))
    return HeadRecord(*HEAD, body=stored.model_dump_json(), seq=head.seq, hash=head.hash)


def _stands_at(head: Head) -> Condition:
    if head.seq == 0:
        return HeadRecord.pk.does_not_exist()
    stands: Condition = (HeadRecord.seq == head.seq) & (HeadRecord.hash == head.hash)
    return stands
