"""What other systems write into the audit trail."""

from functools import cache

from nightlatch.adapters.dynamodb.audit_settings import DynamoAuditSettings
from nightlatch.adapters.dynamodb.foreign_ids import DynamoForeignIds
from nightlatch.bootstrap import aws, clock, state
from nightlatch.bootstrap.evidence import evidence
from nightlatch.bootstrap.settings import settings
from nightlatch.services.ingestion import Ingestion


@cache
def ingestion() -> Ingestion:
    """Wire the use case of other systems."""
    aws.bind_tables()
    return Ingestion(
        unit_of_work=state.unit_of_work(),
        settings=DynamoAuditSettings(retention=settings().retention),
        foreign_ids=DynamoForeignIds(),
        evidence=evidence(),
        clock=clock.now,
    )
