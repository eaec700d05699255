"""Calls that only read."""

from functools import cache

from nightlatch.adapters.dynamodb.audit_settings import DynamoAuditSettings
from nightlatch.bootstrap import clock
from nightlatch.bootstrap.settings import settings
from nightlatch.bootstrap.tallies import tallies
from nightlatch.services.api_reads import ApiReads


@cache
def api_reads() -> ApiReads:
    """Wire how every call that only reads is told, where that is wanted."""
    return ApiReads(tallies=tallies(), settings=DynamoAuditSettings(retention=settings().retention), clock=clock.now)
