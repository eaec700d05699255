"""Reading the people whom Nightlatch has met."""

from nightlatch.adapters.dynamodb.keys import PEOPLE
from nightlatch.adapters.dynamodb.reading import read_one
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.people import KnownPerson


class DynamoPeople:
    """Reads people."""

    def person(self, person_id: str) -> KnownPerson | None:
        """Read what is known of one."""
        record = read_one(StateRecord, (PEOPLE, person_id))
        return value_of(record, KnownPerson) if record else None

    def people(self) -> list[KnownPerson]:
        """Read everybody, by id."""
        return [value_of(record, KnownPerson) for record in StateRecord.query(PEOPLE, consistent_read=True)]
