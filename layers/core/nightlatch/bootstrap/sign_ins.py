"""Sign-ins."""

from functools import cache

from nightlatch.adapters.dynamodb.connection import HASTY
from nightlatch.adapters.dynamodb.tallies import DynamoTallies
from nightlatch.bootstrap import aws, clock
from nightlatch.bootstrap.tallies import tallies
from nightlatch.services.sign_ins import SignIns


@cache
def sign_ins() -> SignIns:
    """Wire how refused tokens are told."""
    return SignIns(tallies=tallies(), clock=clock.now)


@cache
def sign_ins_at_the_user_pool() -> SignIns:
    """Wire how failed sign-ins are told, for a caller who does not wait."""
    aws.bind_tables(HASTY)
    return SignIns(tallies=DynamoTallies(), clock=clock.now)
