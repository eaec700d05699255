"""The audit trail."""

from functools import cache

from nightlatch.bootstrap.evidence import evidence, signer
from nightlatch.bootstrap.ledger import ledger
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.kept_seals import KeptSeals


@cache
def audit_trail() -> AuditTrail:
    """Wire the reading of the ledger."""
    return AuditTrail(ledger=ledger())


@cache
def kept_seals() -> KeptSeals:
    """Wire the reading of digests."""
    return KeptSeals(evidence=evidence(), signer=signer())
