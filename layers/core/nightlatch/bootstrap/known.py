"""What is known of the world: people, integrations and their resources, which the State table holds too."""

from functools import cache

from nightlatch.adapters.dynamodb.catalogue import DynamoCatalogue
from nightlatch.adapters.dynamodb.facts import DynamoFacts
from nightlatch.adapters.dynamodb.people import DynamoPeople
from nightlatch.bootstrap import aws, clock


@cache
def catalogue() -> DynamoCatalogue:
    """Wire integrations and what was found in them."""
    aws.bind_tables()
    return DynamoCatalogue()


@cache
def people() -> DynamoPeople:
    """Wire the reading of people."""
    aws.bind_tables()
    return DynamoPeople()


@cache
def facts() -> DynamoFacts:
    """Wire the reading of different things at once."""
    aws.bind_tables()
    return DynamoFacts(clock=clock.now)
