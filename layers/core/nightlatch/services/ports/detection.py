"""What the finding of anomalies rests on: rules, lanes, memories."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from nightlatch.domain.alert_rule import AlertRule
from nightlatch.domain.detection import Subject
from nightlatch.domain.detection_lane import DetectionLane, DetectorMemory


class Lanes(Protocol):
    """Reading how far runs of the detectors have come."""

    def lane(self, lane_id: str) -> DetectionLane:
        """Read one, consistently; the lane `live` is at version 0 before its first step. Raises NotFoundError."""
        ...

    def lanes(self) -> list[DetectionLane]:
        """Read every lane, consistently, by id."""
        ...


class Memories(Protocol):
    """Reading what detectors remember."""

    def memories(self, lane_id: str, subjects: Iterable[Subject]) -> Mapping[Subject, DetectorMemory]:
        """Read, consistently and in batches, what is remembered of these; what is not known is left out."""
        ...


class DetectionWorkers(Protocol):
    """Whoever looks through the past."""

    def work_on(self, lane_id: str) -> None:
        """Let a worker go on with a replay, without waiting; raise StoreUnavailableError when none can be woken."""
        ...


class AlertRules(Protocol):
    """Reading alert rules."""

    def alert_rules(self) -> list[AlertRule]:
        """Read every rule, consistently, by id: also those that come with Nightlatch and are not stored."""
        ...
