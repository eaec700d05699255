"""Other systems write their events into the ledger: all of a batch or nothing, and each event once."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from nightlatch.domain.audit_settings import Writer
from nightlatch.domain.body import BodyReference, body_of
from nightlatch.domain.errors import Fault, InvalidInputError, NotAllowedError
from nightlatch.domain.identity import Principal
from nightlatch.domain.ingestion import EntryToWrite, faults_in, foreign_id
from nightlatch.services.call import Call
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.configuration import AuditSettingsStore
from nightlatch.services.ports.evidence import Evidence
from nightlatch.services.ports.sequencing import ForeignIds
from nightlatch.services.ports.writing import UnitOfWork


class Written(NamedTuple):
    """How many entries are written with this call, and how many had been before."""

    accepted: int
    known: int


class Ingestion:
    """The use case of other systems."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        settings: AuditSettingsStore,
        foreign_ids: ForeignIds,
        evidence: Evidence,
        clock: Clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._settings = settings
        self._foreign_ids = foreign_ids
        self._evidence = evidence
        self._clock = clock

    def write(self, entries: Sequence[EntryToWrite], call: Call) -> Written:
        """Commit what is not known yet. The sequencer numbers it, and drops what two calls brought at once."""
        by = call.principal
        now = self._clock()
        if faults := faults_in(entries, writer=self._writer(by), at=now):
            raise InvalidInputError(*faults)
        unknown = self._unknown(entries, by)
        # Bodies first: one that no event refers to harms nobody, and an event without its body cannot be served.
        events = [entry.event(by=by, body=self._kept_body(entry, now) if entry.is_large else None) for entry in unknown]
        self._unit_of_work.record(*events, origin=call.origin)
        return Written(accepted=len(unknown), known=len(entries) - len(unknown))

    def _kept_body(self, entry: EntryToWrite, now: datetime) -> BodyReference:
        """Keep the details of an entry beside the ledger. What is there already under their hash is the same."""
        content = body_of(entry.details)
        reference = BodyReference.to(content, at=now)
        self._evidence.put(reference.key, content)
        return reference

    def _writer(self, by: Principal) -> Writer:
        """Find what the caller may write; raise NotAllowedError for one whom nobody has named a writer."""
        for writer in self._settings.audit_settings().writers:
            if writer.principal_id == by.id:
                return writer
        raise NotAllowedError(f"{by.id} is not among the writers of the audit settings")

    def _unknown(self, entries: Sequence[EntryToWrite], by: Principal) -> list[EntryToWrite]:
        known = self._foreign_ids.fingerprints(foreign_id(entry, by=by) for entry in entries)
        faults = [
            Fault(f"/entries/{index}/id", f"{entry.id} was written with another content")
            for index, entry in enumerate(entries)
            if known.get(foreign_id(entry, by=by), entry.fingerprint) != entry.fingerprint
        ]
        if faults:
            raise InvalidInputError(*faults)
        return [entry for entry in entries if foreign_id(entry, by=by) not in known]
