"""The sessions of the console."""

import os
from functools import cache

from nightlatch.adapters.dynamodb.sessions import DynamoSessions
from nightlatch.bootstrap import aws, clock, known, state
from nightlatch.services.sessions import Sessions


@cache
def sessions() -> Sessions:
    """Wire the sessions."""
    aws.bind_tables()
    return Sessions(
        unit_of_work=state.unit_of_work(),
        sessions=DynamoSessions(clock=clock.now),
        people=known.people(),
        clock=clock.now,
        randomness=os.urandom,
    )
