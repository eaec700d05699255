"""Replays: looking through the past once more, perhaps with other settings, or with a rule that is only tried."""

from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from nightlatch.domain.alert_rule import AlertRule
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.detection_lane import DetectionLane, replay_asked
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import Fault, InvalidInputError, LimitReachedError, NotFoundError, StoreUnavailableError
from nightlatch.domain.identifier import RANDOM_BYTES, prefixed, uuid7
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.call import Call
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.detection import DetectionWorkers, Lanes
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.ports.writing import UnitOfWork

MOST_UNDER_WAY = 3


class Past(NamedTuple):
    """What is to be looked through, and by what: the settings in force, others, or one rule alone."""

    since: datetime
    until: datetime | None
    dry_run: bool
    choices: AnomalyChoices | None = None
    rule: AlertRule | None = None


class Replays:
    """The use cases of administrators who look through the past, and of auditors who see what came of it."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        ledger: Ledger,
        lanes: Lanes,
        workers: DetectionWorkers,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._ledger = ledger
        self._lanes = lanes
        self._workers = workers
        self._clock = clock
        self._randomness = randomness

    def show(self, replay_id: str) -> DetectionLane:
        """Say how far a replay has come, and what it has found."""
        lane = self._lanes.lane(replay_id)
        if lane.is_live:
            raise NotFoundError(f"no replay {replay_id}")
        return lane

    def start(self, past: Past, call: Call) -> DetectionLane:
        """Let the past be looked through. When no worker can be woken, the next sweep begins."""
        if earlier := call.earlier_result(self._unit_of_work):
            return self.show(earlier)
        if sum(lane.is_unfinished and not lane.is_live for lane in self._lanes.lanes()) >= MOST_UNDER_WAY:
            raise LimitReachedError(f"{MOST_UNDER_WAY} replays are under way already")
        now = self._clock()
        change = replay_asked(self._lane(past, now), by=call.principal, at=now)
        self._unit_of_work.commit(change, origin=call.origin, receipt=call.receipt(change.state.id))
        with suppress(StoreUnavailableError):
            self._workers.work_on(change.state.id)
        return change.state

    def _lane(self, past: Past, now: datetime) -> DetectionLane:
        trail = AuditTrail(ledger=self._ledger)
        first, last = trail.stretch(EntryFilter(since=past.since, until=past.until))
        if first > last:
            raise InvalidInputError(Fault("/since", "nothing that is kept was recorded in that time"))
        # What is remembered of earlier times counts too: of all that is kept, or of a rule's window.
        earlier = EntryFilter(since=past.since - past.rule.choices.window) if past.rule else EntryFilter()
        begin, _ = trail.stretch(earlier)
        return DetectionLane(
            version=1,
            id=prefixed("rpl", uuid7(now, random=self._randomness(RANDOM_BYTES))),
            begin=begin,
            next_seq=begin,
            until=last,
            since=past.since,
            dry_run=past.dry_run,
            choices=past.choices,
            rule=past.rule,
        )
