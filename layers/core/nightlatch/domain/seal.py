"""Seals: signed digests over spans of the ledger. Each is joined to the one before it by hash and by signature.

    archive/…/1-60.jsonl.gz              archive/…/61-130.jsonl.gz          the entries themselves
    seals/1.json  ◄── prev_signature ──  seals/61.json  ◄── …               what is signed

A span is planned before anything is written for it. So whoever dies, and whoever goes on, writes the same objects.
"""

import gzip
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.audit_settings import LONGEST_TO_FOLLOW, SHORTEST_DAYS
from nightlatch.domain.change import Change
from nightlatch.domain.errors import NightlatchError
from nightlatch.domain.identity import SYSTEM
from nightlatch.domain.ledger import GENESIS, LedgerEntry, canonical_json, entry_hash
from nightlatch.domain.value import Entity, Instant, Value

SEALS = "seals/"
ALGORITHM: Final = "ECDSA_SHA_256"

LONGEST_SPAN = 20_000
"""So many entries are sealed by one digest at most."""

ROWS_PER_OBJECT = 2_000
BYTES_PER_OBJECT = 4_000_000
"""What an archive object holds at most, so that no run needs more memory than that."""

MAY_REST = frozenset({EventType.AUDIT_SEALED, EventType.AUDIT_VERIFIED, EventType.SCHEDULE_RAN})
"""What causes no seal by itself: what sealing writes, or it would keep itself busy for ever, and that schedules ran,
which each of them, sealing too, tells every hour of an idle trail. That one failed is sealed at once."""

LONGEST_REST = timedelta(days=1)
"""After so long even what may rest is sealed, which also shows that there was nothing else."""

IN_FLIGHT = timedelta(minutes=1)
"""A number that is missing may be on its way to the reader for so long, and no longer."""

SURELY_KEPT = timedelta(days=SHORTEST_DAYS) - LONGEST_TO_FOLLOW - LONGEST_REST
"""Younger entries are never gone by themselves, whatever the settings say and said.

A longer retention gives up a day. One digest can be over another: of entries that are missing it does not tell when.
"""


class Link(NamedTuple):
    """An entry as the one after it sees it."""

    seq: int
    hash: str


BEGINNING = Link(0, GENESIS)


class Finding(Value):
    """Something that is not as it was sealed: from which number on, and where (`ledger`, or an object's key)."""

    seq: int
    where: str
    problem: Literal["missing", "changed", "not_ours"]


class FindingError(NightlatchError):
    """Something is not as it must be, and nothing may be sealed over it."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(f"{finding.where} is {finding.problem} at number {finding.seq}")


class ArchiveObject(Value):
    """An object of the archive: gzip, one entry's canonical JSON a line. The hash is that of the object as stored."""

    key: str
    sha256: str
    rows: int


class Digest(Value):
    """What is signed over a span: the numbers and hashes at both its ends, and what was signed before it."""

    version: Literal[1] = 1
    first_seq: int
    last_seq: int
    count: int
    prev_hash: str
    head_hash: str
    first_recorded_at: Instant
    last_recorded_at: Instant
    sealed_at: Instant
    objects: tuple[ArchiveObject, ...]
    prev_signature: str | None
    key_id: str
    signature: str = ""

    @property
    def key(self) -> str:
        """Where it is kept."""
        return seal_key(self.first_seq)

    @property
    def signed_content(self) -> bytes:
        """Write what the signature is over: the canonical JSON of everything else."""
        return canonical_json(self.model_dump(mode="json", exclude={"signature"}))

    @property
    def content(self) -> bytes:
        """Write it as it is kept."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def end(self) -> Link:
        """Where the next digest goes on."""
        return Link(self.last_seq, self.head_hash)

    def says_the_same_as(self, other: "Digest") -> bool:
        """Whether both are over the same span and content; the time of sealing and the signature never repeat."""
        differing = {"sealed_at", "signature"}
        return self.model_dump(exclude=differing) == other.model_dump(exclude=differing)


class Plan(Value):
    """The span that is being sealed, up to this number."""

    last_seq: int
    planned_at: Instant


class Round(Value):
    """How far the check of everything kept has come. `floor` is the first number of the oldest digest worth reading.

    Of the entries of the next digest, those up to `bodies_to` have had their bodies looked at.
    """

    started_at: Instant | None = None
    is_running: bool = False
    is_clean: bool = True
    floor: int = 1
    next_seq: int = 1
    bodies_to: int = 0
    first_kept: int | None = None
    digests: int = 0
    signature: str | None = None


class SealState(Entity):
    """Where sealing stands: the last seal, the span that is under way, the running check, and what was found."""

    version: int = 0
    last_seq: int = 0
    last_hash: str = GENESIS
    signature: str | None = None
    sealed_at: Instant | None = None
    plan: Plan | None = None
    check: Round = Field(default_factory=Round)
    findings: tuple[Finding, ...] = ()

    @property
    def end(self) -> Link:
        """What the next span goes on after."""
        return Link(self.last_seq, self.last_hash)

    def planned(self, last_seq: int, *, at: datetime) -> Change["SealState"]:
        """Decide on the span that is sealed next."""
        return Change(self.changed(plan=Plan(last_seq=last_seq, planned_at=at)))

    def sealed(self, digest: Digest, *, at: datetime) -> Change["SealState"]:
        """Go on after a digest that is kept."""
        state = self.changed(
            last_seq=digest.last_seq,
            last_hash=digest.head_hash,
            signature=digest.signature,
            sealed_at=at,
            plan=None,
            findings=tuple(one for one in self.findings if one.seq not in range(digest.first_seq, digest.last_seq + 1)),
        )
        details = {
            "first_seq": digest.first_seq,
            "last_seq": digest.last_seq,
            "count": digest.count,
            "digest": digest.key,
            "sha256": hashlib.sha256(digest.content).hexdigest(),
        }
        told = f"events {digest.first_seq} to {digest.last_seq} were sealed"
        return Change(state, (_event(EventType.AUDIT_SEALED, told, details, at=at),))

    def found(self, finding: Finding, *, at: datetime) -> Change["SealState"] | None:
        """Remember and tell what is wrong; None when it was told before."""
        if finding in self.findings:
            return None
        return Change(self.changed(findings=(*self.findings, finding)), (told_of(finding, at=at),))


def told_of(finding: Finding, *, at: datetime) -> AuditEvent:
    """Tell what is wrong."""
    told = f"the audit trail does not hold: {finding.where} is {finding.problem} from number {finding.seq} on"
    return _event(EventType.INTEGRITY_FAILED, told, finding.model_dump(mode="json"), at=at)


def told_of_round(*, first_seq: int, last_seq: int, digests: int, at: datetime) -> AuditEvent:
    """Tell that everything kept has been checked and holds."""
    told = f"events {first_seq} to {last_seq} are as they were sealed"
    details = {"first_seq": first_seq, "last_seq": last_seq, "digests": digests}
    return _event(EventType.AUDIT_VERIFIED, told, details, at=at)


def seal_key(first_seq: int) -> str:
    """Place the digest of the span that begins with a number."""
    return f"{SEALS}{first_seq:015}.json"


def first_seq_of(key: str) -> int:
    """Read the number with which a digest's span begins out of its key."""
    return int(key.removeprefix(SEALS).removesuffix(".json"))


def archive_key(first: LedgerEntry, last: LedgerEntry) -> str:
    """Place the archive object that holds the entries from `first` to `last`, all of one UTC hour."""
    hour = f"{first.recorded_at:year=%Y/month=%m/day=%d/hour=%H}"
    return f"archive/{hour}/{first.seq:015}-{last.seq:015}.jsonl.gz"


def follows(content: Mapping[str, Any], before: Link) -> bool:
    """Whether an entry's JSON form is what comes after `before` in the chain."""
    place = (content["seq"], content["prev_hash"], content["hash"])
    return place == (before.seq + 1, before.hash, entry_hash(before.hash, content))


class Piece(NamedTuple):
    """What one archive object holds: entries, and the lines that they are written as."""

    entries: Sequence[LedgerEntry]
    lines: Sequence[bytes]

    @property
    def key(self) -> str:
        """Where it is archived."""
        return archive_key(self.entries[0], self.entries[-1])

    @property
    def text(self) -> bytes:
        """What is archived, before it is compressed."""
        return b"".join(self.lines)

    def compressed(self) -> bytes:
        """Compress without a time, so that the same entries are the same bytes."""
        return gzip.compress(self.text, mtime=0)


def in_pieces(entries: Iterable[LedgerEntry], *, after: Link) -> Iterator[Piece]:
    """Cut a span into what single archive objects hold, and hold it to the chain while it is read.

    Raises FindingError where it does not hold, once everything before that has been given out.
    """
    held, lines, size = list[LedgerEntry](), list[bytes](), 0
    for entry in entries:
        content = entry.model_dump(mode="json")
        if not follows(content, after):
            raise FindingError(broken(entry.seq, after))
        line = canonical_json(content) + b"\n"
        if held and _is_full(held, size + len(line), entry):
            yield Piece(held, lines)
            held, lines, size = [], [], 0
        held.append(entry)
        lines.append(line)
        size += len(line)
        after = Link(entry.seq, entry.hash)
    if held:
        yield Piece(held, lines)


def broken(seq: int, after: Link) -> Finding:
    """Say what is wrong with the ledger when the entry `seq` was read after `after` and does not follow it."""
    is_absent = seq != after.seq + 1
    return Finding(seq=after.seq + 1, where="ledger", problem="missing" if is_absent else "changed")


def _is_full(held: Sequence[LedgerEntry], size: int, following: LedgerEntry) -> bool:
    is_another_hour = f"{held[0].recorded_at:%Y%m%d%H}" != f"{following.recorded_at:%Y%m%d%H}"
    return is_another_hour or len(held) == ROWS_PER_OBJECT or size > BYTES_PER_OBJECT


def _event(event_type: EventType, description: str, details: dict[str, Any], *, at: datetime) -> AuditEvent:
    return AuditEvent(
        event_type=event_type,
        timestamp=at,
        actor=SYSTEM,
        resource=ResourceReference(type="audit", id="ledger", name="Audit trail"),
        description=description,
        details=details,
    )
