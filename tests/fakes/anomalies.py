"""Reading anomalies, lanes, memories and their settings in memory: what the store in memory holds of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nightlatch.domain.alert_rule import AlertRule, in_force
from nightlatch.domain.anomaly import Anomaly
from nightlatch.domain.anomaly_settings import AnomalySettings
from nightlatch.domain.detection import Subject
from nightlatch.domain.detection_lane import LIVE, DetectionLane, DetectorMemory
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.services.ports.anomalies import AnomalyFilter, place_of
from tests.fakes.store import ANOMALIES, InMemoryStore


@dataclass
class InMemoryAnomalies:
    """Implements the five ports over a store."""

    store: InMemoryStore

    # Anomalies

    def anomaly(self, anomaly_id: str) -> Anomaly:
        """Read one."""
        return self.store._live(Anomaly, anomaly_id, f"there is no anomaly {anomaly_id}")

    def known(self, ids: Iterable[str]) -> set[str]:
        """Say which there are."""
        return {anomaly_id for anomaly_id in ids if self.store._one(Anomaly, anomaly_id)}

    def candidates(self, wanted: AnomalyFilter, *, expected: int = 0) -> Iterator[Anomaly]:
        """Read all of the wanted time and place, the latest detected first."""
        for anomaly in sorted(self.store._all(Anomaly), key=place_of, reverse=True):
            if wanted.admits_place_of(anomaly) and self.store._is_live((Anomaly, anomaly.id)):
                yield anomaly

    # Lanes and memories

    def lane(self, lane_id: str) -> DetectionLane:
        """Read a lane."""
        if lane_id == LIVE:
            return self.store._one(DetectionLane, LIVE) or DetectionLane(id=LIVE)
        return self.store._live(DetectionLane, lane_id, f"there is no lane {lane_id}")

    def lanes(self) -> list[DetectionLane]:
        """Read every lane."""
        live = [one for one in self.store._all(DetectionLane) if self.store._is_live((DetectionLane, one.id))]
        return sorted(live, key=lambda lane: lane.id)

    def memories(self, lane_id: str, subjects: Iterable[Subject]) -> dict[Subject, DetectorMemory]:
        """Read what is remembered of these."""
        wanted = {(lane_id, *subject) for subject in subjects}
        memories = self.store._all(DetectorMemory)
        return {(one.kind, one.subject): one for one in memories if (one.lane, one.kind, one.subject) in wanted}

    # Settings and rules

    def alert_rules(self) -> list[AlertRule]:
        """Read every rule."""
        return in_force(list(self.store._all(AlertRule)))

    def anomaly_settings(self) -> AnomalySettings:
        """Read the settings."""
        return self.store._one(AnomalySettings, ANOMALIES) or AnomalySettings()


@dataclass
class FakeDetectionWorkers:
    """Remembers which replays somebody was to work on; while it is `down`, nobody can be woken."""

    woken: list[str] = field(default_factory=list)
    is_down: bool = False

    def work_on(self, lane_id: str) -> None:
        """Remember a replay."""
        if self.is_down:
            raise StoreUnavailableError("no worker can be woken")
        self.woken.append(lane_id)
