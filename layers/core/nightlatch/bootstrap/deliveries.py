"""What destinations are kept in, reached by and rung through."""

from functools import cache
from importlib import import_module

from nightlatch.adapters.dynamodb.destinations import DynamoDestinations
from nightlatch.adapters.sqs_deliveries import SqsDeliveryQueue
from nightlatch.bootstrap import aws, clock
from nightlatch.bootstrap.settings import settings
from nightlatch.services.ports.destinations import Senders


@cache
def stored() -> DynamoDestinations:
    """Wire the reading of destinations."""
    aws.bind_tables()
    return DynamoDestinations(clock=clock.now)


@cache
def queue() -> SqsDeliveryQueue:
    """Wire the queue that rings for destinations."""
    return SqsDeliveryQueue(lambda: aws.client("sqs"), queue=settings().delivery_queue)


@cache
def senders() -> Senders:
    """Wire the ways to destinations."""
    made: Senders = import_module("nightlatch.bootstrap.senders").senders()
    return made
