"""What the sequencer works on. The head's condition is its only lock: of two rivals one appends, the other is told."""

import json
import zlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
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
from nightlatch.adapters.dynamodb.transaction import LIMIT, NONE, Transaction
from nightlatch.domain.ledger import ForeignId, Head, LedgerEntry, OutboxRow, PendingEvent, UnreadableRow, WaitingRow
from nightlatch.services.ports.ambient import Randomness
from nightlatch.services.ports.sequencing import Standing

LARGEST_BATCH = 400_000
"""Characters of JSON that are appended, and deleted, at once: in the widest alphabet below a transaction's 4 MB."""

LARGEST_ROW = 90_000
"""Characters of JSON that wait in one row: in the widest alphabet below an item's 400 KB, deflated or not."""

MOST_EVENTS = 32
"""So many wait in one row: three such rows, their entries and the head are a transaction, to the last action."""

MOST_ROWS = (LIMIT - 1) // 2
"""So many rows of one event each are appended at once: the head, their entries and their deletes."""


class DynamoOutbox:
    """`retention` is the deployment's own, which holds until an administrator chooses another."""

    def __init__(self, *, random: Randomness, retention: timedelta) -> None:
        self._random = random
        self._retention = retention

    def standing(self) -> Standing:
        """Read, consistently and in one call, where the chain stands and which settings are in force."""
        return read_standing(retention=self._retention)

    def waiting(self) -> list[WaitingRow]:
        """Read, consistently, the rows that wait, oldest first, and no more than one transaction can hold."""
        items = table_of(StateRecord).query(OUTBOX, consistent_read=True, limit=MOST_ROWS)["Items"]
        read = [_read(item) for item in items]
        rows = [row for row, _ in read]
        sizes = accumulate(size for _, size in read)
        actions = accumulate(1 + row.writes for row in rows)  # and one more: the head
        fitting = sum(size <= LARGEST_BATCH and acting < LIMIT for size, acting in zip(sizes, actions, strict=True))
        return rows[: max(fitting, 1)]

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
        clearing: Sequence[WaitingRow],
        after: Head,
        head: Head,
        retention: timedelta,
    ) -> None:
        """Move the head, write the entries, to be kept for `retention`, and clear the rows in one transaction.

        That every event is numbered once rests on the deletes: a row that is gone is refused.
        """
        # A conflict here is a rival sequencer, which has done the work: nothing is gained by waiting for it.
        transaction = Transaction(random=self._random, patience=NONE)
        transaction.put(head_record(head), _stands_at(after))
        for row in clearing:
            transaction.delete(StateRecord(OUTBOX, row.key), StateRecord.pk.exists())
            if isinstance(row, UnreadableRow):
                aside = StateRecord(UNREADABLE, row.key, body=row.model_dump_json())
                transaction.put(aside, StateRecord.pk.does_not_exist())
        for entry in entries:
            transaction.put(record_of_entry(entry, retention=retention), LedgerRecord.pk.does_not_exist())
            if entry.foreign_id:
                transaction.put(mark_of(entry, entry.foreign_id), StateRecord.pk.does_not_exist())
        transaction.commit()


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
    return Standing(head_in(records.get(HEAD)), settings_in(records.get(AUDIT_SETTINGS), retention=retention))


def head_in(record: Holder | None) -> Head:
    """Read the head; before the first entry there is no item."""
    return value_of(record, Head) if record else Head()


def head_record(head: Head) -> HeadRecord:
    """Lay out the head."""
    return HeadRecord(*HEAD, body=head.model_dump_json(), seq=head.seq, hash=head.hash)


def _stands_at(head: Head) -> Condition:
    if head.seq == 0:
        return HeadRecord.pk.does_not_exist()
    stands: Condition = (HeadRecord.seq == head.seq) & (HeadRecord.hash == head.hash)
    return stands
