"""Reading the ledger: by number consistently, and by what the indexes hold."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.indexes import GlobalSecondaryIndex

from nightlatch.adapters.dynamodb.keys import ENTRIES_PER_PARTITION, ledger_key, ledger_partition, padded
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord, entry_of
from nightlatch.adapters.dynamodb.outbox import read_standing
from nightlatch.adapters.dynamodb.reading import PAGE, read_index, read_many, read_one, read_range
from nightlatch.adapters.dynamodb.records import Holder
from nightlatch.domain.ledger import Head, LedgerEntry
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.trail import LedgerIndex

INDEXES: dict[LedgerIndex, GlobalSecondaryIndex[Any]] = {
    LedgerIndex.ACTOR: LedgerRecord.by_actor,
    LedgerIndex.RESOURCE: LedgerRecord.by_resource,
    LedgerIndex.REQUEST: LedgerRecord.by_request,
    LedgerIndex.TYPE_AND_DAY: LedgerRecord.by_type,
    LedgerIndex.SEVERITY: LedgerRecord.by_severity,
}


class DynamoLedger:
    """`retention` is the deployment's own, which holds until an administrator chooses another."""

    def __init__(self, *, clock: Clock, retention: timedelta) -> None:
        self._clock = clock
        self._retention = retention

    def kept(self) -> "DynamoKeptEntries":
        """Read, consistently and in one call, where the chain stands and which settings are in force."""
        at, standing = self._clock(), read_standing(retention=self._retention)
        return DynamoKeptEntries(standing.head, at=at, since=standing.settings.kept_since(at))


class DynamoKeptEntries:
    """Reads entries, but none that are given up. An index may still name the number of such a one.

    Their TTL says nothing here: it is moved only some time after the retention was.
    """

    def __init__(self, head: Head, *, at: datetime, since: datetime) -> None:
        self.head = head
        self.at = at
        self.since = since

    def entry(self, seq: int) -> LedgerEntry | None:
        """Read the entry of a number."""
        record = read_one(LedgerRecord, ledger_key(seq))
        return next(self._served([record] if record else []), None)

    def entries(self, first: int, last: int, *, newest_first: bool = False) -> Iterator[LedgerEntry]:
        """Read the stored entries numbered first..last, in order, consistently and no further than consumed."""
        for partition in self._partitions(first, last, newest_first=newest_first):
            within = LedgerRecord.sk.between(padded(first), padded(last))
            records = read_range(LedgerRecord, ledger_partition(partition), within, newest_first=newest_first)
            yield from self._served(records)

    def by_numbers(self, numbers: Iterable[int]) -> list[LedgerEntry]:
        """Read these entries, in the order given."""
        keys = [ledger_key(seq) for seq in numbers]
        records = read_many(LedgerRecord, keys)
        return list(self._served(records[key] for key in keys if key in records))

    def indexed(self, index: LedgerIndex, value: str, first: int, last: int) -> Iterator[int]:
        """List the numbers within first..last that an index holds for `value`, highest first."""
        if first > last:
            return
        within = LedgerRecord.sk.between(padded(max(first, 0)), padded(last))
        for _, sk in read_index(LedgerRecord, INDEXES[index], value, within, page_size=PAGE):
            yield int(sk)

    def _served(self, records: Iterable[Holder]) -> Iterator[LedgerEntry]:
        entries = (entry_of(record) for record in records)
        return (entry for entry in entries if entry.recorded_at > self.since)

    def _partitions(self, first: int, last: int, *, newest_first: bool) -> Iterable[int]:
        """Name the partitions to read, without those that retention has emptied or that nothing has reached yet."""
        if first > last:
            return ()
        oldest, newest = first // ENTRIES_PER_PARTITION, last // ENTRIES_PER_PARTITION
        if oldest < newest:
            newest = min(newest, self.head.seq // ENTRIES_PER_PARTITION)
            oldest += bisect_left(range(oldest, newest), True, key=self._is_kept)  # noqa: FBT003
        kept = range(oldest, newest + 1)
        return reversed(kept) if newest_first else kept

    def _is_kept(self, partition: int) -> bool:
        # Its last entry goes last. All partitions below the newest are full.
        return self.entry((partition + 1) * ENTRIES_PER_PARTITION - 1) is not None
