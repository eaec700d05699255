"""Timers alone, without the sweep: whatever a worker's clock says, access ends within seconds of its time.

A schedule stands under its name, a request and a second, until its invocation has returned and for some time after, and
what is asked for under the same name is the same schedule. What is asked for a time that has passed never fires.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.domain.access_request import Status
from tests.builders import NOON, SECOND, FakeClock, World
from tests.fakes.aws import FakeTimer

MILLISECOND = SECOND / 1000
LATEST = 6 * SECOND
skews = st.integers(-1900, 1900).map(lambda number: number * MILLISECOND)
delays = st.integers(0, 900).map(lambda number: number * MILLISECOND)


@dataclass
class OneTimeSchedules(FakeTimer):
    """Schedules, and the time by which they fire."""

    now: datetime = NOON
    over: set[tuple[str, datetime]] = field(default_factory=set)

    def wake(self, request_id: str, *, at: datetime) -> None:
        """Make a schedule, unless it is there."""
        before = {*self.wakes}
        super().wake(request_id, at=at)
        self.over |= {wake for wake in self.wakes - before if wake[1] < self.now}

    def next(self) -> tuple[str, datetime] | None:
        """Let the next one fire, and say which."""
        wake = min(self.wakes - self.over, key=lambda wake: wake[1], default=None)
        if wake:
            self.over.add(wake)
            self.now = max(self.now, wake[1])
        return wake


@settings(deadline=None)
@given(granted_after=st.integers(0, 999), skew=skews, delay=delays)
def test_access_ends_by_its_timers_alone_whatever_the_workers_clock_says(
    granted_after: int, skew: timedelta, delay: timedelta
) -> None:
    """D4."""
    timer = OneTimeSchedules()
    world = World(clock=FakeClock(step=timedelta()), timer=timer)
    world.clock.advance(granted_after * MILLISECOND)
    request = world.granted()
    ends_at = request.ends_at

    while request.status is not Status.EXPIRED and (wake := timer.next()):
        timer.now += delay
        world.clock.at(timer.now + skew)
        request = world.provisioning.advance(wake[0])

    assert request.status is Status.EXPIRED
    assert ends_at
    assert timer.now <= ends_at + LATEST
