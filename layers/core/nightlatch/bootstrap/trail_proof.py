"""What is proven of the trail."""

from functools import cache

from nightlatch.adapters.dynamodb.seals import DynamoSeals
from nightlatch.bootstrap import clock, state
from nightlatch.bootstrap.evidence import evidence, signer
from nightlatch.bootstrap.ledger import ledger
from nightlatch.services.trail_proof import TrailProof


@cache
def trail_proof() -> TrailProof:
    """Wire what auditors ask of the trail itself."""
    return TrailProof(
        seals=DynamoSeals(),
        ledger=ledger(),
        evidence=evidence(),
        signer=signer(),
        settings=state.audit_settings(),
        clock=clock.now,
    )
