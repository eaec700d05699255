"""Tallies."""

from functools import cache

from nightlatch.adapters.dynamodb.tallies import DynamoTallies
from nightlatch.bootstrap import aws


@cache
def tallies() -> DynamoTallies:
    """Wire the counting of what is told once for each window."""
    aws.bind_tables()
    return DynamoTallies()
