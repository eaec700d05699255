"""The times at which stored entries expire. This is the only place that changes an item of the Ledger table.

The rights of the function that uses it say so too: `expires_at`, and no other attribute.
"""

from datetime import UTC, datetime, timedelta

from pynamodb.exceptions import UpdateError

from nightlatch.adapters.dynamodb.audit_settings import settings_in
from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.keys import (
    AUDIT_SETTINGS,
    ENTRIES_PER_PARTITION,
    HEAD,
    RETENTION_WALK,
    Key,
    key_of,
    ledger_key,
    ledger_partition,
    padded,
)
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord, entry_of
from nightlatch.adapters.dynamodb.outbox import head_in
from nightlatch.adapters.dynamodb.reading import PAGE, read_many
from nightlatch.adapters.dynamodb.records import StateRecord, epoch_seconds, value_of
from nightlatch.domain.retention_walk import RetentionWalk
from nightlatch.services.ports.keeping import Bearings, StoredTime, StoredTimes


@key_of.register
def _(_: RetentionWalk) -> Key:
    return RETENTION_WALK


class DynamoKeeping:
    """`retention` is the deployment's own, which holds until an administrator chooses another."""

    def __init__(self, *, retention: timedelta) -> None:
        self._retention = retention

    def bearings(self) -> Bearings:
        """Read, consistently and in one call, the settings, the head of the chain and the walk."""
        records = read_many(StateRecord, [AUDIT_SETTINGS, HEAD, RETENTION_WALK])
        walk = records.get(RETENTION_WALK)
        return Bearings(
            settings=settings_in(records.get(AUDIT_SETTINGS), retention=self._retention),
            head=head_in(records.get(HEAD)),
            walk=value_of(walk, RetentionWalk) if walk else None,
            deployed=self._retention,
        )

    def stored(self, first: int) -> StoredTimes:
        """Read the times of some entries from a number on, within one partition."""
        partition = first // ENTRIES_PER_PARTITION
        records = LedgerRecord.query(
            ledger_partition(partition),
            LedgerRecord.sk >= padded(first),
            consistent_read=True,
            limit=PAGE,
            page_size=PAGE,
        )
        times = [_time_of(record) for record in records]
        following = times[-1].seq + 1 if len(times) == PAGE else (partition + 1) * ENTRIES_PER_PARTITION
        return StoredTimes(times, following)

    def let_expire(self, seq: int, *, at: datetime) -> None:
        """Move the time of an entry; one that is not stored any more stays away."""
        pk, sk = ledger_key(seq)
        change = LedgerRecord.expires_at.set(epoch_seconds(at))
        try:
            table_of(LedgerRecord).update_item(pk, sk, actions=[change], condition=LedgerRecord.pk.exists())
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise


def _time_of(record: LedgerRecord) -> StoredTime:
    entry = entry_of(record)
    expires_at = None if record.expires_at is None else datetime.fromtimestamp(record.expires_at, UTC)
    return StoredTime(entry.seq, recorded_at=entry.recorded_at, expires_at=expires_at)
