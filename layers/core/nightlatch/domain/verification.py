"""The offline check: whether these entries, in these numbers, are the ones that were recorded and sealed.

Rows and digests are read side by side, once, in the order of their numbers; nothing is kept but where the two stand.

What binds what: a hash binds its entry and everything before it; a digest's signature binds the hash at its span's end.
So an entry is proven when an unbroken chain leads from it to the end of a span whose digest is signed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from nightlatch.domain.errors import NightlatchError
from nightlatch.domain.ledger import GENESIS, entry_hash
from nightlatch.domain.seal import Digest, Link

Row = Mapping[str, Any]
IsSigned = Callable[[Digest], bool]


class UnreadableRowError(NightlatchError):
    """What should have been an entry cannot be read as one."""


class Verdict(StrEnum):
    """What a check comes to; of several findings the first of these."""

    INVALID = "invalid"
    MISSING = "missing"
    GAP = "gap"
    EXPIRED = "expired"
    UNSEALED = "unsealed"
    VALID = "valid"


class Doubt(NamedTuple):
    """One thing that is not proven: from which number on and to which, and why."""

    verdict: Verdict
    first_seq: int
    last_seq: int
    reason: str


class Asked(NamedTuple):
    """What is to be proven. Without `first_seq` and `last_seq`: all that the rows and the digests hold.

    What was recorded before `kept_since` need not be there any more.
    """

    first_seq: int | None = None
    last_seq: int | None = None
    kept_since: datetime | None = None


@dataclass
class Outcome:
    """What was read, what of it is proven, and every doubt."""

    rows: int = 0
    first_seq: int | None = None
    last_seq: int | None = None
    digests: int = 0
    signed_rows: int = 0
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """Say in one word what the check came to."""
        found = {doubt.verdict for doubt in self.doubts}
        return next((verdict for verdict in Verdict if verdict in found), Verdict.VALID)


def verify(rows: Iterable[Row], *, digests: Iterable[Digest] | None, is_signed: IsSigned, asked: Asked) -> Outcome:
    """Check rows against the chain, and against digests if there are any. Both come in the order of their numbers."""
    check = _Check(None if digests is None else iter(digests), is_signed, asked)
    try:
        for row in rows:
            check.take(row)
    except UnreadableRowError as error:
        check.doubt(Verdict.INVALID, check.before.seq + 1, check.before.seq + 1, str(error))
        return check.outcome
    check.close()
    return check.outcome


class _Check:
    """A check under way. `before` is the last row, `unbroken_from` where the chain that leads to it begins."""

    def __init__(self, digests: Iterator[Digest] | None, is_signed: IsSigned, asked: Asked) -> None:
        self.outcome = Outcome()
        self.before = Link(0, GENESIS)
        self._asked = asked
        self._is_signed = is_signed
        self._has_digests = digests is not None
        self._digests = digests or iter(())
        self._proven_to = 0
        self._digest: Digest | None = None
        self._previous: Digest | None = None
        self._unbroken_from = 0
        self._is_trusted = False
        self._next_digest()

    def doubt(self, verdict: Verdict, first_seq: int, last_seq: int, reason: str) -> None:
        self.outcome.doubts.append(Doubt(verdict, first_seq, last_seq, reason))

    def take(self, row: Row) -> None:
        """Read the next row."""
        seq, prev_hash, actual = _place_of(row)
        if self.outcome.rows and seq <= self.before.seq:
            self._out_of_order(seq)
            return
        self._begin(seq, prev_hash) if not self.outcome.rows else self._join(seq, prev_hash)
        if row["hash"] != actual:
            self.doubt(Verdict.INVALID, seq, seq, "its content is not what its hash says")
            self._unbroken_from = seq + 1
        self.outcome.rows += 1
        self.outcome.last_seq = seq
        # The hash as it stands, so that one wrong entry does not make its successor look wrong.
        self.before = Link(seq, row["hash"])
        self._pass_digests(seq)

    def close(self) -> None:
        """Look at what the digests say beyond the last row."""
        if not self.outcome.rows:
            self._nothing_there()
        elif self._has_digests:
            self._beyond(self.before.seq)

    # The chain

    def _begin(self, seq: int, prev_hash: str) -> None:
        self.outcome.first_seq = self._unbroken_from = seq
        if seq == 1 and prev_hash != GENESIS:
            self.doubt(Verdict.INVALID, 1, 1, "it is the first, but names an entry before it")
        self._skip_digests_before(seq)

    def _join(self, seq: int, prev_hash: str) -> None:
        if seq > self.before.seq + 1:
            self.doubt(Verdict.MISSING, self.before.seq + 1, seq - 1, "not among the rows")
            self._unbroken_from = seq
        elif prev_hash != self.before.hash:
            self.doubt(Verdict.INVALID, seq, seq, "it does not follow the entry before it")
            self._unbroken_from = seq

    def _out_of_order(self, seq: int) -> None:
        """Say that a number is there in the wrong place (and so not missing), or there twice."""
        doubts = self.outcome.doubts
        doubts[:] = [
            one for one in doubts if not (one.verdict is Verdict.MISSING and one.first_seq <= seq <= one.last_seq)
        ]
        self.doubt(Verdict.INVALID, seq, seq, "it is not in its place, or there twice")

    # The digests

    def _next_digest(self) -> None:
        """Go on to the next digest, which must be signed and join the one before."""
        self._previous, self._digest = self._digest, next(self._digests, None)
        digest, previous = self._digest, self._previous
        if digest is None:
            return
        self.outcome.digests += 1
        self._is_trusted = self._is_signed(digest)
        if not self._is_trusted:
            self.doubt(
                Verdict.INVALID, digest.first_seq, digest.last_seq, "the digest over it is not signed with this key"
            )
        elif previous and not _joins(previous, digest):
            begin, end = sorted((previous.last_seq + 1, digest.first_seq))
            self.doubt(Verdict.GAP, begin, max(end - 1, begin), "the digests do not join here")

    def _skip_digests_before(self, seq: int) -> None:
        """Pass the digests over what is older than the first row: it has gone by itself, or was cut off."""
        while self._digest and self._digest.first_seq < seq:
            first, last = self._digest.first_seq, min(self._digest.last_seq, seq - 1)
            self._absent(
                first, last, self._digest.first_recorded_at if last == seq - 1 else self._digest.last_recorded_at
            )
            if self._digest.last_seq >= seq:
                return
            self._next_digest()

    def _absent(self, first: int, last: int, recorded_at: datetime) -> None:
        first = max(first, self._asked.first_seq or 0)
        last = min(last, self._asked.last_seq or last)
        if first > last:
            return
        if self._asked.kept_since and recorded_at < self._asked.kept_since:
            self._extend(Verdict.EXPIRED, first, last, "sealed, but older than what is kept; the archive has it")
        else:
            self._extend(Verdict.MISSING, first, last, "sealed, but not among the rows")

    def _extend(self, verdict: Verdict, first: int, last: int, reason: str) -> None:
        """Join a doubt to the last one where it goes on: a year of digests is no year of lines."""
        latest = self.outcome.doubts[-1] if self.outcome.doubts else None
        if latest and (latest.verdict, latest.reason, latest.last_seq + 1) == (verdict, reason, first):
            first = self.outcome.doubts.pop().first_seq
        self.doubt(verdict, first, last, reason)

    def _pass_digests(self, seq: int) -> None:
        while self._digest and self._digest.last_seq <= seq:
            if self._digest.last_seq == seq:
                self._compare(self._digest)
            self._next_digest()

    def _compare(self, digest: Digest) -> None:
        """Hold the row at the end of a span to its digest: so all rows that lead to it are proven, or some are not."""
        if not self._is_trusted:
            return
        if self.before.hash == digest.head_hash:
            self.outcome.signed_rows += digest.last_seq - max(self._proven_to + 1, self._unbroken_from) + 1
            self._proven_to = digest.last_seq
        elif self._unbroken_from <= digest.last_seq:
            reason = "somewhere here the rows leave what was sealed"
            self.doubt(Verdict.INVALID, max(digest.first_seq, self._unbroken_from), digest.last_seq, reason)

    def _beyond(self, last_row: int) -> None:
        """Say what of the end is not proven: rows that no digest reaches, and digests that no row reaches."""
        wanted = self._asked.last_seq
        digest = self._digest
        sealed_to = (self._previous.last_seq if self._previous else 0) if digest is None else digest.first_seq - 1
        begin = max(sealed_to + 1, self.outcome.first_seq or 1, self._asked.first_seq or 1)
        end = min(last_row, wanted or last_row)
        reaches_further = digest is not None and (wanted is None or wanted > last_row)
        if begin <= end and not reaches_further:
            reason = (
                "no digest is over it yet"
                if digest is None
                else f"its digest is proven by rows up to {digest.last_seq} only"
            )
            self.doubt(Verdict.UNSEALED, begin, end, reason)
        while self._digest and (wanted is None or self._digest.first_seq <= wanted):
            self._absent(
                max(self._digest.first_seq, last_row + 1), self._digest.last_seq, self._digest.last_recorded_at
            )
            self._next_digest()

    def _nothing_there(self) -> None:
        if self._digest is None:
            self.doubt(Verdict.MISSING, 1, 1, "there are no events at all")
        while self._digest:
            self._absent(self._digest.first_seq, self._digest.last_seq, self._digest.last_recorded_at)
            self._next_digest()


def _joins(previous: Digest, digest: Digest) -> bool:
    ends = (previous.last_seq + 1, previous.head_hash, previous.signature)
    return ends == (digest.first_seq, digest.prev_hash, digest.prev_signature)


def _place_of(row: Row) -> tuple[int, str, str]:
    """Read a row's number, what it claims to follow, and the hash that its content has."""
    try:
        seq, prev_hash = row["seq"], row["prev_hash"]
        # Of another length, hash and number together could be read as another hash and another number.
        if type(seq) is not int or seq < 1 or len(prev_hash) != len(GENESIS) or type(row["hash"]) is not str:
            raise UnreadableRowError("it has no number, or no hashes")
        return seq, prev_hash, entry_hash(prev_hash, row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableRowError(f"it is no audit event ({type(error).__name__}: {error})") from error
