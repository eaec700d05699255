"""The walk by which stored entries come to follow the retention in force."""

from functools import cache

from nightlatch.adapters.dynamodb.keeping import DynamoKeeping
from nightlatch.adapters.dynamodb.transaction import OF_A_WORKER
from nightlatch.bootstrap import aws, clock, state
from nightlatch.bootstrap.settings import settings
from nightlatch.services.retention import Retention


@cache
def retention() -> Retention:
    """Wire the walk."""
    aws.bind_tables()
    keeping = DynamoKeeping(retention=settings().retention)
    return Retention(unit_of_work=state.unit_of_work(OF_A_WORKER), keeping=keeping, clock=clock.now)
