"""The Ledger table."""

from functools import cache

from nightlatch.adapters.dynamodb.ledger import DynamoLedger
from nightlatch.bootstrap import aws, clock
from nightlatch.bootstrap.settings import settings


@cache
def ledger() -> DynamoLedger:
    """Wire the reading of the ledger."""
    aws.bind_tables()
    return DynamoLedger(clock=clock.now, retention=settings().retention)
