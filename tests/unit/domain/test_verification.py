"""The offline check: whatever is done to an export is found, and said with its number."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.ledger import Head
from nightlatch.domain.verification import Verdict
from tests.builders import NOON
from tests.fakes.evidence import FakeSigner
from tests.unit.domain.sealed_rows import Row, Sealed, doubts, entries_of, rows_of

SEALED = Sealed()
LAST = SEALED.length
NUMBERS = st.integers(1, LAST)
ENDS = dict.fromkeys(range(1, 5), 4) | dict.fromkeys(range(5, 10), 9) | dict.fromkeys(range(10, 13), 12)
"""The end of the span that a number lies in."""


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Name the place of everything in a row that is no dictionary."""
    if isinstance(value, dict) and value:
        return [place for name, inner in value.items() for place in leaves(inner, (*path, name))]
    return [path]


def put(row: Row, path: tuple[Any, ...], value: object) -> None:
    for name in path[:-1]:
        row = row[name]
    row[path[-1]] = value


PLACES = [place for place in leaves(SEALED.rows[0]) if place != ("seq",)]


def test_what_was_recorded_and_sealed_is_valid() -> None:
    outcome = SEALED.verify()
    assert (outcome.verdict, outcome.rows, outcome.signed_rows, outcome.digests) == (Verdict.VALID, LAST, LAST, 3)


def test_without_seals_one_unbroken_chain_is_all_that_can_be_said() -> None:
    outcome = SEALED.chain_alone(SEALED.rows[3:7])
    assert (outcome.verdict, outcome.first_seq, outcome.last_seq, outcome.signed_rows) == (Verdict.VALID, 4, 7, 0)


@given(number=NUMBERS, place=st.sampled_from(PLACES), data=st.data())
def test_any_other_value_in_any_field_is_found_with_its_number(number: int, place: Any, data: st.DataObject) -> None:
    """I2: a flipped byte."""
    rows = copy.deepcopy(SEALED.rows)
    other = data.draw(st.text(max_size=3) | st.none() | st.integers() | st.booleans() | st.just({"a": 1}))
    before = copy.deepcopy(rows[number - 1])
    put(rows[number - 1], place, other)
    if rows[number - 1] == before:
        return

    outcome = SEALED.verify(rows)

    assert outcome.verdict is Verdict.INVALID
    assert number in {doubt.first_seq for doubt in outcome.doubts}


@given(number=NUMBERS, position=st.integers(0, 63), field=st.sampled_from(["hash", "prev_hash"]))
def test_a_flipped_digit_of_a_hash_is_found_with_its_number(number: int, position: int, field: str) -> None:
    """I2: a flipped byte."""
    rows = SEALED.rows
    digits = rows[number - 1][field]
    flipped = "0" if digits[position] != "0" else "1"
    rows[number - 1][field] = digits[:position] + flipped + digits[position + 1 :]
    assert doubts(SEALED.verify(rows))[0] == ("invalid", number, number)


@given(first=st.integers(2, LAST - 1), count=st.integers(1, 4))
def test_dropped_rows_are_named(first: int, count: int) -> None:
    """I2: a dropped row."""
    last = min(first + count - 1, LAST - 1)
    rows = SEALED.rows
    del rows[first - 1 : last]
    for outcome in (SEALED.verify(rows), SEALED.chain_alone(rows)):
        assert (outcome.verdict, doubts(outcome)) == (Verdict.MISSING, [("missing", first, last)])


@given(last=st.integers(0, LAST - 1))
def test_a_cut_tail_is_noticed_when_seals_reach_further(last: int) -> None:
    """I2: the tail was cut."""
    outcome = SEALED.verify(SEALED.rows[:last])
    assert (outcome.verdict, doubts(outcome)) == (Verdict.MISSING, [("missing", last + 1, LAST)])


@given(first=st.integers(2, LAST))
def test_a_cut_beginning_is_noticed(first: int) -> None:
    """I2: rows dropped before all others."""
    outcome = SEALED.verify(SEALED.rows[first - 1 :])
    assert (outcome.verdict, doubts(outcome)) == (Verdict.MISSING, [("missing", 1, first - 1)])


@given(one=NUMBERS, other=NUMBERS)
def test_swapped_rows_are_found(one: int, other: int) -> None:
    """I2: two rows swapped."""
    if one == other:
        return
    rows = SEALED.rows
    rows[one - 1], rows[other - 1] = rows[other - 1], rows[one - 1]
    for outcome in (SEALED.verify(rows), SEALED.chain_alone(rows)):
        assert outcome.verdict is Verdict.INVALID
        found = {doubt.first_seq for doubt in outcome.doubts if doubt.verdict is Verdict.INVALID}
        assert found & set(range(min(one, other), max(one, other) + 1))


@given(number=NUMBERS)
def test_a_row_that_is_there_twice_is_found(number: int) -> None:
    rows = SEALED.rows
    rows.insert(number, rows[number - 1])
    assert ("invalid", number, number) in doubts(SEALED.verify(rows))


@given(number=NUMBERS)
def test_a_chain_rebuilt_from_a_number_on_is_found_in_the_span_of_that_number(number: int) -> None:
    """I2: the chain was rebuilt."""
    before = SEALED.entries[number - 2] if number > 1 else None
    head = Head(seq=before.seq, hash=before.hash) if before else Head()
    forged = entries_of(LAST - number + 1, salt=100, after=head)
    outcome = SEALED.verify(rows_of([*SEALED.entries[: number - 1], *forged]))
    assert outcome.verdict is Verdict.INVALID
    first = outcome.doubts[0]
    assert first.first_seq <= number <= first.last_seq == ENDS[number]
    assert outcome.signed_rows == max(end for end in (0, 4, 9) if end < number)
    assert SEALED.chain_alone(rows_of([*SEALED.entries[: number - 1], *forged])).verdict is Verdict.VALID


@given(number=st.integers(0, 2))
def test_a_digest_signed_with_another_key_is_found(number: int) -> None:
    """I2: signed with another key."""
    digests = list(SEALED.digests)
    content = digests[number].signed_content
    digests[number] = digests[number].model_copy(update={"signature": FakeSigner().sign(content)})
    span = (digests[number].first_seq, digests[number].last_seq)
    outcome = SEALED.verify(digests=digests)
    assert outcome.verdict is Verdict.INVALID
    assert doubts(outcome)[0] == ("invalid", *span)
    assert outcome.signed_rows == (9 if number == 2 else LAST)  # an unbroken chain leads on to the next digest


def test_a_whole_forgery_signed_with_another_key_is_found() -> None:
    """I2: the chain rebuilt, and signed with another key."""
    forged = entries_of(LAST, salt=100)
    outcome = SEALED.verify(rows_of(forged), SEALED.sealed(forged, signer=FakeSigner()))
    assert (outcome.verdict, outcome.signed_rows) == (Verdict.INVALID, 0)
    assert doubts(outcome) == [("invalid", 1, 4), ("invalid", 5, 9), ("invalid", 10, 12)]


@given(field=st.sampled_from(["first_seq", "last_seq", "count", "head_hash", "prev_hash", "sealed_at", "key_id"]))
def test_a_changed_digest_is_not_signed_any_more(field: str) -> None:
    """I2: a flipped byte in a digest."""
    digest = SEALED.digests[1]
    value = getattr(digest, field)
    other = value + 1 if isinstance(value, int) else value + timedelta(1) if field == "sealed_at" else value[:-1] + "x"
    changed = [SEALED.digests[0], digest.model_copy(update={field: other}), SEALED.digests[2]]
    assert SEALED.verify(digests=changed).verdict is Verdict.INVALID


def test_digests_of_which_one_is_gone_do_not_join() -> None:
    outcome = SEALED.verify(digests=[SEALED.digests[0], SEALED.digests[2]])
    assert (outcome.verdict, doubts(outcome)) == (Verdict.GAP, [("gap", 5, 9)])
    assert outcome.signed_rows == LAST  # all of them lead to the end of the last span


def test_digests_of_another_trail_do_not_join_even_when_they_are_signed() -> None:
    other = SEALED.sealed(entries_of(LAST, salt=100))
    outcome = SEALED.verify(digests=[SEALED.digests[0], *other[1:]])
    assert outcome.verdict is Verdict.INVALID
    assert ("gap", 5, 5) in doubts(outcome)


def test_rows_that_no_digest_is_over_yet_are_said() -> None:
    outcome = SEALED.verify(digests=SEALED.digests[:2])
    assert (outcome.verdict, doubts(outcome)) == (Verdict.UNSEALED, [("unsealed", 10, 12)])
    assert outcome.signed_rows == 9


def test_only_what_is_asked_for_need_be_proven() -> None:
    assert SEALED.verify(digests=SEALED.digests[:2], last_seq=9).verdict is Verdict.VALID
    assert SEALED.verify(SEALED.rows[:9], last_seq=9).verdict is Verdict.VALID
    assert SEALED.verify(SEALED.rows[5:], first_seq=6).verdict is Verdict.VALID
    assert SEALED.verify(SEALED.rows[5:9], first_seq=6, last_seq=9).verdict is Verdict.VALID


def test_rows_that_end_within_a_span_are_not_proven_by_its_digest() -> None:
    outcome = SEALED.verify(SEALED.rows[:7], last_seq=7)
    assert (outcome.verdict, doubts(outcome)) == (Verdict.UNSEALED, [("unsealed", 5, 7)])


def test_what_is_sealed_but_older_than_what_is_kept_has_expired() -> None:
    outcome = SEALED.verify(SEALED.rows[6:], kept_since=NOON + timedelta(hours=6))
    assert (outcome.verdict, doubts(outcome)) == (Verdict.EXPIRED, [("expired", 1, 6)])
    assert outcome.signed_rows == 6


def test_what_is_younger_than_what_is_kept_has_not_expired() -> None:
    outcome = SEALED.verify(SEALED.rows[9:], kept_since=NOON + timedelta(hours=4))
    assert doubts(outcome) == [("expired", 1, 4), ("missing", 5, 9)]


def test_digests_that_are_all_older_than_the_rows_prove_nothing_of_them() -> None:
    outcome = SEALED.verify(SEALED.rows[9:], SEALED.digests[:2], kept_since=NOON + timedelta(hours=9))
    assert (outcome.verdict, doubts(outcome)) == (Verdict.EXPIRED, [("expired", 1, 9), ("unsealed", 10, 12)])


def test_no_rows_at_all_prove_nothing() -> None:
    assert SEALED.chain_alone([]).verdict is Verdict.MISSING
    assert SEALED.verify([], []).verdict is Verdict.MISSING


def without(name: str) -> Row:
    row = SEALED.rows[1]
    del row[name]
    return row


@pytest.mark.parametrize(
    "row",
    [
        {},
        without("salt"),
        without("actor"),
        without("prev_hash"),
        without("hash"),
        {**SEALED.rows[1], "seq": "2"},
        {**SEALED.rows[1], "seq": True},
        {**SEALED.rows[1], "seq": 2.0},
        {**SEALED.rows[1], "actor": "maya"},
        {**SEALED.rows[1], "details": float("nan")},
        {**SEALED.rows[1], "description": "\ud800"},
        {**SEALED.rows[1], "prev_hash": SEALED.rows[1]["prev_hash"] + "2"},
    ],
    ids=str,
)
def test_what_is_no_event_ends_the_check_at_its_number(row: Row) -> None:
    outcome = SEALED.verify([SEALED.rows[0], row])
    assert (outcome.verdict, doubts(outcome)) == (Verdict.INVALID, [("invalid", 2, 2)])


def test_a_first_event_that_names_one_before_it_is_not_the_first() -> None:
    forged = rows_of(entries_of(2, after=Head(hash="f" * 64)))
    assert doubts(SEALED.chain_alone(forged)) == [("invalid", 1, 1)]


def test_one_entry_rebuilt_by_itself_is_not_what_the_next_one_follows() -> None:
    """I2: found without any seal, at the entry after it."""
    forged = entries_of(1, salt=100, after=Head(seq=4, hash=SEALED.entries[3].hash))
    rows = rows_of([*SEALED.entries[:4], *forged, *SEALED.entries[5:]])
    assert doubts(SEALED.chain_alone(rows)) == [("invalid", 6, 6)]
    assert SEALED.verify(rows).signed_rows == 4 + LAST - 5
