"""Reading anomalies, and what finding them rests on: settings, lanes, memories."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nightlatch.domain.anomaly import Anomaly, AnomalySeverity, AnomalyState, AnomalyType
from nightlatch.domain.anomaly_settings import AnomalySettings
from nightlatch.domain.detection import Subject
from nightlatch.domain.detection_lane import DetectionLane, DetectorMemory


@dataclass(frozen=True)
class AnomalyFilter:
    """Which anomalies are wanted. None means any; of several values one is enough; all that is not None must be so.

    `since` is inclusive, `until` exclusive, both by detection. `before` goes on below an anomaly that was listed last.
    """

    types: frozenset[AnomalyType] | None = None
    severities: frozenset[AnomalySeverity] | None = None
    states: frozenset[AnomalyState] | None = None
    resource_types: frozenset[str] | None = None
    requesters: frozenset[str] | None = None
    integrations: frozenset[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: Anomaly | None = None

    def admits(self, anomaly: Anomaly) -> bool:
        """Whether an anomaly is wanted."""
        finding = anomaly.finding
        return (
            _is_one_of(self.types, finding.type)
            and _is_one_of(self.severities, finding.severity)
            and _is_one_of(self.states, anomaly.state)
            and _is_one_of(self.resource_types, *(resource.type for resource in finding.resources))
            and _is_one_of(self.requesters, *([finding.requester.id] if finding.requester else []))
            and _is_one_of(self.integrations, *([finding.integration] if finding.integration else []))
            and (self.since is None or anomaly.detected_at >= self.since)
            and (self.until is None or anomaly.detected_at < self.until)
            and (self.before is None or place_of(anomaly) < place_of(self.before))
        )


class Anomalies(Protocol):
    """Reading anomalies."""

    def anomaly(self, anomaly_id: str) -> Anomaly:
        """Read one, consistently. Raises NotFoundError."""
        ...

    def known(self, ids: Iterable[str]) -> set[str]:
        """Say, consistently, which of these there are."""
        ...

    def find(self, wanted: AnomalyFilter) -> Iterator[Anomaly]:
        """Read those that are wanted, the latest detected first, no further than consumed."""
        ...


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


class AnomalySettingsStore(Protocol):
    """Reading what is decided about the finding of anomalies."""

    def anomaly_settings(self) -> AnomalySettings:
        """Read, consistently, the settings in force; version 0 when nobody has chosen anything."""
        ...


def place_of(anomaly: Anomaly) -> tuple[datetime, str]:
    """Say where an anomaly stands in the list."""
    return anomaly.detected_at, anomaly.id


def _is_one_of(wanted: frozenset[str] | None, *values: str) -> bool:
    return wanted is None or not wanted.isdisjoint(values)
