"""The audit trail."""

from functools import cache

from nightlatch.bootstrap.ledger import ledger
from nightlatch.services.audit_trail import AuditTrail


@cache
def audit_trail() -> AuditTrail:
    """Wire the reading of the ledger."""
    return AuditTrail(ledger=ledger())
