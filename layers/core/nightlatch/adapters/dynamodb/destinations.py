"""Reading destinations, how far they have come, and what came of each attempt."""

from collections.abc import Sequence

from nightlatch.adapters.dynamodb.keys import DESTINATIONS, Key, deliveries_of, key_of, progress_key
from nightlatch.adapters.dynamodb.reading import read_live, read_many
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.delivery import Delivery, Progress
from nightlatch.domain.destination import Destination
from nightlatch.domain.errors import NotFoundError
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.deliveries import Standing


@key_of.register
def _(destination: Destination) -> Key:
    return DESTINATIONS, destination.id


@key_of.register
def _(progress: Progress) -> Key:
    return progress_key(progress.id)


@key_of.register
def _(delivery: Delivery) -> Key:
    return deliveries_of(delivery.destination_id), delivery.id


class DynamoDestinations:
    """Reads destinations; of the log, only lines whose time is not over."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def destinations(self) -> list[Destination]:
        """Read every destination, by id."""
        return [value_of(record, Destination) for record in StateRecord.query(DESTINATIONS, consistent_read=True)]

    def standing_of(self, destination_id: str) -> Standing | None:
        """Read one, and how far it has come, in one call."""
        key = (DESTINATIONS, destination_id)
        records = read_many(StateRecord, [key, progress_key(destination_id)])
        if len(records) < 2:  # noqa: PLR2004  (the two that were asked for: they come and go together)
            return None
        progress = value_of(records[progress_key(destination_id)], Progress)
        return Standing(value_of(records[key], Destination), progress)

    def standings(self) -> list[Standing]:
        """Read all, and how far they have come."""
        destinations = self.destinations()
        records = read_many(StateRecord, [progress_key(one.id) for one in destinations])
        kept = [(one, records.get(progress_key(one.id))) for one in destinations]
        return [Standing(one, value_of(record, Progress)) for one, record in kept if record]

    def delivery(self, destination_id: str, delivery_id: str) -> Delivery:
        """Read a line of the log."""
        record = read_live(StateRecord, (deliveries_of(destination_id), delivery_id), now=self._clock())
        if record is None:
            raise NotFoundError(f"destination {destination_id} has no delivery {delivery_id}")
        return value_of(record, Delivery)

    def deliveries(self, destination_id: str, *, below: str | None, limit: int) -> Sequence[Delivery]:
        """Read lines of the log, newest first, below an id."""
        now, older = self._clock(), StateRecord.sk < below if below else None
        records = StateRecord.query(
            deliveries_of(destination_id), older, consistent_read=True, scan_index_forward=False, limit=limit
        )
        return [value_of(record, Delivery) for record in records if record.is_live(now)]
