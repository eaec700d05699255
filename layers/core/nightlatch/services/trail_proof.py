"""What is proven of the trail: how far it is sealed and checked, and a check of its newest stretch, made at once.

Nothing is said here that was not done: what no seal covers is told as such, and so is what was not looked at.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from pydantic_core import to_json

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.ledger import INGESTED, LedgerEntry
from nightlatch.domain.seal import (
    LONGEST_REST,
    LONGEST_SPAN,
    SEALS,
    SURELY_KEPT,
    Digest,
    Finding,
    SealState,
    seal_key,
)
from nightlatch.domain.verification import Asked, Doubt, Outcome, Verdict, verify
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.kept_seals import read_digest
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.configuration import AuditSettingsStore
from nightlatch.services.ports.evidence import Evidence, Seals, Signer
from nightlatch.services.ports.trail import KeptEntries, Ledger

MOST_ROWS = 2_000
LARGEST_READ = 8_000_000
"""Bytes of details: somebody waits for the check, and an entry can have hundreds of kilobytes."""

MOST_SEALS = 12
"""Each is fetched, and its signature sent to KMS."""

KEYS_PER_LOOK = 1000

OVERDUE = timedelta(days=3)
"""The self-check tells once a day that all holds. If it has not for so long, it does not come to its end."""

SEALING_OVERDUE = LONGEST_REST + timedelta(hours=2)
FEW = 20

NOT_PROVEN_YET = frozenset({Verdict.UNSEALED, Verdict.EXPIRED})
"""What is no fault: the newest entries, and those whose time is over."""


class SelfChecked(NamedTuple):
    """What the last self-check that found everything in order was over."""

    at: datetime
    first_seq: int
    last_seq: int
    digests: int


class ProofStanding(NamedTuple):
    """How far the trail is proven. `findings` are what the self-check, or sealing, found to be wrong."""

    at: datetime
    last_seq: int
    retention: timedelta
    sealed_to: int
    sealed_at: datetime | None
    begun_at: datetime | None
    checked: SelfChecked | None
    findings: tuple[Finding, ...]

    @property
    def unsealed(self) -> int:
        """How many of the newest are not sealed yet."""
        return max(self.last_seq - self.sealed_to, 0)

    @property
    def is_overdue(self) -> bool:
        """Whether the self-check should have come to its end again."""
        return self.checked is None or self.at - self.checked.at > OVERDUE

    @property
    def is_sealing_overdue(self) -> bool:
        """Whether what is new should have been sealed: also sealing's own events are, a day after the last seal."""
        return self.sealed_at is not None and self.unsealed > 0 and self.at - self.sealed_at > SEALING_OVERDUE


class NewestChecked(NamedTuple):
    """What came of checking the newest stretch: `outcome.first_seq` to `outcome.last_seq` were read and hashed again.

    The signatures of `outcome.digests` seals were checked; `proven_to` is the last number that one of them covers.
    """

    at: datetime
    outcome: Outcome
    proven_to: int

    @property
    def faults(self) -> list[Doubt]:
        """What is not as it must be."""
        return [doubt for doubt in self.outcome.doubts if doubt.verdict not in NOT_PROVEN_YET]


class TrailProof:
    """What auditors ask of the trail itself."""

    def __init__(
        self,
        *,
        seals: Seals,
        ledger: Ledger,
        evidence: Evidence,
        signer: Signer,
        settings: AuditSettingsStore,
        clock: Clock,
    ) -> None:
        self._seals = seals
        self._ledger = ledger
        self._evidence = evidence
        self._signer = signer
        self._settings = settings
        self._clock = clock

    def standing(self) -> ProofStanding:
        """Say how far the trail is sealed and checked, without checking anything."""
        state = self._seals.seal_state()
        return ProofStanding(
            at=self._clock(),
            last_seq=self._ledger.kept().head.seq,
            retention=self._settings.audit_settings().retention,
            sealed_to=state.last_seq,
            sealed_at=state.sealed_at,
            begun_at=state.check.started_at,
            checked=self._self_checked() if state.check.started_at else None,
            findings=state.findings,
        )

    def check_newest(self) -> NewestChecked:
        """Hash the newest entries again, and hold them to the seals over them, whose signatures are checked too."""
        state, kept = self._seals.seal_state(), self._ledger.kept()
        digests, unreadable = self._newest_digests(state)
        first = max(kept.head.seq - MOST_ROWS + 1, digests[0].first_seq if len(digests) == MOST_SEALS else 1)
        rows, begin = _newest(kept, first)
        if not kept.head.seq:
            return NewestChecked(self._clock(), Outcome(doubts=[*unreadable, *_lost_end(digests, state)]), proven_to=0)
        outcome = verify(
            [row.model_dump(mode="json") for row in _settled(rows, sealed_to=state.last_seq)],
            digests=[digest for digest in digests if digest.last_seq >= begin],
            is_signed=lambda digest: self._signer.has_signed(digest.signed_content, digest.signature),
            asked=Asked(first_seq=begin, kept_since=self._clock() - SURELY_KEPT),
        )
        outcome.doubts += [*unreadable, *_lost_end(digests, state)]
        covered = [one.last_seq for one in digests if one.last_seq <= (outcome.last_seq or 0)]
        return NewestChecked(self._clock(), outcome, proven_to=max(covered, default=0))

    def _self_checked(self) -> SelfChecked | None:
        wanted = EntryFilter(event_types=frozenset({EventType.AUDIT_VERIFIED}))
        told = AuditTrail(ledger=self._ledger).page(wanted, before=None, limit=FEW).entries
        # A service may be let write events of this name. What it says of the trail proves nothing.
        own = [entry for entry in told if INGESTED not in entry.details]
        return SelfChecked(at=own[0].timestamp, **own[0].details) if own else None  # type: ignore[arg-type]  # numbers

    def _newest_digests(self, state: SealState) -> tuple[list[Digest], list[Doubt]]:
        """Read the newest digests, oldest first, and say which cannot be read."""
        digests, doubts = list[Digest](), list[Doubt]()
        for key in self._newest_keys(state.last_seq):
            digest = read_digest(self._evidence.get(key))
            if digest is None:
                doubts.append(Doubt(Verdict.INVALID, state.last_seq, state.last_seq, f"{key} holds no seal"))
            else:
                digests.append(digest)
        return digests, doubts

    def _newest_keys(self, last_seq: int) -> list[str]:
        """List the keys of the newest digests; where a span is longer than the stretch, of the last one."""
        near = list(self._keys_after(seal_key(max(last_seq - MOST_ROWS, 0))))
        keys = near or list(self._keys_after(seal_key(max(last_seq - LONGEST_SPAN, 0))))[-1:]
        return keys[-MOST_SEALS:]

    def _keys_after(self, key: str) -> Iterator[str]:
        while keys := self._evidence.keys(SEALS, after=key, limit=KEYS_PER_LOOK):
            yield from keys
            key = keys[-1]


def _newest(kept: KeptEntries, first: int) -> tuple[list[LedgerEntry], int]:
    """Read the newest entries in order, from `first` on or, where they are large, from a later one: say from which."""
    entries = list[LedgerEntry]()
    size = 0
    for entry in kept.entries(first, kept.head.seq, newest_first=True):
        entries.insert(0, entry)
        size += len(to_json(entry.details))
        if size > LARGEST_READ:
            return entries, entry.seq
    return entries, first


def _settled(entries: list[LedgerEntry], *, sealed_to: int) -> list[LedgerEntry]:
    """Leave off what comes after a number that may still be on its way. What is sealed is never on its way."""
    for before, entry in pairwise(entries):
        if entry.seq != before.seq + 1 and before.seq >= sealed_to:
            return entries[: entries.index(entry)]
    return entries


def _lost_end(digests: list[Digest], state: SealState) -> list[Doubt]:
    """Say that the newest seal is gone: the ones before it would not show it."""
    last_seq = digests[-1].last_seq if digests else 0
    if last_seq >= state.last_seq:
        return []
    return [Doubt(Verdict.MISSING, last_seq + 1, state.last_seq, "it was sealed, and its seal is gone")]
