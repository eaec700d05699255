"""Detection: the detectors look at the ledger's next entries, and what they found and remember is kept at once.

A step is one transaction that moves the lane on. So each entry is looked at once, whoever rings how often, wherever a
worker dies: of rivals one moves the lane, the others are told and look again.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from pydantic import ValidationError

from nightlatch.domain.anomaly import Anomaly, Finding
from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.change import Change, together
from nightlatch.domain.detection import Detector, Sight, Subject, look_through, subjects_of
from nightlatch.domain.detection_lane import LIVE, DetectionLane, DetectorMemory, Example
from nightlatch.domain.detectors.registry import alert_rules, detectors
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.anomalies import Anomalies
from nightlatch.services.ports.anomaly_settings import AnomalySettingsStore
from nightlatch.services.ports.detection import AlertRules, Lanes, Memories
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.ports.writing import UnitOfWork

CHUNK = 300
"""So many entries are read for one step: most are no detector's concern."""

ROOM = 80
"""So many items are kept in one step beside the lane, out of a transaction's hundred."""

ORIGIN = Origin.model_construct(source=Source.SYSTEM)


class Step(NamedTuple):
    """What a step has come to: with which number the lane goes on, at how many entries it looked, what it found."""

    next_seq: int
    entries: int
    findings: tuple[Finding, ...]


class Detection:
    """Takes the steps of lanes."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        ledger: Ledger,
        lanes: Lanes,
        memories: Memories,
        anomalies: Anomalies,
        settings: AnomalySettingsStore,
        rules: AlertRules,
        clock: Clock,
        zone: str,
        chunk: int = CHUNK,
        room: int = ROOM,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._ledger = ledger
        self._lanes = lanes
        self._memories = memories
        self._anomalies = anomalies
        self._settings = settings
        self._rules = rules
        self._clock = clock
        self._zone = zone
        self._chunk = chunk
        self._room = room

    def unfinished(self) -> list[str]:
        """List the lanes that may have something to do, the live one first."""
        replays = [lane.id for lane in self._lanes.lanes() if lane.is_unfinished and not lane.is_live]
        return [LIVE, *replays]

    def step(self, lane_id: str = LIVE) -> Step | None:
        """Look at a lane's next entries; None when there are none now.

        Raises RivalChangeError when somebody else has moved the lane on.
        """
        lane = self._lanes.lane(lane_id)
        kept = self._ledger.kept()
        end = lane.end(kept.head.seq)
        if not lane.is_unfinished or lane.next_seq > end:
            return None
        entries = list(islice(kept.entries(lane.next_seq, end), self._chunk))
        sight, remembered = self._sight(lane, entries)
        # What retention has passed is gone: a lane that was that far behind goes on with the oldest that is kept.
        next_seq = entries[sight.entries - 1].seq + 1 if entries else end + 1
        return self._keep(lane, next_seq, sight, remembered)

    def _sight(self, lane: DetectionLane, entries: list[LedgerEntry]) -> tuple[Sight, Mapping[Subject, DetectorMemory]]:
        looking = self._detectors(lane)
        remembered = self._memories.memories(lane.id, subjects_of(entries, looking))
        known = {subject: _read(memory, looking) for subject, memory in remembered.items()}
        return look_through(entries, looking, known, room=self._room), remembered

    def _detectors(self, lane: DetectionLane) -> tuple[Detector, ...]:
        if lane.rule:
            return alert_rules([lane.rule])
        choices = lane.choices or self._settings.anomaly_settings().choices
        return detectors(choices, self._rules.alert_rules(), zone=self._zone)

    def _keep(
        self, lane: DetectionLane, next_seq: int, sight: Sight, remembered: Mapping[Subject, DetectorMemory]
    ) -> Step:
        now = self._clock()
        wanted = {finding.anomaly_id: (finding, entry) for finding, entry in _first_of_each(sight, lane)}
        found = tuple(finding for finding, _ in wanted.values())
        examples = [Example.of(finding, at=entry.recorded_at) for finding, entry in wanted.values()]
        moved = Change(lane.moved(next_seq, found, examples), (), tuple(_memories(lane, sight, remembered, now=now)))
        known = set() if lane.dry_run else self._anomalies.known(wanted)
        told = [
            Anomaly.detected(finding, at=entry.recorded_at, told_at=now)
            for anomaly_id, (finding, entry) in wanted.items()
            if not lane.dry_run and anomaly_id not in known
        ]
        self._unit_of_work.commit(together(moved, *told), origin=ORIGIN)
        return Step(next_seq, sight.entries, found)


def _first_of_each(sight: Sight, lane: DetectionLane) -> Iterator[tuple[Finding, LedgerEntry]]:
    """List the findings that count, the first of each id last: it is what a mapping then holds."""
    return ((finding, entry) for finding, entry in reversed(sight.findings) if lane.wants(entry.recorded_at))


def _memories(
    lane: DetectionLane, sight: Sight, remembered: Mapping[Subject, DetectorMemory], *, now: datetime
) -> Iterator[DetectorMemory]:
    for subject, (value, entry) in sight.memories.items():
        until = lane.remembered_until(entry.recorded_at, kind=subject[0], now=now)
        before = remembered.get(subject) or DetectorMemory(
            lane=lane.id, kind=subject[0], subject=subject[1], kept_until=until
        )
        yield before.changed(body=value.model_dump(mode="json"), kept_until=until)


def _read(memory: DetectorMemory, looking: Iterable[Detector]) -> Value:
    """Read what is remembered; what another version of Nightlatch wrote in other words is forgotten."""
    kind = next(detector.memory for detector in looking if detector.kind is memory.kind)
    try:
        return kind.model_validate(memory.body)
    except ValidationError:
        return kind()
