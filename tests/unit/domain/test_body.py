"""I4: what lies beside the ledger is bound by it: it can be put back and taken out again, and no other in its place."""

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.body import BodyReference, as_recorded, body_of, reference_in, with_body
from nightlatch.domain.errors import NotGenuineError
from nightlatch.domain.ledger import RESERVED, Head, LedgerEntry, PendingEvent, append, first_break
from tests.builders import API, NOON, ROBOT, a_large_entry, a_pending_event, an_entry_to_write

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
DETAILS = st.dictionaries(st.text().filter(lambda name: name not in RESERVED), VALUES, min_size=1)
SENT: dict[str, Any] = {"seats": 4, "price": 1.5, "name": "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}"}


def recorded(details: dict[str, Any]) -> LedgerEntry:
    """Number an event whose details lie beside the ledger."""
    body = BodyReference.to(body_of(details), at=NOON)
    event = an_entry_to_write(details=details).event(by=ROBOT, body=body)
    call = API.model_copy(update={"call": {"id": "c-1"}})
    pending = PendingEvent.of(event, event_id=a_pending_event().id, origin=call)
    _, (entry,) = append(Head(), [pending], at=NOON + timedelta(seconds=1), random=bytes)
    return entry


def row_of(entry: LedgerEntry) -> dict[str, Any]:
    """Send an entry as JSON, and read it."""
    return dict(json.loads(entry.model_dump_json()))


@given(details=DETAILS)
def test_whatever_was_sent_comes_back_and_can_be_taken_out_again(details: dict[str, Any]) -> None:
    """I4."""
    entry = recorded(details)

    whole = with_body(entry, body_of(details))

    assert whole.details == {**details, **entry.details}
    assert as_recorded(row_of(whole)) == row_of(entry)
    assert first_break([LedgerEntry.model_validate(as_recorded(row_of(whole)))], after=Head()) is None


def test_no_other_body_is_put_back() -> None:
    """I4."""
    with pytest.raises(NotGenuineError):
        with_body(recorded(SENT), body_of({**SENT, "seats": 5}))


def test_nothing_is_put_into_an_entry_that_refers_to_no_body() -> None:
    entry = recorded(SENT)
    without = entry.model_copy(update={"details": {"ingested": {"writer": "usr_1"}}})
    with pytest.raises(NotGenuineError):
        with_body(without, body_of(SENT))


@pytest.mark.parametrize(
    "change", [{"seats": 5}, {"more": None}, {"ingested": {"body": {}}}, {"ingested": []}, {"seats": float("nan")}]
)
def test_a_row_with_another_body_stays_as_it_is(change: dict[str, Any]) -> None:
    """I2: its hash tells that it is not what was recorded."""
    row = row_of(with_body(recorded(SENT), body_of(SENT)))
    row["details"] |= change
    before = copy.deepcopy(row)

    assert str(as_recorded(row)) == str(before)


@pytest.mark.parametrize("row", [{}, {"details": None}, {"details": {"seats": 4}}, row_of(recorded(SENT))])
def test_a_row_without_a_body_stays_as_it_is(row: dict[str, Any]) -> None:
    assert as_recorded(row) == row


def test_what_is_recorded_of_a_large_entry_is_little() -> None:
    """I4."""
    details = a_large_entry(1_000_000).details
    entry = recorded(details)
    assert reference_in(entry.details) == BodyReference.to(body_of(details), at=NOON)
    assert len(entry.model_dump_json()) < 2000
