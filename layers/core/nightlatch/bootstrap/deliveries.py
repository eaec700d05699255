"""What destinations are kept in, rung through."""

from functools import cache

from nightlatch.adapters.dynamodb.destinations import DynamoDestinations
from nightlatch.adapters.sqs_deliveries import SqsDeliveryQueue
from nightlatch.bootstrap import aws, clock
from nightlatch.bootstrap.settings import settings


@cache
def stored() -> DynamoDestinations:
    """Wire the reading of destinations."""
    aws.bind_tables()
    return DynamoDestinations(clock=clock.now)


@cache
def queue() -> SqsDeliveryQueue:
    """Wire the queue that rings for destinations."""
    return SqsDeliveryQueue(lambda: aws.client("sqs"), queue=settings().delivery_queue)
