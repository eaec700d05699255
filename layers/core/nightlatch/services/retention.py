"""The retention in force, applied to what is stored: each entry's time is moved, and nothing else of it.

Rivals and deaths are harmless: moving a time again changes nothing, and of two who took the same step one is told.
"""

from typing import NamedTuple

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.change import Change
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
            self._save(RetentionWalk.first(bearings.settings, at=at))
            return None
        if not walk.follows(bearings.settings):
            self._save(walk.meet(bearings.settings, at=at))
            return None
        return self._go_on(walk, bearings) if walk.may_go_on(at) else None

    def _go_on(self, walk: RetentionWalk, bearings: Bearings) -> Step:
        stored = self._keeping.stored(walk.next)
        wrong = [time for time in stored.times if time.expires_at != walk.expiry(time.recorded_at)]
        for time in wrong:
            self._keeping.let_expire(time.seq, at=walk.expiry(time.recorded_at))
        self._save(walk.come_to(stored.next, head=bearings.head.seq))
        return Step(stored.next, len(wrong))

    def _save(self, walk: RetentionWalk) -> None:
        self._unit_of_work.commit(Change(walk), origin=ORIGIN)
