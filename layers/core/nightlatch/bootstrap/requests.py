"""Requests that have been made."""

from functools import cache

from nightlatch.bootstrap import clock, known, state, targets
from nightlatch.bootstrap.ledger import ledger
from nightlatch.services.access_requests import AccessRequests


@cache
def access_requests() -> AccessRequests:
    """Wire what is done with requests that have been made."""
    return AccessRequests(
        unit_of_work=state.unit_of_work(),
        requests=state.requests(),
        flows=state.flows(),
        catalogue=known.catalogue(),
        ledger=ledger(),
        connectors=targets.connectors(),
        vault=targets.vault(),
        clock=clock.now,
    )
