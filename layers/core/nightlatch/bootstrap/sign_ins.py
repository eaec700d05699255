"""Sign-ins."""

from functools import cache

from nightlatch.bootstrap import clock
from nightlatch.bootstrap.tallies import tallies
from nightlatch.services.sign_ins import SignIns


@cache
def sign_ins() -> SignIns:
    """Wire how refused tokens are told."""
    return SignIns(tallies=tallies(), clock=clock.now)
