"""How far access flows reach."""

from functools import cache

from nightlatch.bootstrap import known
from nightlatch.services.flow_reach import FlowReach


@cache
def flow_reach() -> FlowReach:
    """Wire what those want to know who write flows."""
    return FlowReach(catalogue=known.catalogue(), people=known.people())
