"""Reading where sealing stands."""

from nightlatch.adapters.dynamodb.keys import SEAL, Key, key_of
from nightlatch.adapters.dynamodb.reading import read_one
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.seal import SealState


@key_of.register
def _(_: SealState) -> Key:
    return SEAL


class DynamoSeals:
    """Reads the one item."""

    def seal_state(self) -> SealState:
        """Read, consistently, where sealing stands; version 0 before the first seal."""
        record = read_one(StateRecord, SEAL)
        return value_of(record, SealState) if record else SealState()
