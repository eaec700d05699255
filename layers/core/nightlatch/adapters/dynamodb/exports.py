"""Reading exports: a partition for each person, so that nobody can name another's."""

from nightlatch.adapters.dynamodb.keys import Key, exports_of, key_of
from nightlatch.adapters.dynamodb.reading import read_live
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.export import Export
from nightlatch.services.ports.ambient import Clock


@key_of.register
def _(export: Export) -> Key:
    return exports_of(export.person_id), export.id


class DynamoExports:
    """Reads exports, but none whose time is over."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def export(self, person_id: str, export_id: str) -> Export:
        """Read, consistently, one export."""
        record = read_live(StateRecord, (exports_of(person_id), export_id), now=self._clock())
        if record is None:
            raise NotFoundError(f"there is no export {export_id}")
        return value_of(record, Export)

    def latest_exports(self, person_id: str, *, limit: int) -> list[Export]:
        """Read, consistently, somebody's exports, newest first."""
        now = self._clock()
        records = StateRecord.query(exports_of(person_id), consistent_read=True, scan_index_forward=False, limit=limit)
        return [value_of(record, Export) for record in records if record.is_live(now)]
