"""The proof of a filtered export: what is not in it, its filter does not select.

A proof is a list of lines, each a JSON object. The first says what is proven; then there is one for each number that is
not among the exported rows, in order, up to the end of a sealed span:

    {"version": 1, "first_seq": 5, "last_seq": 90, "begins_at": 4, "prev_hash": "…", "filter": {…}}
    {"seq": 4, "part": "recorded_at", "value": "…", "salt": "…", "others": ["…", …]}     just before the dates
    {"seq": 7, "part": "event_type", "value": "flow.updated", "salt": "…", "others": [8 commitments]}
    {"seq": 91, "commitments": [9 commitments]}                                          beyond the last number

Of an entry that is left out one part is opened, which the filter refuses, and nothing else: the other commitments are
salted hashes. With them and with the rows the chain is computed again, from `prev_hash` to a signed hash; so no value
in it can have been another. Dates are proven by the neighbours: times of recording never run backwards.

`text` looks at what has no part of its own. What it alone leaves out is shown as commitments, and proves nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.ledger import (
    GENESIS,
    LedgerEntry,
    canonical_json,
    chained,
    commitment,
    commitments_of,
    part_salt,
    parts_of,
)
from nightlatch.domain.seal import Digest, Link
from nightlatch.domain.value import Value
from nightlatch.domain.verification import Doubt, IsSigned, Outcome, Row, UnreadableRowError, Verdict

TIME = "recorded_at"
PARTS = (TIME, "event_type", "severity", "actor", "resource", "request_id", "integration", "source", "entry")


class ProofHeader(Value):
    """What a proof is of: the numbers first_seq..last_seq under a filter. Its lines begin at `begins_at`."""

    version: int = 1
    first_seq: int
    last_seq: int
    begins_at: int
    prev_hash: str
    filter: EntryFilter


@dataclass
class ProofOutcome(Outcome):
    """What a check of rows and proof came to, and how many numbers were left out, and by what."""

    header: ProofHeader | None = None
    left_out: int = 0
    left_out_by_text: int = 0
    proven_to: int = 0
    doubts: list[Doubt] = field(default_factory=list)


# Making a proof


def proof_of(
    entries: Iterable[LedgerEntry], wanted: EntryFilter, *, first_seq: int, last_seq: int
) -> Iterator[dict[str, Any]]:
    """Make the proof of an export of first_seq..last_seq, a line at a time; it is written as one JSON object a line.

    `entries` are all entries of the ledger, in order and without a gap: from first_seq - 1 (if it is still there) to
    the end of the digest's span that last_seq lies in, or at least to last_seq + 1. What comes behind it is proven to
    be later, and closes the chain.
    """
    is_begun = False
    for entry in entries:
        if not is_begun:
            is_begun = True
            yield ProofHeader(
                first_seq=first_seq, last_seq=last_seq, begins_at=entry.seq, prev_hash=entry.prev_hash, filter=wanted
            ).model_dump(mode="json")
        part = _opened_part(entry, wanted, first_seq=first_seq, last_seq=last_seq)
        is_outside = not first_seq <= entry.seq <= last_seq
        if part or is_outside or not wanted.admits(entry):
            yield _line(entry, part)


def _opened_part(entry: LedgerEntry, wanted: EntryFilter, *, first_seq: int, last_seq: int) -> str | None:
    """Choose the one part that is shown of an entry; none of those that are only needed for the chain."""
    is_neighbour = (entry.seq == first_seq - 1 and wanted.since) or (entry.seq == last_seq + 1 and wanted.until)
    if is_neighbour:
        return TIME
    return wanted.refusing_part(entry) if first_seq <= entry.seq <= last_seq else None


def _line(entry: LedgerEntry, part: str | None) -> dict[str, Any]:
    content = entry.model_dump(mode="json")
    commitments = dict(zip(PARTS, (each.hex() for each in commitments_of(content)), strict=True))
    if part is None:
        return {"seq": entry.seq, "commitments": list(commitments.values())}
    return {
        "seq": entry.seq,
        "part": part,
        "value": parts_of(content)[part],
        "salt": part_salt(entry.salt, part).hex(),
        "others": [each for name, each in commitments.items() if name != part],
    }


# Checking a proof


def verify_export(
    rows: Iterable[Row], proof: Iterable[Row], *, digests: Iterable[Digest], is_signed: IsSigned
) -> ProofOutcome:
    """Check that the rows are all that the proof's filter selects, and as they were sealed."""
    lines = iter(proof)
    outcome = ProofOutcome()
    try:
        header = ProofHeader.model_validate(next(lines, {}))
    except (ValidationError, UnreadableRowError) as error:
        outcome.doubts.append(Doubt(Verdict.INVALID, 0, 0, f"the proof has no header that can be read: {error}"))
        return outcome
    outcome.header = header
    check = _Check(header, outcome, iter(digests), is_signed)
    try:
        for seq, row, line in _side_by_side(iter(rows), lines, begin=header.begins_at):
            check.take(seq, row, line)
    except UnreadableRowError as error:
        check.doubt(Verdict.INVALID, check.before.seq + 1, str(error))
        return outcome
    check.close()
    return outcome


def _side_by_side(
    rows: Iterator[Row], lines: Iterator[Row], *, begin: int
) -> Iterator[tuple[int, Row | None, Row | None]]:
    """Give for each number its row or its line. Raises UnreadableRowError where there is neither, or both."""
    row, line, seq = next(rows, None), next(lines, None), begin
    while row is not None or line is not None:
        is_row, is_line = row is not None and row.get("seq") == seq, line is not None and line.get("seq") == seq
        if is_row == is_line:
            raise UnreadableRowError(
                "it is both exported and left out" if is_row else "it is neither exported nor left out"
            )
        yield seq, row if is_row else None, line if is_line else None
        row, line = (next(rows, None), line) if is_row else (row, next(lines, None))
        seq += 1


class _Check:
    """A check under way: the chain is computed on from `before`, number by number."""

    def __init__(
        self, header: ProofHeader, outcome: ProofOutcome, digests: Iterator[Digest], is_signed: IsSigned
    ) -> None:
        if len(header.prev_hash) != len(GENESIS):
            raise UnreadableRowError("the hash before the first is no hash")
        self.before = Link(header.begins_at - 1, header.prev_hash)
        self._header = header
        self._outcome = outcome
        self._digests = digests
        self._digest = next(digests, None)
        self._is_signed = is_signed
        self._has_beginning = header.filter.since is None or header.first_seq == 1
        self._has_end = header.filter.until is None

    def doubt(self, verdict: Verdict, seq: int, reason: str, *, last_seq: int | None = None) -> None:
        self._outcome.doubts.append(Doubt(verdict, seq, last_seq or seq, reason))

    def take(self, seq: int, row: Row | None, line: Row | None) -> None:
        try:
            commitments = self._of_row(seq, row) if row is not None else self._of_line(seq, line or {})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnreadableRowError(f"it cannot be read ({type(error).__name__}: {error})") from error
        computed = chained(self.before.hash, seq, commitments)
        if row is not None and row["hash"] != computed:
            raise UnreadableRowError("its content is not what its hash says")
        self.before = Link(seq, computed)
        self._compare()

    def close(self) -> None:
        header, outcome = self._header, self._outcome
        if self.before.seq < header.last_seq:
            self.doubt(Verdict.MISSING, self.before.seq + 1, "the proof ends before", last_seq=header.last_seq)
        elif outcome.proven_to < header.last_seq:
            begin = max(outcome.proven_to + 1, header.first_seq)
            self.doubt(Verdict.UNSEALED, begin, "no digest closes the chain", last_seq=header.last_seq)
        if not self._has_beginning:
            self.doubt(Verdict.MISSING, header.first_seq - 1, "that the dates begin here is not shown")
        if not self._has_end:
            self.doubt(Verdict.MISSING, header.last_seq + 1, "that the dates end here is not shown")

    def _of_row(self, seq: int, row: Row) -> list[bytes]:
        """Commit to an exported row, which the filter must select."""
        entry = LedgerEntry.model_validate(row)
        if row["prev_hash"] != self.before.hash:
            raise UnreadableRowError("it does not follow what is before it")
        if not self._header.first_seq <= seq <= self._header.last_seq or not self._is_selected(entry):
            self.doubt(Verdict.INVALID, seq, "it is exported, but not selected by the filter")
        self._outcome.rows += 1
        self._outcome.first_seq = self._outcome.first_seq or seq
        self._outcome.last_seq = seq
        return commitments_of(row)

    def _is_selected(self, entry: LedgerEntry) -> bool:
        wanted = self._header.filter
        is_late = wanted.until is not None and entry.recorded_at >= wanted.until
        is_early = wanted.since is not None and entry.recorded_at < wanted.since
        return wanted.admits(entry) and not is_late and not is_early

    def _of_line(self, seq: int, line: Row) -> list[bytes]:
        """Read the commitments of an entry that is left out, and judge the part that is shown."""
        is_within = self._header.first_seq <= seq <= self._header.last_seq
        self._outcome.left_out += is_within
        if "part" not in line:
            self._judge_unopened(seq, is_within=is_within)
            return _hashes(line["commitments"], len(PARTS))
        part, value = line["part"], line["value"]
        self._judge_opened(seq, part, value, is_within=is_within)
        (salt,) = _hashes([line["salt"]], 1)
        others = _hashes(line["others"], len(PARTS) - 1)
        place = PARTS.index(part)
        return [*others[:place], commitment(value, salt), *others[place:]]

    def _judge_unopened(self, seq: int, *, is_within: bool) -> None:
        if is_within and self._header.filter.text is None:
            self.doubt(Verdict.INVALID, seq, "it is left out, and nothing of it is shown that the filter refuses")
        self._outcome.left_out_by_text += is_within

    def _judge_opened(self, seq: int, part: str, value: Any, *, is_within: bool) -> None:
        if part == TIME:
            self._judge_time(seq, datetime.fromisoformat(value))
        elif is_within and not self._header.filter.refuses(part, value):
            self.doubt(Verdict.INVALID, seq, f"it is left out, but its {part} is wanted")

    def _judge_time(self, seq: int, at: datetime) -> None:
        """Take the neighbours' times for the ends of the dates. Times never run backwards."""
        wanted, header = self._header.filter, self._header
        if seq == header.first_seq - 1 and wanted.since:
            self._has_beginning = at < wanted.since
        elif seq == header.last_seq + 1 and wanted.until:
            self._has_end = at >= wanted.until
        else:
            self.doubt(Verdict.INVALID, seq, "it is left out, and only its time is shown")

    def _compare(self) -> None:
        """Hold the chain to the digest whose span ends here."""
        while self._digest and self._digest.last_seq < self.before.seq:
            self._digest = next(self._digests, None)
        digest = self._digest
        if digest is None or digest.last_seq != self.before.seq:
            return
        self._outcome.digests += 1
        begin = max(digest.first_seq, self._header.begins_at)
        if not self._is_signed(digest):
            reason = "the digest over it is not signed with this key"
            self.doubt(Verdict.INVALID, begin, reason, last_seq=digest.last_seq)
        elif digest.head_hash != self.before.hash:
            reason = "somewhere here rows or proof leave what was sealed"
            self.doubt(Verdict.INVALID, begin, reason, last_seq=digest.last_seq)
        else:
            self._outcome.proven_to = digest.last_seq
            self._outcome.signed_rows = self._outcome.rows


def _hashes(texts: Any, count: int) -> list[bytes]:
    """Read so many hashes. Of another length, salt and value together could be read as another salt and value."""
    hashes = [bytes.fromhex(text) for text in texts]
    if len(hashes) != count or any(len(each) != len(GENESIS) // 2 for each in hashes):
        raise UnreadableRowError("its commitments are not what they must be")
    return hashes


def written(line: Mapping[str, Any]) -> bytes:
    """Write a line of a proof."""
    return canonical_json(dict(line)) + b"\n"
