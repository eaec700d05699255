"""What administrators decide about the audit trail."""

from functools import cache

from nightlatch.bootstrap import clock, state
from nightlatch.services.audit_settings import AuditSettingsDesk


@cache
def audit_settings() -> AuditSettingsDesk:
    """Wire the use cases around the audit settings."""
    return AuditSettingsDesk(unit_of_work=state.unit_of_work(), store=state.audit_settings(), clock=clock.now)
