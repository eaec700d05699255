"""The State table: the unit of work, and the reading of requests and flows."""

import os
from functools import cache

from nightlatch.adapters.dynamodb.audit_settings import DynamoAuditSettings
from nightlatch.adapters.dynamodb.flows import DynamoFlows
from nightlatch.adapters.dynamodb.requests import DynamoRequests
from nightlatch.adapters.dynamodb.transaction import OF_A_CALLER, Patience
from nightlatch.adapters.dynamodb.unit_of_work import DynamoUnitOfWork
from nightlatch.bootstrap import aws, clock
from nightlatch.bootstrap.settings import settings


@cache
def unit_of_work(patience: Patience = OF_A_CALLER) -> DynamoUnitOfWork:
    """Wire the only way to write."""
    aws.bind_tables()
    return DynamoUnitOfWork(
        clock=clock.now,
        random=os.urandom,
        settings=audit_settings(),
        open_requests=settings().open_requests,
        patience=patience,
    )


@cache
def audit_settings() -> DynamoAuditSettings:
    """Wire the reading of the audit settings."""
    aws.bind_tables()
    return DynamoAuditSettings(retention=settings().retention)


@cache
def requests() -> DynamoRequests:
    """Wire the reading of requests and grants."""
    aws.bind_tables()
    return DynamoRequests(clock=clock.now)


@cache
def flows() -> DynamoFlows:
    """Wire the reading of access flows."""
    aws.bind_tables()
    return DynamoFlows()
