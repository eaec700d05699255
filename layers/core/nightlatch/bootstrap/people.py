"""People."""

from functools import cache

from nightlatch.bootstrap import clock, known, state
from nightlatch.services.people import Acquaintances


@cache
def acquaintances() -> Acquaintances:
    """Wire the use cases around people."""
    return Acquaintances(unit_of_work=state.unit_of_work(), people=known.people(), clock=clock.now)
