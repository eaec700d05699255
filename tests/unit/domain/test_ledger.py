"""The chain: contiguous numbers, and a hash that notices everything."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.ledger import (
    GENESIS,
    Head,
    LedgerEntry,
    PendingEvent,
    append,
    canonical_json,
    first_break,
    number_in,
)
from nightlatch.domain.value import Instant
from tests.builders import HOUR, NOON, SECOND, a_chain, a_pending_event, an_event

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS
DOCUMENTS = st.dictionaries(
    TEXTS,
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)),
    max_size=4,
)
SPANS = st.timedeltas(-HOUR, HOUR)
LENGTH = 5


def altered(entry: LedgerEntry, **fields: object) -> LedgerEntry:
    return entry.model_copy(update=fields)


@given(offsets=st.lists(SPANS, max_size=20), batch=st.integers(1, 7))
def test_however_it_is_cut_into_batches_the_chain_is_contiguous_and_holds(offsets: list[timedelta], batch: int) -> None:
    pending = [a_pending_event(number, an_event(at=NOON + offset)) for number, offset in enumerate(offsets)]
    head, chain = Head(), list[LedgerEntry]()

    for start in range(0, len(pending), batch):
        head, entries = append(head, pending[start : start + batch], at=NOON, random=bytes)
        chain.extend(entries)

    assert [entry.seq for entry in chain] == list(range(1, len(pending) + 1))
    assert [entry.event_id for entry in chain] == [event.id for event in pending]
    assert [number_in(entry.id) for entry in chain] == [entry.seq for entry in chain]
    assert first_break(chain, after=Head()) is None
    assert (head.seq, head.hash) == ((chain[-1].seq, chain[-1].hash) if chain else (0, GENESIS))


@given(clocks=st.lists(st.tuples(SPANS, SPANS), min_size=1, max_size=12))
def test_the_time_of_recording_never_runs_backwards_nor_before_the_event(
    clocks: list[tuple[timedelta, timedelta]],
) -> None:
    head, chain = Head(), list[LedgerEntry]()

    for number, (happened, recorded) in enumerate(clocks):
        event = a_pending_event(number, an_event(at=NOON + happened))
        head, entries = append(head, [event], at=NOON + recorded, random=bytes)
        chain.extend(entries)

    times: list[Instant] = [entry.recorded_at for entry in chain]
    assert times == sorted(times)
    assert all(entry.recorded_at >= entry.timestamp for entry in chain)


def test_an_entry_says_all_that_its_event_said() -> None:
    pending = a_pending_event()

    _, (entry,) = append(Head(), [pending], at=NOON, random=bytes)

    assert dict(pending) | {"id": entry.id} == {name: getattr(entry, name) for name in dict(pending)}


@pytest.mark.parametrize("entry_id", ["", "0199", "-1", a_pending_event().id, f"{a_pending_event().id}-0", "x-1"])
def test_what_is_no_id_of_an_entry_has_no_number(entry_id: str) -> None:
    assert number_in(entry_id) is None


def test_nothing_to_append_leaves_the_head_alone() -> None:
    head = Head(seq=7, hash="f" * 64, recorded_at=NOON)

    assert append(head, [], at=NOON, random=bytes) == (head, [])


@given(number=st.integers(0, LENGTH - 1), field=st.sampled_from(["description", "event_type", "id", "request_id"]))
def test_a_changed_word_breaks_the_chain_where_it_was_changed(number: int, field: str) -> None:
    """I2."""
    chain = a_chain(LENGTH)
    chain[number] = altered(chain[number], **{field: "forged"})

    assert first_break(chain, after=Head()) == number + 1


@given(number=st.integers(0, LENGTH - 1), position=st.integers(0, 63))
def test_a_flipped_digit_of_a_hash_breaks_the_chain(number: int, position: int) -> None:
    """I2."""
    chain = a_chain(LENGTH)
    digits = chain[number].hash
    flipped = "0" if digits[position] != "0" else "1"
    chain[number] = altered(chain[number], hash=digits[:position] + flipped + digits[position + 1 :])

    assert first_break(chain, after=Head()) == number + 1


@pytest.mark.parametrize("number", range(LENGTH - 1))
def test_a_dropped_entry_breaks_the_chain_at_its_number(number: int) -> None:
    """I2."""
    chain = a_chain(LENGTH)
    del chain[number]

    assert first_break(chain, after=Head()) == number + 1


@pytest.mark.parametrize("number", range(LENGTH - 1))
def test_two_swapped_entries_break_the_chain_at_the_first_of_them(number: int) -> None:
    """I2."""
    chain = a_chain(LENGTH)
    chain[number], chain[number + 1] = chain[number + 1], chain[number]

    assert first_break(chain, after=Head()) == number + 1


def test_a_cut_tail_does_not_reach_the_head() -> None:
    """I2."""
    chain = a_chain(LENGTH)
    head, _ = append(Head(seq=chain[-2].seq, hash=chain[-2].hash), [a_pending_event(99)], at=NOON, random=bytes)

    cut = chain[:-1]

    assert (cut[-1].seq, cut[-1].hash) != (head.seq, head.hash)


def test_a_cut_beginning_breaks_the_chain() -> None:
    """I2."""
    assert first_break(a_chain(LENGTH)[2:], after=Head()) == 1


def test_a_chain_rebuilt_over_other_content_does_not_fit_what_was_before() -> None:
    """I2."""
    chain = a_chain(LENGTH)
    before_it = Head(seq=chain[1].seq, hash=chain[1].hash)
    _, rebuilt = append(Head(seq=2), [a_pending_event(number) for number in (8, 9)], at=NOON, random=bytes)

    assert first_break(rebuilt, after=before_it) == 3


def test_a_piece_of_the_chain_is_verified_from_the_hash_before_it() -> None:
    chain = a_chain(LENGTH)

    assert first_break(chain[3:], after=Head(seq=chain[2].seq, hash=chain[2].hash)) is None


def test_the_hash_of_an_entry_is_always_the_same() -> None:
    """The form that is hashed must not change: every chain ever written would break."""
    (entry,) = a_chain(1)

    assert entry.hash == "52d7a9648d8ebd3bfb35ca0eaa612ac8c6c3d002775a35ecd5635f9367304c4f"


def test_an_entry_hashes_the_same_after_it_was_stored_as_json() -> None:
    chain = a_chain(LENGTH)

    restored = [LedgerEntry.model_validate_json(entry.model_dump_json()) for entry in chain]

    assert first_break(restored, after=Head()) is None


@given(document=DOCUMENTS)
def test_the_canonical_form_does_not_depend_on_the_order_of_the_keys(document: dict[str, object]) -> None:
    backwards = dict(reversed(document.items()))

    assert canonical_json(backwards) == canonical_json(document)


@given(document=DOCUMENTS)
def test_the_canonical_form_says_the_same_as_the_content(document: dict[str, object]) -> None:
    assert json.loads(canonical_json(document)) == document


def test_the_canonical_form_has_no_blanks_and_plain_utf8() -> None:
    assert canonical_json({"b": [1, None], "a": "é\n"}) == '{"a":"é\\n","b":[1,null]}'.encode()


def test_what_is_no_json_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": float("nan")})


def test_an_event_waits_with_the_call_that_caused_it() -> None:
    origin = Origin(source=Source.CLI, ip_address="192.0.2.50", user_agent="nightlatch/1", call={"method": "POST"})

    pending = PendingEvent.of(an_event(at=NOON + SECOND), event_id="0199", origin=origin)

    assert (pending.id, pending.timestamp, pending.source, pending.ip_address, pending.user_agent) == (
        "0199",
        NOON + SECOND,
        Source.CLI,
        "192.0.2.50",
        "nightlatch/1",
    )
    assert pending.details == {"call": {"method": "POST"}}


def test_an_event_that_no_call_caused_says_nothing_of_one() -> None:
    pending = PendingEvent.of(an_event(), event_id="0199", origin=Origin(source=Source.SCHEDULE))

    assert "call" not in pending.details
