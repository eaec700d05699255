"""Asking for access."""

import os
from functools import cache

from nightlatch.bootstrap import clock, known, state
from nightlatch.services.asking import Asking


@cache
def asking() -> Asking:
    """Wire the use cases of those who ask."""
    return Asking(
        unit_of_work=state.unit_of_work(),
        requests=state.requests(),
        flows=state.flows(),
        catalogue=known.catalogue(),
        facts=known.facts(),
        clock=clock.now,
        randomness=os.urandom,
    )
