"""A sealed chain as an offline check meets it: rows as JSON, and signed digests over them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from nightlatch.domain.ledger import Head, LedgerEntry, append
from nightlatch.domain.seal import Digest
from nightlatch.domain.verification import Asked, Outcome, verify
from tests.builders import NOON, a_pending_event
from tests.fakes.evidence import FakeSigner

Row = dict[str, Any]


def entries_of(length: int, *, salt: int = 0, after: Head | None = None) -> list[LedgerEntry]:
    """Build a chain, an hour an entry; another `salt` makes other content."""
    head, chain = after or Head(), list[LedgerEntry]()
    for number in range(length):
        pending = a_pending_event(salt + number + 1)
        head, entries = append(head, [pending], at=NOON + timedelta(hours=head.seq), random=bytes)
        chain += entries
    return chain


def rows_of(entries: Sequence[LedgerEntry]) -> list[Row]:
    """Write entries as they are exported."""
    return [entry.model_dump(mode="json") for entry in entries]


@dataclass
class Sealed:
    """So many entries, sealed in spans that end at these numbers."""

    length: int = 12
    ends: Sequence[int] = (4, 9, 12)
    signer: FakeSigner = field(default_factory=FakeSigner)
    entries: list[LedgerEntry] = field(init=False)
    digests: list[Digest] = field(init=False)

    def __post_init__(self) -> None:
        self.entries = entries_of(self.length)
        self.digests = self.sealed(self.entries)

    @property
    def rows(self) -> list[Row]:
        """Everything, as it is exported."""
        return rows_of(self.entries)

    def sealed(self, entries: Sequence[LedgerEntry], *, signer: FakeSigner | None = None) -> list[Digest]:
        """Seal a chain, by our key or another's."""
        key, digests, begin = signer or self.signer, list[Digest](), 1
        for end in self.ends:
            first, last = entries[begin - 1], entries[end - 1]
            digest = Digest(
                first_seq=begin,
                last_seq=end,
                count=end - begin + 1,
                prev_hash=first.prev_hash,
                head_hash=last.hash,
                first_recorded_at=first.recorded_at,
                last_recorded_at=last.recorded_at,
                sealed_at=last.recorded_at,
                objects=(),
                prev_signature=digests[-1].signature if digests else None,
                key_id=key.key_id,
            )
            digests.append(digest.model_copy(update={"signature": key.sign(digest.signed_content)}))
            begin = end + 1
        return digests

    def is_signed(self, digest: Digest) -> bool:
        """Verify a signature."""
        return self.signer.has_signed(digest.signed_content, digest.signature)

    def verify(
        self, rows: Sequence[Row] | None = None, digests: Sequence[Digest] | None = None, **asked: Any
    ) -> Outcome:
        """Check rows, else all of them, against digests, else all of them."""
        return verify(
            self.rows if rows is None else rows,
            digests=self.digests if digests is None else digests,
            is_signed=self.is_signed,
            asked=Asked(**asked),
        )

    def chain_alone(self, rows: Sequence[Row]) -> Outcome:
        """Check rows without any digest."""
        return verify(rows, digests=None, is_signed=self.is_signed, asked=Asked())


def doubts(outcome: Outcome) -> list[tuple[str, int, int]]:
    """What was found, in short."""
    return [(doubt.verdict.value, doubt.first_seq, doubt.last_seq) for doubt in outcome.doubts]
