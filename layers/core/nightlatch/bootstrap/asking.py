"""Asking for access."""

import os
from functools import cache

from nightlatch.bootstrap import clock, known, state
from nightlatch.services.asking import Asking
from nightlatch.services.asking_for_others import AskingForOthers


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


@cache
def asking_for_others() -> AskingForOthers:
    """Wire the finding of those for whom one may ask."""
    return AskingForOthers(flows=state.flows(), people=known.people())
