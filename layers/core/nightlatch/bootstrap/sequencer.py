"""The sequencer."""

import os
from functools import cache

from nightlatch.adapters.dynamodb.outbox import DynamoOutbox
from nightlatch.bootstrap import aws, clock
from nightlatch.bootstrap.settings import settings
from nightlatch.services.sequencer import Sequencer


@cache
def sequencer() -> Sequencer:
    """Wire the sequencer."""
    aws.bind_tables()
    return Sequencer(
        outbox=DynamoOutbox(random=os.urandom, retention=settings().retention), clock=clock.now, random=os.urandom
    )
