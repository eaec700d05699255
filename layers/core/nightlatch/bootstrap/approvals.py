"""Approvals."""

from functools import cache

from nightlatch.bootstrap import clock, state
from nightlatch.services.approvals import Approvals


@cache
def approvals() -> Approvals:
    """Wire the use cases of approvers."""
    return Approvals(unit_of_work=state.unit_of_work(), requests=state.requests(), clock=clock.now)
