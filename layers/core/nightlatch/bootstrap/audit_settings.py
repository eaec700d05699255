"""What administrators decide about the audit trail."""

from functools import cache

from nightlatch.adapters.dynamodb.audit_settings import DynamoAuditSettings
from nightlatch.bootstrap import aws, clock, state
from nightlatch.bootstrap.settings import settings
from nightlatch.services.audit_settings import AuditSettingsDesk


@cache
def audit_settings() -> AuditSettingsDesk:
    """Wire the use cases around the audit settings."""
    aws.bind_tables()
    store = DynamoAuditSettings(retention=settings().retention)
    return AuditSettingsDesk(unit_of_work=state.unit_of_work(), store=store, clock=clock.now)
