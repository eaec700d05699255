"""What `audit seals`, `prove` and `verify` do: get the evidence, and say what is proven by it and what is not."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError
from rich.text import Text

from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.proof import ProofOutcome, proof_of, verify_export, written
from nightlatch.domain.seal import Digest, Link, broken, follows
from nightlatch.domain.verification import Asked, Doubt, IsSigned, Outcome, UnreadableRowError, Verdict, verify
from nightlatch.entrypoints.cli.errors import CliError, MistakenError
from nightlatch.entrypoints.cli.invocation import Invocation
from nightlatch.entrypoints.cli.screen import MUTED, whole
from nightlatch.entrypoints.cli.shapes import Json, counted
from nightlatch.entrypoints.cli.signatures import KEY_FILE, digests_in, signed_with
from nightlatch.entrypoints.cli.trail_files import objects_in, rows_in

SEALS = "/v1/audit/seals"
KEY = "/v1/audit/key"
PAGE = 200

NOT_PROVEN_BY_A_CHAIN = (
    "Not proven without seals: that these are the events that were recorded (whoever can write the file can build "
    "another chain), and that none is missing before the first or after the last."
)
NOT_PROVEN_BY_SEALS = (
    "Not proven: that the key is Nightlatch's (compare it with one that you got another way), and that what was "
    "recorded is what happened."
)


@dataclass(frozen=True)
class Seals:
    """Downloaded digests, and the key that they must be signed with: their own key.pem unless another is named."""

    directory: Path
    key: Path | None

    def digests(self) -> Iterator[Digest]:
        """Read the digests, in order."""
        return digests_in(self.directory)

    def is_signed(self) -> IsSigned:
        """Make what tells whether a digest is signed with the key."""
        return signed_with(self.key or self.directory / KEY_FILE)


def download(run: Invocation, out: Path) -> None:
    """Download the digests that are not there yet, and the key."""
    out.mkdir(parents=True, exist_ok=True)
    known = list(digests_in(out)) if any(out.glob("*.json")) else []
    count = sum(_is_new(out, digest) for digest in _all(run, known[-1].last_seq + 1 if known else 1))
    (out / KEY_FILE).write_text(run.api.get(KEY)["pem"])
    body = {"directory": str(out), "new": count, "key": str(out / KEY_FILE)}
    said = f"{counted(count, 'new digest', 'new digests')} in {out}, the key in {KEY_FILE}"
    run.screen.show(body, lambda _: whole(said))


def asked(first: int | None, last: int | None, retention: int | None, *, now: datetime) -> Asked:
    """Say what is to be proven."""
    return Asked(first, last, now - timedelta(days=retention) if retention else None)


def check(run: Invocation, files: Sequence[Path], seals: Seals | None, wanted: Asked) -> bool:
    """Check whole stretches of the trail; return whether they are valid."""
    if seals:
        outcome = verify(rows_in(files), digests=seals.digests(), is_signed=seals.is_signed(), asked=wanted)
        _show(run, outcome, [_said_of_seals(outcome), NOT_PROVEN_BY_SEALS])
    else:
        outcome = verify(rows_in(files), digests=None, is_signed=lambda _: False, asked=wanted)
        _show(run, outcome, [_said_of_chain(outcome), NOT_PROVEN_BY_A_CHAIN])
    return outcome.verdict is Verdict.VALID


def check_filtered(run: Invocation, files: Sequence[Path], proof: Path, seals: Seals) -> bool:
    """Check a filtered export with its proof; return whether it is valid."""
    outcome = verify_export(rows_in(files), objects_in(proof), digests=seals.digests(), is_signed=seals.is_signed())
    _show(run, outcome, _said_of_filter(outcome))
    return outcome.verdict is Verdict.VALID


def prove(run: Invocation, manifest: Path, trail: Sequence[Path], seals: Seals, out: Path) -> None:
    """Write the proof that an export left out nothing that its filter selects; `trail` is all of that time."""
    wanted, first_seq, last_seq = _exported(manifest)
    digest = next((one for one in seals.digests() if one.first_seq <= last_seq <= one.last_seq), None)
    if digest is None:
        raise MistakenError(f"no digest covers number {last_seq} yet: download the seals again in a while")
    if digest.last_seq == last_seq:  # nothing later closes the time, so nothing is claimed of it
        wanted = wanted.model_copy(update={"until": None})
    entries = _unbroken(rows_in(trail), first_seq=first_seq, digest=digest)
    lines = proof_of(entries, wanted, first_seq=first_seq, last_seq=last_seq)
    numbers = _written(lines, out)
    count = sum(first_seq <= number <= last_seq for number in numbers)
    said = f"{counted(count, 'event', 'events')} of {first_seq} to {last_seq} left out, in {out}"
    run.screen.show({"file": str(out), "left_out": count}, lambda _: whole(said))


def _unbroken(rows: Iterable[Json], *, first_seq: int, digest: Digest) -> Iterator[LedgerEntry]:
    """Give the entries up to the digest's end. A proof over any that were not sealed so would prove nothing.

    Raises CliError with the first number that is missing, or is not what was recorded.
    """
    after = None
    try:
        for row in rows:
            if first_seq - 1 <= row.get("seq", 0) <= digest.last_seq:
                entry = LedgerEntry.model_validate(row)
                after = _next(entry, after or Link(min(entry.seq, first_seq) - 1, entry.prev_hash))
                yield entry
    except (ValidationError, UnreadableRowError) as error:
        raise CliError(f"the trail cannot be read{f' after number {after.seq}' if after else ''}: {error}") from error
    if after is None or after.seq < digest.last_seq:
        raise CliError(f"number {after.seq + 1 if after else first_seq} is missing from the trail")
    if after.hash != digest.head_hash:
        raise CliError(f"the trail up to number {after.seq} is one chain, but not the one that was sealed")


def _next(entry: LedgerEntry, after: Link) -> Link:
    if not follows(entry.model_dump(mode="json"), after):
        found = broken(entry.seq, after)
        what = "missing from the trail" if found.problem == "missing" else "not what was recorded"
        raise CliError(f"number {found.seq} is {what}")
    return Link(entry.seq, entry.hash)


def _written(lines: Iterable[Json], out: Path) -> list[int]:
    """Write a proof, all of it or none, and return the numbers that have a line in it."""
    numbers = list[int]()
    with out.open("xb") as file:
        try:
            for line in lines:
                file.write(written(line))
                numbers += [line["seq"]] if "seq" in line else []
        except BaseException:
            out.unlink()
            raise
    return numbers


def _exported(manifest: Path) -> tuple[EntryFilter, int, int]:
    """Read what was exported out of the manifest beside an export."""
    try:
        said = json.loads(manifest.read_bytes())
        wanted = EntryFilter.model_validate(said["filter"])
        first_seq, last_seq = int(said["first_seq"]), int(said["last_seq"])
    except (ValueError, KeyError, TypeError) as error:
        raise MistakenError(f"{manifest} is no manifest of an export that holds something") from error
    times = EntryFilter(since=wanted.since, until=wanted.until)
    return wanted if said["include_filters"] else times, first_seq, last_seq


def _all(run: Invocation, begin: int) -> Iterator[Json]:
    cursor = None
    while True:
        page = run.api.get(SEALS, {"from": begin, "limit": PAGE, "cursor": cursor})
        yield from page["seals"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _is_new(directory: Path, seal: Json) -> bool:
    """Write a digest exactly as it is kept, unless it is there."""
    digest = Digest.model_validate(seal)
    file = directory / f"{digest.first_seq:015}.json"
    if file.exists():
        return False
    file.write_bytes(digest.content)
    return True


def _show(run: Invocation, outcome: Outcome, said: Sequence[str]) -> None:
    body = {
        "verdict": outcome.verdict,
        "events": outcome.rows,
        "first_seq": outcome.first_seq,
        "last_seq": outcome.last_seq,
        "digests": outcome.digests,
        "signed_events": outcome.signed_rows,
        "doubts": [_doubt_as_json(doubt) for doubt in outcome.doubts],
        "said": list(said),
    }
    run.screen.show(body, lambda _: _view(outcome, said))


def _view(outcome: Outcome, said: Sequence[str]) -> Text:
    style = "bold green" if outcome.verdict is Verdict.VALID else "bold red"
    lines = [whole((outcome.verdict.value, style))]
    lines += [whole(f"  {_numbers(doubt)}: {doubt.verdict.value}, {doubt.reason}") for doubt in outcome.doubts]
    lines += [whole((line, MUTED)) for line in said]
    return whole("\n").join(lines)


def _doubt_as_json(doubt: Doubt) -> Json:
    numbers = {"first_seq": doubt.first_seq, "last_seq": doubt.last_seq}
    return {"verdict": doubt.verdict, **numbers, "reason": doubt.reason}


def _numbers(doubt: Doubt) -> str:
    return f"{doubt.first_seq}" if doubt.first_seq == doubt.last_seq else f"{doubt.first_seq} to {doubt.last_seq}"


def _said_of_chain(outcome: Outcome) -> str:
    if outcome.verdict is not Verdict.VALID:
        return "Proven: nothing."
    events = counted(outcome.rows, "event", "events")
    return f"Proven: {events}, {outcome.first_seq} to {outcome.last_seq}, are one unbroken chain."


def _said_of_seals(outcome: Outcome) -> str:
    events, digests = counted(outcome.rows, "event", "events"), counted(outcome.digests, "digest", "digests")
    return f"Proven: {outcome.signed_rows} of {events} are exactly as they were recorded, by {digests}."


def _said_of_filter(outcome: ProofOutcome) -> list[str]:
    if outcome.verdict is not Verdict.VALID or outcome.header is None:
        return ["Proven: nothing."]
    header = outcome.header
    chosen = header.filter.model_dump_json(exclude_defaults=True)
    events = counted(outcome.rows, "event", "events")
    proven = (
        f"Proven: {events}, exactly as recorded, are all of numbers {header.first_seq} to {header.last_seq} that this "
        f"filter selects: {chosen}. Left out: {outcome.left_out}."
    )
    lines = [proven]
    if header.filter.text is not None:
        count = counted(outcome.left_out_by_text, "event is", "events are")
        lines.append(
            f"Not proven: that the text is nowhere in what was left out for it; {count} neither shown nor refused."
        )
    return [*lines, NOT_PROVEN_BY_SEALS]
