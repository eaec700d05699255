"""The check that goes round: everything that is kept, against what was sealed, a piece at a time.

A round begins at most once a day, reads digest after digest, the entries that each is over and their bodies, and tells
in the end that all of it holds, or at once where it does not.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain

from nightlatch.domain.body import BodyReference, reference_in
from nightlatch.domain.change import Change
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.seal import (
    SEALS,
    SURELY_KEPT,
    Digest,
    Finding,
    Link,
    Round,
    SealState,
    broken,
    first_seq_of,
    follows,
    seal_key,
    told_of,
    told_of_round,
)
from nightlatch.services.kept_seals import read_digest
from nightlatch.services.seal_tools import SealTools

BETWEEN_ROUNDS = timedelta(days=1)
RUNS_PER_ROUND = 80
"""A day has 96 runs: a round is done within one, whatever the trail holds."""

FEWEST_ROWS = 5_000
"""What a run checks at least, if there is so much."""


@dataclass
class _Progress:
    """What one run has come to, before it is stored."""

    check: Round
    last_seq: int
    findings: list[Finding] = field(default_factory=list)
    bodies: list[tuple[int, BodyReference]] = field(default_factory=list)
    rows: int = 0

    def move(self, **fields: object) -> None:
        self.check = self.check.model_copy(update=fields)


class _OutOfTimeError(Exception):
    """Not every body of a digest could be looked at."""


class SelfCheck:
    """Checks what is kept."""

    def __init__(self, tools: SealTools) -> None:
        self._tools = tools

    def run(self, *, has_time: Callable[[], bool]) -> int:
        """Check the next piece of the round, and return how many entries that were.

        Raises RivalChangeError when somebody else is at it.
        """
        state = self._tools.seals.seal_state()
        begun = self._begun(state)
        if not begun.is_running:
            return 0
        progress = _Progress(begun, state.last_seq)
        budget = max(FEWEST_ROWS, (state.last_seq - begun.floor) // RUNS_PER_ROUND)
        while progress.check.next_seq <= state.last_seq and progress.rows < budget and has_time():
            self._check_next(progress, has_time)
        self._tools.commit(self._outcome(state, progress))
        return progress.rows

    def _begun(self, state: SealState) -> Round:
        check = state.check
        is_due = check.started_at is None or self._tools.clock() - check.started_at >= BETWEEN_ROUNDS
        if check.is_running or not is_due or not state.last_seq:
            return check
        return Round(started_at=self._tools.clock(), is_running=True, floor=check.floor, next_seq=check.floor)

    def _outcome(self, state: SealState, progress: _Progress) -> Change[SealState]:
        now, check = self._tools.clock(), progress.check
        new = [finding for finding in progress.findings if finding not in state.findings]
        events = [told_of(finding, at=now) for finding in new]
        is_over = check.next_seq > state.last_seq
        is_proven = is_over and check.is_clean
        findings = tuple(one for one in state.findings if one.seq > state.last_seq or not is_proven)
        if is_proven and check.first_kept is not None:
            last_seq = state.last_seq
            events.append(told_of_round(first_seq=check.first_kept, last_seq=last_seq, digests=check.digests, at=now))
        check = check.model_copy(update={"is_running": not is_over})
        return Change(state.changed(check=check, findings=(*findings, *new)), tuple(events))

    def _check_next(self, progress: _Progress, has_time: Callable[[], bool]) -> None:
        """Check the next digest and its entries. What is wrong there is remembered, and the round goes on behind it.

        A digest over more bodies than can be read now is gone on with in the next run.
        """
        first = progress.check.next_seq
        digest = self._digest(first, progress)
        if digest is None:
            after = self._tools.evidence.keys(SEALS, after=seal_key(first), limit=1)
            progress.move(next_seq=first_seq_of(after[0]) if after else progress.last_seq + 1, signature=None)
            return
        begun, progress.bodies = progress.check, []
        try:
            finding = self._finding_in(digest, progress) or self._finding_in_bodies(progress, has_time)
        except _OutOfTimeError:
            progress.check = begun.model_copy(update={"bodies_to": progress.check.bodies_to})
            return
        if finding:
            progress.findings.append(finding)
            progress.move(is_clean=False)
        elif progress.check.first_kept is None:
            progress.move(floor=digest.last_seq + 1)
        progress.move(next_seq=digest.last_seq + 1, digests=progress.check.digests + 1, signature=digest.signature)

    def _digest(self, first: int, progress: _Progress) -> Digest | None:
        key = seal_key(first)
        content = self._tools.evidence.get(key)
        digest = read_digest(content)
        if digest and self._is_ours(digest, first, progress.check.signature):
            return digest
        problem = "missing" if content is None else "not_ours"
        progress.findings.append(Finding(seq=first, where=key, problem=problem))
        progress.move(is_clean=False)
        return None

    def _is_ours(self, digest: Digest, first: int, signature_before: str | None) -> bool:
        return (
            digest.first_seq == first
            and signature_before in {None, digest.prev_signature}
            and self._tools.signer.has_signed(digest.signed_content, digest.signature)
        )

    def _finding_in(self, digest: Digest, progress: _Progress) -> Finding | None:
        """Hold the entries of a digest's span to it. Only the oldest of all may be gone, and only when old enough."""
        kept = self._tools.ledger.kept()
        entries = kept.entries(digest.first_seq, digest.last_seq)
        oldest = next(entries, None)
        # Other settings can give up, at once, what the round has come to.
        if progress.check.first_kept is None or digest.first_recorded_at <= kept.since:
            if not self._may_begin_with(oldest, digest):
                return Finding(seq=digest.first_seq, where="ledger", problem="missing")
            progress.move(first_kept=oldest.seq if oldest else None)
            if oldest is None:
                return None
            before = Link(oldest.seq - 1, oldest.prev_hash) if oldest.seq > digest.first_seq else _start(digest)
        else:
            before = _start(digest)
        return self._break_in(chain([oldest] if oldest else [], entries), before, digest, progress)

    def _break_in(
        self, entries: Iterable[LedgerEntry], before: Link, digest: Digest, progress: _Progress
    ) -> Finding | None:
        first = before.seq + 1
        for entry in entries:
            progress.rows += 1
            if not follows(entry.model_dump(mode="json"), before):
                return broken(entry.seq, before)
            before = Link(entry.seq, entry.hash)
            if (body := reference_in(entry.details)) and entry.seq > progress.check.bodies_to:
                progress.bodies.append((entry.seq, body))
        if before.seq < digest.last_seq:
            return Finding(seq=before.seq + 1, where="ledger", problem="missing")
        is_sealed = before == digest.end
        return None if is_sealed else Finding(seq=first, where="ledger", problem="changed")

    def _finding_in_bodies(self, progress: _Progress, has_time: Callable[[], bool]) -> Finding | None:
        """Hold the bodies of a digest's entries to what the entries say of them, one after the other."""
        for seq, body in progress.bodies:
            if not has_time():
                raise _OutOfTimeError
            content = self._tools.evidence.get(body.key)
            if content is None or not body.is_to(content):
                return Finding(seq=seq, where=body.key, problem="missing" if content is None else "changed")
            progress.move(bodies_to=seq)
        return None

    def _may_begin_with(self, oldest: LedgerEntry | None, digest: Digest) -> bool:
        """Whether what is missing before the oldest entry can have gone by itself."""
        if oldest and oldest.seq == digest.first_seq:
            return True
        youngest_missing = oldest.recorded_at if oldest else digest.last_recorded_at
        return self._tools.clock() - youngest_missing >= SURELY_KEPT


def _start(digest: Digest) -> Link:
    return Link(digest.first_seq - 1, digest.prev_hash)
