"""A trail that is recorded and sealed over the fakes."""

import os
from dataclasses import dataclass, field
from datetime import timedelta

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.body import BodyReference, body_of
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.seal import SEALS, Digest
from nightlatch.services.kept_seals import KeptSeals
from nightlatch.services.seal_tools import SealTools
from nightlatch.services.sealing import Sealing
from nightlatch.services.self_check import SelfCheck
from nightlatch.services.sequencer import Sequencer
from tests.builders import API, FakeClock, Outside, a_large_entry, a_principal, an_event
from tests.fakes.evidence import FakeEvidence, FakeSigner
from tests.fakes.store import InMemoryStore, predictable

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass
class SealedTrail:
    """Everything that sealing works with."""

    clock: FakeClock = field(default_factory=FakeClock)
    evidence: FakeEvidence = field(default_factory=FakeEvidence)
    signer: FakeSigner = field(default_factory=FakeSigner)
    store: InMemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = InMemoryStore(clock=self.clock, random=predictable(), retention=timedelta(days=90))

    def record(self, count: int = 1, event_type: EventType = EventType.ACCESS_REQUESTED) -> None:
        """Let so many events happen, and number them."""
        for _ in range(count):
            self.store.record(an_event(event_type, at=self.clock()), origin=API)
        self.number()

    def record_large(self) -> str:
        """Let an event with a body happen, number it, and return the body's key."""
        number = len(self.store.ledger)
        entry = a_large_entry(100_000 + number, id=f"large-{number}", timestamp=self.clock())
        content = body_of(entry.details)
        body = BodyReference.to(content, at=self.clock())
        self.evidence.put(body.key, content)
        self.store.record(entry.event(by=a_principal(), body=body), origin=API)
        self.number()
        return body.key

    def number(self) -> None:
        """Number what waits."""
        Sequencer(outbox=self.store, clock=self.clock, random=os.urandom).drain(batches=1000)

    def sealing(self, outside: Outside | None = None) -> Sealing:
        """Build sealing, with every call going through `outside`."""
        return Sealing(self._tools(outside or Outside()))

    def check(self) -> SelfCheck:
        """Build the check."""
        return SelfCheck(self._tools(Outside()))

    def _tools(self, outside: Outside) -> SealTools:
        return SealTools(
            unit_of_work=outside.around("work", self.store),
            seals=outside.around("seals", self.store),
            ledger=self.store,
            evidence=outside.around("evidence", self.evidence),
            signer=self.signer,
            clock=self.clock,
            origin=API,
        )

    def seal(self) -> None:
        """Seal everything, and number what that told."""
        while self.sealing().seal_next():
            pass
        self.number()

    @property
    def kept(self) -> KeptSeals:
        """Read the seals."""
        return KeptSeals(evidence=self.evidence, signer=self.signer)

    @property
    def digests(self) -> list[Digest]:
        """All that is kept, oldest first."""
        return [
            Digest.model_validate_json(self.evidence.objects[key]) for key in self.evidence.keys(SEALS, limit=10**6)
        ]

    def told(self, event_type: EventType) -> list[LedgerEntry]:
        """The events of one type."""
        self.number()
        return [entry for entry in self.store.ledger.values() if entry.event_type == event_type]
