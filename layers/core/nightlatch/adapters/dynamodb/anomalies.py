"""Reading anomalies: by id, and month by month by the time of their detection."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from nightlatch.adapters.dynamodb.keys import ANOMALIES, Key, anomaly_key, key_of
from nightlatch.adapters.dynamodb.reading import PAGE, pages, read_index, read_live, read_many
from nightlatch.adapters.dynamodb.records import StateRecord, record_of, value_of
from nightlatch.domain.anomaly import Anomaly
from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.value import rfc3339
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.anomalies import AnomalyFilter, place_of

OLDEST = timedelta(days=2 * 366)
"""So long ago may have been detected what is still kept: it is kept for a year at most after the last change of it."""

BELOW_ALL, ABOVE_ALL = " ", "~"


class AnomalyRecord(StateRecord):
    """An anomaly, with what the list finds it by: the time of its detection."""

    id = UnicodeAttribute()
    month = UnicodeAttribute()


@key_of.register
def _(anomaly: Anomaly) -> Key:
    return anomaly_key(anomaly.id)


@record_of.register
def _(anomaly: Anomaly, *, expires_at: int | None = None) -> StateRecord:
    return AnomalyRecord(
        *anomaly_key(anomaly.id),
        version=anomaly.version,
        body=anomaly.model_dump_json(),
        expires_at=expires_at,
        id=place_of(anomaly),
        month=anomalies_of(anomaly.detected_at),
    )


def anomalies_of(month: datetime) -> str:
    """Name a month's anomalies in the index."""
    return f"{ANOMALIES}{month:%Y-%m}"


class DynamoAnomalies:
    """Reads anomalies, but none whose time is over."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def anomaly(self, anomaly_id: str) -> Anomaly:
        """Read one, consistently."""
        record = read_live(StateRecord, anomaly_key(anomaly_id), now=self._clock())
        if record is None:
            raise NotFoundError(f"there is no anomaly {anomaly_id}")
        return value_of(record, Anomaly)

    def known(self, ids: Iterable[str]) -> set[str]:
        """Say, consistently, which of these there are, also past their time: no other can take their place yet."""
        keys = {anomaly_key(anomaly_id): anomaly_id for anomaly_id in ids}
        return {keys[key] for key in read_many(StateRecord, keys)}

    def candidates(self, wanted: AnomalyFilter, *, expected: int = 0) -> Iterator[Anomaly]:
        """Read all of the wanted time and place, the latest detected first, no further than consumed."""
        now = self._clock()
        newest = min(at for at in (now, wanted.until, _time_in(wanted.below)) if at)
        for month in _months(newest, max(wanted.since or now - OLDEST, now - OLDEST)):
            yield from filter(wanted.admits_place_of, _of(month, wanted, now, expected=expected))


def _of(month: datetime, wanted: AnomalyFilter, now: datetime, *, expected: int) -> Iterator[Anomaly]:
    low = rfc3339(wanted.since) if wanted.since else BELOW_ALL
    high = wanted.below or (rfc3339(wanted.until) if wanted.until else ABOVE_ALL)
    within = AnomalyRecord.id.between(low, high)
    if low > high:
        return
    keys = read_index(StateRecord, StateRecord.by_month, anomalies_of(month), within, page_size=PAGE + 1)
    for page in pages(keys, expected=expected):
        records = read_many(StateRecord, page)
        live = (records[key] for key in page if key in records and records[key].is_live(now))
        yield from (value_of(record, Anomaly) for record in live)


def _time_in(place: str | None) -> datetime | None:
    return datetime.fromisoformat(place.partition("#")[0]) if place else None


def _months(newest: datetime, oldest: datetime) -> Iterator[datetime]:
    first = newest.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = oldest.astimezone(UTC)
    while (first.year, first.month) >= (last.year, last.month):
        yield first
        first = (first - timedelta(days=1)).replace(day=1)
