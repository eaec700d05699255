"""Access flows."""

from functools import cache

from nightlatch.bootstrap import clock, state
from nightlatch.services.access_flows import AccessFlows


@cache
def access_flows() -> AccessFlows:
    """Wire the use cases around access flows."""
    return AccessFlows(
        unit_of_work=state.unit_of_work(), flows=state.flows(), requests=state.requests(), clock=clock.now
    )
