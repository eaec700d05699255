"""What sealing, and the check of what was sealed, are done with."""

from dataclasses import dataclass

from nightlatch.domain.audit_event import Origin
from nightlatch.domain.change import Change
from nightlatch.domain.seal import SealState
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.evidence import Evidence, Seals, Signer
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.ports.writing import UnitOfWork


@dataclass(frozen=True)
class SealTools:
    """The ports that both share."""

    unit_of_work: UnitOfWork
    seals: Seals
    ledger: Ledger
    evidence: Evidence
    signer: Signer
    clock: Clock
    origin: Origin

    def commit(self, change: Change[SealState]) -> None:
        """Write a change; raise RivalChangeError when somebody else wrote one before."""
        self.unit_of_work.commit(change, origin=self.origin)
