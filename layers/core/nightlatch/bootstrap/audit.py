"""The audit trail."""

from functools import cache

from nightlatch.bootstrap import clock
from nightlatch.bootstrap.evidence import evidence, signer
from nightlatch.bootstrap.ledger import ledger
from nightlatch.bootstrap.tallies import tallies
from nightlatch.services.audit_reads import AuditReads
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.kept_seals import KeptSeals
from nightlatch.services.whole_entries import WholeEntries


@cache
def audit_trail() -> AuditTrail:
    """Wire the reading of the ledger."""
    return AuditTrail(ledger=ledger())


@cache
def whole_entries() -> WholeEntries:
    """Wire the reading of large entries."""
    return WholeEntries(evidence=evidence())


@cache
def audit_reads() -> AuditReads:
    """Wire how reading the trail is told."""
    return AuditReads(tallies=tallies(), clock=clock.now)


@cache
def kept_seals() -> KeptSeals:
    """Wire the reading of digests."""
    return KeptSeals(evidence=evidence(), signer=signer())
