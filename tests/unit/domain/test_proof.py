"""The proof of a filtered export: it holds for what the filter selects, for nothing else, and tells nothing else."""

import copy
import json
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.audit_event import EventType, Severity
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.identity import SYSTEM, Actor, ActorType
from nightlatch.domain.ledger import Head, LedgerEntry, append
from nightlatch.domain.proof import PARTS, ProofOutcome, proof_of, verify_export, written
from nightlatch.domain.verification import Verdict
from tests.builders import NOON, a_pending_event, an_event
from tests.fakes.evidence import FakeSigner
from tests.unit.domain.sealed_rows import Row, Sealed, doubts, rows_of

MAYA = Actor(type=ActorType.USER, id="usr_maya", name="Maya Cohen")
TYPES = (EventType.ACCESS_REQUESTED, EventType.ACCESS_REJECTED, EventType.FLOW_UPDATED)
LENGTH = 12


def _given(secret: bytes, _: int) -> bytes:
    return secret


def a_varied_trail() -> list[LedgerEntry]:
    """Twelve entries, an hour apart, of three types and two actors, each with a secret salt of its own."""
    head, chain = Head(), list[LedgerEntry]()
    for number in range(LENGTH):
        at = NOON + timedelta(hours=number)
        event = an_event(TYPES[number % 3], at=at, by=MAYA if number % 2 else SYSTEM, request_id=f"req_{number % 4}")
        secret = number.to_bytes(16, "big")
        head, entries = append(head, [a_pending_event(number + 1, event)], at=at, random=partial(_given, secret))
        chain += entries
    return chain


def a_sealed_trail() -> Sealed:
    sealed = Sealed()
    sealed.entries = a_varied_trail()
    sealed.digests = sealed.sealed(sealed.entries)
    return sealed


SEALED = a_sealed_trail()
HOURS = st.none() | st.integers(0, LENGTH - 1)


@st.composite
def filters(draw: st.DrawFn) -> EntryFilter:
    """Any filter but by text."""
    since, until = draw(HOURS), draw(HOURS)  # the last entry is always later, as there is always one that is later
    return EntryFilter(
        since=NOON + timedelta(hours=since) if since is not None else None,
        until=NOON + timedelta(hours=until) if until is not None else None,
        event_types=draw(st.frozensets(st.sampled_from([kind.value for kind in TYPES]))),
        severities=draw(st.frozensets(st.sampled_from([kind.value for kind in Severity]))),
        actors=draw(st.frozensets(st.sampled_from([MAYA.id, SYSTEM.id]))),
        resources=draw(st.frozensets(st.sampled_from(["req_1", "req_2"]))),
        request_ids=draw(st.frozensets(st.sampled_from(["req_1", "req_2", "req_3"]))),
        sources=draw(st.frozensets(st.sampled_from(["api", "web"]))),
    )


def frame(wanted: EntryFilter) -> tuple[int, int]:
    """The numbers that the dates leave."""
    times = [entry.recorded_at for entry in SEALED.entries]
    first = next((n for n, at in enumerate(times, 1) if not wanted.since or at >= wanted.since), LENGTH + 1)
    last = next((n - 1 for n, at in enumerate(times, 1) if wanted.until and at >= wanted.until), LENGTH)
    return first, last


def exported(wanted: EntryFilter, *, first: int | None = None, last: int | None = None) -> tuple[list[Row], list[Row]]:
    """Make the rows and the proof of an export."""
    begin, end = frame(wanted)
    begin, end = first or begin, last or end
    rows = [entry for entry in SEALED.entries[begin - 1 : end] if wanted.admits(entry)]
    entries = SEALED.entries[max(begin - 2, 0) :]
    return rows_of(rows), list(proof_of(entries, wanted, first_seq=begin, last_seq=end))


def checked(rows: Iterable[Row], proof: Iterable[Row], digests: Any = None) -> ProofOutcome:
    return verify_export(
        rows, proof, digests=SEALED.digests if digests is None else digests, is_signed=SEALED.is_signed
    )


BY_TYPE = EntryFilter(event_types=frozenset({"flow.updated"}))
DATED = EntryFilter(
    since=NOON + timedelta(hours=2), until=NOON + timedelta(hours=8), event_types=frozenset({"flow.updated"})
)


@given(wanted=filters())
def test_a_proof_of_any_filter_holds(wanted: EntryFilter) -> None:
    first, last = frame(wanted)
    if first > last:
        return
    rows, proof = exported(wanted)
    outcome = checked(rows, proof)
    assert (outcome.verdict, outcome.doubts) == (Verdict.VALID, [])
    assert (outcome.rows, outcome.signed_rows) == (len(rows), len(rows))
    assert outcome.left_out == last - first + 1 - len(rows)


def test_a_proof_is_the_same_when_it_was_written_and_read() -> None:
    rows, proof = exported(DATED)
    assert checked(rows, [json.loads(written(line)) for line in proof]).verdict is Verdict.VALID


@given(wanted=filters(), data=st.data())
def test_a_row_that_is_kept_back_is_found(wanted: EntryFilter, data: st.DataObject) -> None:
    """I2: a dropped row of a filtered export."""
    rows, proof = exported(wanted)
    if not rows:
        return
    gone = data.draw(st.sampled_from(rows))
    rows.remove(gone)
    outcome = checked(rows, proof)
    assert outcome.verdict in {Verdict.INVALID, Verdict.MISSING}
    assert outcome.doubts[0].first_seq == gone["seq"]


@given(part=st.sampled_from(PARTS[:-1]), value=st.sampled_from(["flow.updated", "x", None, "nightlatch"]))
def test_a_row_cannot_be_kept_back_by_any_line(part: str, value: str | None) -> None:
    """I2: whatever is shown of it, it is not refused, or it is not what was sealed."""
    rows, proof = exported(BY_TYPE)
    gone = rows.pop(1)
    [_, line] = proof_of([SEALED.entries[gone["seq"] - 1]], EntryFilter(), first_seq=99, last_seq=99)
    place = PARTS.index(part)
    forged = {
        "seq": gone["seq"],
        "part": part,
        "value": value,
        "salt": "00" * 32,
        "others": line["commitments"][:place] + line["commitments"][place + 1 :],
    }
    for attempt in (line, forged):
        lines = sorted([*proof[1:], attempt], key=lambda one: one["seq"])
        assert checked(rows, [proof[0], *lines]).verdict is Verdict.INVALID


@given(data=st.data())
def test_any_change_of_a_row_or_of_a_line_is_found(data: st.DataObject) -> None:
    """I2: a flipped byte in a filtered export or in its proof."""
    rows, proof = (copy.deepcopy(part) for part in exported(DATED))
    changed = data.draw(st.sampled_from([*rows, *proof[1:]]))
    name = data.draw(st.sampled_from(sorted(changed)))
    value = changed[name]
    if name == "id":
        return  # below, with everything else of a row
    changed[name] = [*value[1:], "00" * 32] if isinstance(value, list) else f"{value}0" if name != "seq" else value + 1
    assert checked(rows, proof).verdict is not Verdict.VALID


@pytest.mark.parametrize("field", ["id", "description", "details", "salt", "actor", "user_agent"])
def test_a_changed_row_is_found_with_its_number(field: str) -> None:
    """I2: a flipped byte."""
    rows, proof = exported(BY_TYPE)
    other = {"details": {"a": 1}, "actor": {**rows[1]["actor"], "name": "x"}}.get(field, "x")
    rows[1][field] = other
    outcome = checked(rows, proof)
    assert doubts(outcome)[0] == ("invalid", rows[1]["seq"], rows[1]["seq"])


def test_a_row_that_the_filter_does_not_select_does_not_belong() -> None:
    rows, proof = exported(BY_TYPE)
    stranger = rows_of(SEALED.entries[:1])
    lines = [line for line in proof[1:] if line["seq"] != 1]
    assert ("invalid", 1, 1) in doubts(checked([*stranger, *rows], [proof[0], *lines]))


def test_a_row_that_is_also_left_out_is_found() -> None:
    rows, proof = exported(BY_TYPE)
    assert checked([*rows_of(SEALED.entries[:1]), *rows], proof).verdict is Verdict.INVALID


def test_dates_that_begin_later_or_end_earlier_than_is_said_are_found() -> None:
    for first, last in ((4, None), (None, 7)):
        rows, proof = exported(DATED, first=first, last=last)
        assert checked(rows, proof).verdict is not Verdict.VALID


def test_dates_without_neighbours_are_not_proven() -> None:
    rows, _ = exported(DATED)
    first, last = frame(DATED)
    proof = list(proof_of(SEALED.entries[first - 1 :], DATED, first_seq=first, last_seq=last))
    assert doubts(checked(rows, proof)) == [("missing", first - 1, first - 1)]


def test_a_proof_that_no_digest_closes_proves_nothing() -> None:
    rows, proof = exported(BY_TYPE)
    assert doubts(checked(rows, proof, SEALED.digests[:2])) == [("unsealed", 10, 12)]
    assert doubts(checked(rows, proof, [])) == [("unsealed", 1, 12)]


def test_a_digest_of_another_key_closes_nothing() -> None:
    """I2: signed with another key."""
    rows, proof = exported(BY_TYPE)
    forged = SEALED.sealed(SEALED.entries, signer=FakeSigner())
    assert checked(rows, proof, forged).verdict is Verdict.INVALID


def test_a_forged_trail_is_found_by_the_digests() -> None:
    """I2: the chain rebuilt over other content, with a proof of its own."""
    other = Sealed()
    proof = list(proof_of(other.entries, BY_TYPE, first_seq=1, last_seq=LENGTH))
    assert checked([], proof).verdict is Verdict.INVALID


@pytest.mark.parametrize("proof", [[], [{}], [{"version": 1}], [{"seq": 1}]])
def test_what_is_no_proof_proves_nothing(proof: list[Row]) -> None:
    assert checked([], proof).verdict is Verdict.INVALID


def test_a_proof_that_ends_early_is_found() -> None:
    """I2: a cut tail."""
    rows, proof = exported(BY_TYPE)
    assert checked(rows[:-1], proof[:5]).verdict is not Verdict.VALID


def test_what_a_text_leaves_out_is_counted_and_not_proven() -> None:
    wanted = EntryFilter(text="nowhere", event_types=frozenset({"flow.updated"}))
    rows, proof = exported(wanted)
    outcome = checked(rows, proof)
    assert (outcome.verdict, outcome.rows, outcome.left_out_by_text) == (Verdict.VALID, 0, 4)


@given(wanted=filters())
def test_of_an_entry_that_is_left_out_one_part_is_shown_and_nothing_else(wanted: EntryFilter) -> None:
    """What a line says depends on the rest of the entry through salted hashes only."""
    rows, proof = exported(wanted)
    numbers = {row["seq"] for row in rows}
    text = b"".join(written(line) for line in proof[1:]).decode()
    for line in proof[1:]:
        entry = SEALED.entries[line["seq"] - 1]
        assert line["seq"] not in numbers
        assert set(line) in ({"seq", "commitments"}, {"seq", "part", "value", "salt", "others"})
        assert entry.salt not in text
        assert entry.id not in text
        assert entry.description not in text
        hidden = set(PARTS) - {line.get("part")}
        assert len(line["others"] if "part" in line else line["commitments"]) == len(hidden)


def test_the_hidden_parts_cannot_be_guessed_from_the_salt_that_is_shown() -> None:
    """The salt of one part opens no other: two entries that differ in nothing but their salts look different."""
    twins = []
    for salt in (b"a" * 16, b"b" * 16):
        _, (entry,) = append(Head(), [a_pending_event(1)], at=NOON, random=partial(_given, salt))
        twins.append(list(proof_of([entry], BY_TYPE, first_seq=1, last_seq=1))[1])
    one, other = twins
    assert (one["part"], one["value"]) == (other["part"], other["value"])
    assert set(one["others"]).isdisjoint(other["others"])


def test_a_salt_of_another_length_is_refused() -> None:
    """Salt and value are hashed together: where one ends and the other begins must not be a choice."""
    rows, proof = exported(BY_TYPE)
    line = proof[1]
    line["salt"] += "22"
    assert checked(rows, proof).verdict is Verdict.INVALID


def test_an_entry_that_a_wider_filter_would_select_cannot_be_left_out_of_it() -> None:
    """I2: the proof of a narrow export does not pass for one of a wider."""
    rows, proof = exported(BY_TYPE)
    proof[0]["filter"]["event_types"] = ["access.requested", "flow.updated"]
    assert doubts(checked(rows, proof))[0] == ("invalid", 1, 1)


def test_a_value_cannot_be_shown_shorter_by_a_longer_salt() -> None:
    """I2: salt and value are hashed together, so the salt's length must not be a choice."""
    quoted = Actor(type=ActorType.USER, id='x"usr_1', name="")
    sealed = Sealed(length=1, ends=(1,))
    _, sealed.entries = append(Head(), [a_pending_event(1, an_event(by=quoted))], at=NOON, random=bytes)
    digests = sealed.sealed(sealed.entries)
    proof = list(proof_of(sealed.entries, EntryFilter(actors=frozenset({"another"})), first_seq=1, last_seq=1))
    proof[0]["filter"]["actors"] = ['x"usr_1']
    proof[1] |= {"value": "usr_1", "salt": proof[1]["salt"] + b'"x\\'.hex()}

    outcome = verify_export([], proof, digests=digests, is_signed=sealed.is_signed)

    assert outcome.verdict is Verdict.INVALID
