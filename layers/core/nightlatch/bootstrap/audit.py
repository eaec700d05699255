"""The audit trail."""

from functools import cache

from nightlatch.bootstrap import clock
from nightlatch.bootstrap.ledger import ledger
from nightlatch.bootstrap.tallies import tallies
from nightlatch.services.audit_reads import AuditReads
from nightlatch.services.audit_trail import AuditTrail


@cache
def audit_trail() -> AuditTrail:
    """Wire the reading of the ledger."""
    return AuditTrail(ledger=ledger())


@cache
def audit_reads() -> AuditReads:
    """Wire how reading the trail is told."""
    return AuditReads(tallies=tallies(), clock=clock.now)
