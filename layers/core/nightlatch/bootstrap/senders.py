"""The way out, and the ways to destinations."""

from functools import cache

from nightlatch.adapters.destinations.registry import SenderRegistry
from nightlatch.adapters.egress import DirectEgress
from nightlatch.bootstrap.assumed_roles import assumed_roles
from nightlatch.bootstrap.secrets import secrets
from nightlatch.bootstrap.settings import settings


@cache
def egress() -> DirectEgress:
    """Wire the one way out."""
    return DirectEgress(exceptions=settings().egress_exceptions, own=settings().api_url)


@cache
def senders() -> SenderRegistry:
    """Wire what makes the ways to destinations."""
    return SenderRegistry(secrets=secrets(), egress=egress(), roles=assumed_roles())
