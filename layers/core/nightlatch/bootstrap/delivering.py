"""The delivering of events."""

import os
from functools import cache

from nightlatch.adapters.dynamodb.transaction import OF_A_WORKER
from nightlatch.bootstrap import clock, state
from nightlatch.bootstrap.deliveries import queue, stored
from nightlatch.bootstrap.ledger import ledger
from nightlatch.bootstrap.senders import senders
from nightlatch.services.delivering import Delivering


@cache
def delivering() -> Delivering:
    """Wire the delivering of events."""
    return Delivering(
        unit_of_work=state.unit_of_work(OF_A_WORKER),
        destinations=stored(),
        ledger=ledger(),
        senders=senders(),
        queue=queue(),
        clock=clock.now,
        randomness=os.urandom,
    )
