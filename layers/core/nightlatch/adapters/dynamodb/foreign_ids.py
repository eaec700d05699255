"""By what ids other systems know their entries. The sequencer marks each in the transaction that writes the entry."""

from collections.abc import Iterable
from datetime import timedelta

from nightlatch.adapters.dynamodb.keys import foreign_key
from nightlatch.adapters.dynamodb.reading import read_many
from nightlatch.adapters.dynamodb.records import StateRecord, epoch_seconds
from nightlatch.domain.ledger import INGESTED, ForeignId, LedgerEntry

KEPT = timedelta(days=30)


class DynamoForeignIds:
    """Reads the marks."""

    def fingerprints(self, ids: Iterable[ForeignId]) -> dict[ForeignId, str]:
        """Read, consistently, which of these are in the ledger, each with the SHA-256 of what was sent."""
        return fingerprints_of(ids)


def fingerprints_of(ids: Iterable[ForeignId]) -> dict[ForeignId, str]:
    """Read the marks of these ids. One that DynamoDB has not removed yet counts, though its time be over."""
    keys = {foreign_id: foreign_key(foreign_id) for foreign_id in ids}
    records = read_many(StateRecord, keys.values())
    return {foreign_id: records[key].body for foreign_id, key in keys.items() if key in records}


def mark_of(entry: LedgerEntry, foreign_id: ForeignId) -> StateRecord:
    """Lay out the mark of an entry."""
    told = entry.details[INGESTED]
    sent = str(told["sha256"]) if isinstance(told, dict) else ""
    return StateRecord(*foreign_key(foreign_id), body=sent, expires_at=epoch_seconds(entry.recorded_at + KEPT))
