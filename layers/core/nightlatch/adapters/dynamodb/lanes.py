"""Reading how far runs of the detectors have come, and what they remember."""

from collections.abc import Iterable

from nightlatch.adapters.dynamodb.keys import LANES, Key, key_of, memory_key
from nightlatch.adapters.dynamodb.reading import read_live, read_many
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.detection import Subject
from nightlatch.domain.detection_lane import LIVE, DetectionLane, DetectorMemory
from nightlatch.domain.errors import NotFoundError
from nightlatch.services.ports.ambient import Clock


@key_of.register
def _(lane: DetectionLane) -> Key:
    return LANES, lane.id


@key_of.register
def _(memory: DetectorMemory) -> Key:
    return memory_key(memory.lane, (memory.kind, memory.subject))


class DynamoLanes:
    """Reads lanes, but none whose time is over."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def lane(self, lane_id: str) -> DetectionLane:
        """Read one, consistently; the lane `live` is at version 0 before its first step."""
        record = read_live(StateRecord, (LANES, lane_id), now=self._clock())
        if record:
            return value_of(record, DetectionLane)
        if lane_id != LIVE:
            raise NotFoundError(f"there is no lane {lane_id}")
        return DetectionLane(id=LIVE)

    def lanes(self) -> list[DetectionLane]:
        """Read every lane, consistently, by id."""
        now, records = self._clock(), StateRecord.query(LANES, consistent_read=True)
        return [value_of(record, DetectionLane) for record in records if record.is_live(now)]


class DynamoMemories:
    """Reads memories, also those whose time is over: the detectors go by the times that they remember."""

    def memories(self, lane_id: str, subjects: Iterable[Subject]) -> dict[Subject, DetectorMemory]:
        """Read, consistently and in batches, what is remembered of these; what is not known is left out."""
        keys = {memory_key(lane_id, subject): subject for subject in subjects}
        return {keys[key]: value_of(record, DetectorMemory) for key, record in read_many(StateRecord, keys).items()}
