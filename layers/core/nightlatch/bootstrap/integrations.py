"""Integrations."""

import os
from functools import cache

from nightlatch.bootstrap import clock, known, state, targets
from nightlatch.bootstrap.secrets import secrets
from nightlatch.services.integrations import Integrations


@cache
def integrations() -> Integrations:
    """Wire the use cases around integrations."""
    return Integrations(
        unit_of_work=state.unit_of_work(),
        catalogue=known.catalogue(),
        connectors=targets.connectors(),
        secrets=secrets(),
        clock=clock.now,
        randomness=os.urandom,
    )
