"""Sealing: what was recorded since the last seal goes into the archive, and a signed digest over it beside it.

Plan, archive, sign, keep, go on: killed at any line and run again, there is one digest over each span, and each entry
is in the archive once. Of rivals all write the same; one is the first to go on, the others are told.
"""

import gzip
import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.seal import (
    IN_FLIGHT,
    LONGEST_REST,
    LONGEST_SPAN,
    MAY_REST,
    ArchiveObject,
    Digest,
    Finding,
    FindingError,
    Piece,
    Plan,
    SealState,
    in_pieces,
)
from nightlatch.services.kept_seals import read_digest
from nightlatch.services.seal_tools import SealTools


class Standing(NamedTuple):
    """How far sealing is behind, and how much of the trail was found not to hold."""

    at: datetime
    oldest_unsealed: timedelta
    findings: int


class Sealing:
    """Seals the ledger."""

    def __init__(self, tools: SealTools) -> None:
        self._tools = tools

    def seal_next(self) -> Digest | None:
        """Seal the next span; None when there is nothing to be sealed, or nothing that may be.

        Raises RivalChangeError when somebody else is sealing.
        """
        state = self._planned(self._tools.seals.seal_state())
        if state.plan is None:
            return None
        try:
            digest = self._kept_digest(state, state.plan)
        except FindingError as error:
            self._tell(state, state.plan, error.finding)
            return None
        self._tools.commit(state.sealed(digest, at=self._tools.clock()))
        return digest

    def standing(self) -> Standing:
        """Say how far sealing is behind."""
        state, now = self._tools.seals.seal_state(), self._tools.clock()
        is_behind = state.plan is not None or self._end_of_next_span(state) is not None
        since = self._waits_since(state, now=now) if is_behind else now
        return Standing(now, now - since, len(state.findings))

    def _planned(self, state: SealState) -> SealState:
        last_seq = None if state.plan else self._end_of_next_span(state)
        if last_seq is None:
            return state
        change = state.planned(last_seq, at=self._tools.clock())
        self._tools.commit(change)
        return change.state

    def _end_of_next_span(self, state: SealState) -> int | None:
        """Say up to which number the next span goes; None while there is only what may rest."""
        is_rested = state.sealed_at is None or self._tools.clock() - state.sealed_at >= LONGEST_REST
        for entry in self._unsealed(state):
            if is_rested or entry.event_type not in MAY_REST:
                return min(self._tools.ledger.kept().head.seq, state.last_seq + LONGEST_SPAN)
        return None

    def _waits_since(self, state: SealState, *, now: datetime) -> datetime:
        """Say since when there has been something to seal; what may rest waits only once it has rested."""
        if state.sealed_at is None:
            return next((entry.recorded_at for entry in self._unsealed(state)), now)
        restless = (entry.recorded_at for entry in self._unsealed(state) if entry.event_type not in MAY_REST)
        return min(next(restless, now), state.sealed_at + LONGEST_REST)

    def _unsealed(self, state: SealState) -> Iterator[LedgerEntry]:
        kept = self._tools.ledger.kept()
        return kept.entries(state.last_seq + 1, kept.head.seq)

    def _kept_digest(self, state: SealState, plan: Plan) -> Digest:
        """Archive the planned span and keep a digest over it; whatever is kept already is taken as it is, if it fits.

        Raises FindingError when it does not fit, or when the chain does not hold.
        """
        entries = self._tools.ledger.kept().entries(state.last_seq + 1, plan.last_seq)
        objects, ends = [], list[LedgerEntry]()
        for piece in in_pieces(entries, after=state.end):
            objects.append(self._archived(piece))
            ends = [(ends or piece.entries)[0], piece.entries[-1]]
        reached = ends[-1].seq if ends else state.last_seq
        if reached != plan.last_seq:
            raise FindingError(Finding(seq=reached + 1, where="ledger", problem="missing"))
        digest = Digest(
            first_seq=ends[0].seq,
            last_seq=ends[-1].seq,
            count=ends[-1].seq - ends[0].seq + 1,
            prev_hash=state.last_hash,
            head_hash=ends[-1].hash,
            first_recorded_at=ends[0].recorded_at,
            last_recorded_at=ends[-1].recorded_at,
            sealed_at=self._tools.clock(),
            objects=tuple(objects),
            prev_signature=state.signature,
            key_id=self._tools.signer.key_id,
        )
        return self._kept(digest.model_copy(update={"signature": self._tools.signer.sign(digest.signed_content)}))

    def _archived(self, piece: Piece) -> ArchiveObject:
        content = piece.compressed()
        if not self._tools.evidence.put(piece.key, content):
            # Another run's, whose compressor may have been another: the entries must be the same, not the bytes.
            content = self._tools.evidence.get(piece.key) or b""
            if not _unpacks_to(piece.text, content):
                raise FindingError(Finding(seq=piece.entries[0].seq, where=piece.key, problem="changed"))
        return ArchiveObject(key=piece.key, sha256=hashlib.sha256(content).hexdigest(), rows=len(piece.entries))

    def _kept(self, digest: Digest) -> Digest:
        if self._tools.evidence.put(digest.key, digest.content):
            return digest
        kept = read_digest(self._tools.evidence.get(digest.key))
        if not (
            kept
            and kept.says_the_same_as(digest)
            and self._tools.signer.has_signed(kept.signed_content, kept.signature)
        ):
            raise FindingError(Finding(seq=digest.first_seq, where=digest.key, problem="not_ours"))
        return kept

    def _tell(self, state: SealState, plan: Plan, finding: Finding) -> None:
        """Tell what is wrong, once. What is missing may still be in flight when it has only just been planned."""
        if finding.problem == "missing" and self._tools.clock() - plan.planned_at < IN_FLIGHT:
            return
        if change := state.found(finding, at=self._tools.clock()):
            self._tools.commit(change)


def _unpacks_to(text: bytes, content: bytes) -> bool:
    try:
        return gzip.decompress(content) == text
    except (OSError, EOFError):
        return False
