"""How what schedules do is told."""

from functools import cache

from nightlatch.bootstrap import clock, state
from nightlatch.bootstrap.tallies import tallies
from nightlatch.services.schedules import Schedules


@cache
def schedules() -> Schedules:
    """Wire the telling of runs."""
    return Schedules(unit_of_work=state.unit_of_work(), tallies=tallies(), clock=clock.now)
