"""Sealing, and the check of what was sealed."""

from functools import cache

from nightlatch.adapters.dynamodb.seals import DynamoSeals
from nightlatch.adapters.dynamodb.transaction import OF_A_WORKER
from nightlatch.bootstrap import clock, state
from nightlatch.bootstrap.evidence import evidence, signer
from nightlatch.bootstrap.ledger import ledger
from nightlatch.domain.audit_event import Origin, Source
from nightlatch.services.seal_tools import SealTools
from nightlatch.services.sealing import Sealing
from nightlatch.services.self_check import SelfCheck

ORIGIN = Origin.model_construct(source=Source.SCHEDULE)


@cache
def sealing() -> Sealing:
    """Wire sealing."""
    return Sealing(_tools())


@cache
def self_check() -> SelfCheck:
    """Wire the check that goes round."""
    return SelfCheck(_tools())


@cache
def _tools() -> SealTools:
    return SealTools(
        unit_of_work=state.unit_of_work(OF_A_WORKER),
        seals=DynamoSeals(),
        ledger=ledger(),
        evidence=evidence(),
        signer=signer(),
        clock=clock.now,
        origin=ORIGIN,
    )
