"""The retention in force, applied to what is stored: each entry's time is moved, and nothing else of it.

Rivals and deaths are harmless: moving a time again changes nothing, and of two who took the same step one is told.
"""

from datetime import datetime
from typing import Any, NamedTuple

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.change import Change, together
from nightlatch.domain.retention_walk import RetentionWalk
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.keeping import Bearings, Keeping
from nightlatch.services.ports.writing import UnitOfWork

ORIGIN = Origin.model_construct(source=Source.SCHEDULE)


class Step(NamedTuple):
    """What a step has come to: from which number it goes on, and how many times it moved."""

    next: int
    moved: int


class Retention:
    """Takes the steps of the walk."""

    def __init__(self, *, unit_of_work: UnitOfWork, keeping: Keeping, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._keeping = keeping
        self._clock = clock

    def step(self) -> Step | None:
        """Move the times of the next entries; None when there is nothing to do now.

        Raises RivalChangeError when somebody else took the same step.
        """
        bearings, at = self._keeping.bearings(), self._clock()
        walk = bearings.walk
        if walk is None:
            self._save(Change(RetentionWalk.first(bearings.settings, at=at)))
        elif bearings.settings.by_deployment and bearings.deployed != walk.retention:
            self._save(_redeployed(walk, bearings, at))
        elif not walk.follows(bearings.settings):
            self._save(Change(walk.meet(bearings.settings, at=at)))
        elif walk.may_go_on(at):
            return self._go_on(walk, bearings)
        return None

    def _go_on(self, walk: RetentionWalk, bearings: Bearings) -> Step:
        stored = self._keeping.stored(walk.next)
        wrong = [time for time in stored.times if time.expires_at != walk.expiry(time.recorded_at)]
        for time in wrong:
            self._keeping.let_expire(time.seq, at=walk.expiry(time.recorded_at))
        self._save(Change(walk.come_to(stored.next, head=bearings.head.seq)))
        return Step(stored.next, len(wrong))

    def _save(self, change: Change[Any]) -> None:
        self._unit_of_work.commit(change, origin=ORIGIN)


def _redeployed(walk: RetentionWalk, bearings: Bearings, at: datetime) -> Change[AuditSettings]:
    # Before anybody has chosen, the settings say what is deployed now; what was, only the walk has kept.
    before = bearings.settings.model_copy(update={"retention": walk.retention})
    redeployed = before.redeployed(bearings.deployed, at=at)
    return together(redeployed, Change(walk.meet(redeployed.state, at=at)))
