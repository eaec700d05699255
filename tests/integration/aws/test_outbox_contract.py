"""What every store promises to the sequencer: each event gets one number, once, whoever tries."""

import os

import pytest

from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.ledger import GENESIS, Head, append, first_break
from tests.integration.aws.builders import NOW, ORIGIN, an_event, events_in_order
from tests.integration.aws.conftest import RETENTION, Store


def test_before_the_first_entry_the_chain_stands_at_its_beginning(store: Store) -> None:
    assert store.outbox.standing().head == Head(seq=0, hash=GENESIS, recorded_at=None)
    assert store.ledger.kept().head == store.outbox.standing().head


def test_no_more_is_read_than_wanted(store: Store) -> None:
    store.work.record(*events_in_order(5), origin=ORIGIN)
    assert [event.description for event in store.outbox.pending(limit=3)] == ["1", "2", "3"]


def test_appending_moves_the_head_and_clears_the_outbox(store: Store) -> None:
    store.work.record(*events_in_order(3), origin=ORIGIN)
    head, entries = append(Head(), store.outbox.pending(limit=2), at=NOW, random=os.urandom)
    store.outbox.append(entries, after=Head(), head=head, retention=RETENTION)
    assert store.outbox.standing().head == store.ledger.kept().head == head
    assert list(store.ledger.kept().entries(1, 9)) == entries
    assert [event.description for event in store.outbox.pending(limit=9)] == ["3"]


def test_the_chain_holds_over_what_is_read_back(store: Store) -> None:
    store.sequence(an_event('æøå \N{ROCKET} "quoted"', details={"n": 1, "deep": [None, True, {"z": "", "a": 2.5}]}))
    store.sequence(*events_in_order(49))
    entries = list(store.ledger.kept().entries(1, 50))
    assert len(entries) == 50
    assert first_break(entries, after=Head()) is None


def test_of_two_rivals_one_appends_and_the_other_writes_nothing(store: Store) -> None:
    store.work.record(*events_in_order(2), origin=ORIGIN)
    first, second = store.outbox.pending(limit=2)
    winner, winners = append(Head(), [first], at=NOW, random=os.urandom)
    loser, losers = append(Head(), [second], at=NOW, random=os.urandom)
    store.outbox.append(winners, after=Head(), head=winner, retention=RETENTION)
    with pytest.raises(RivalChangeError):
        store.outbox.append(losers, after=Head(), head=loser, retention=RETENTION)
    assert store.outbox.standing().head == winner
    assert list(store.ledger.kept().entries(1, 9)) == winners
    assert store.outbox.pending(limit=9) == [second]


@pytest.mark.parametrize("changed", [{"seq": 2}, {"hash": "f" * 64}], ids=["another number", "another hash"])
def test_a_head_that_is_not_the_stored_one_is_refused(store: Store, changed: dict[str, object]) -> None:
    store.sequence(an_event())
    store.work.record(an_event("waits"), origin=ORIGIN)
    supposed = store.outbox.standing().head.model_copy(update=changed)
    after, entries = append(supposed, store.outbox.pending(limit=1), at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(entries, after=supposed, head=after, retention=RETENTION)
    assert store.outbox.standing().head.seq == 1
    assert len(store.outbox.pending(limit=9)) == 1


def test_an_event_that_was_taken_already_gets_no_second_number(store: Store) -> None:
    store.work.record(an_event(), origin=ORIGIN)
    taken = store.outbox.pending(limit=1)
    head, entries = append(Head(), taken, at=NOW, random=os.urandom)
    store.outbox.append(entries, after=Head(), head=head, retention=RETENTION)
    further, again = append(head, taken, at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(again, after=head, head=further, retention=RETENTION)
    assert store.outbox.standing().head == head
    assert list(store.ledger.kept().entries(1, 9)) == entries


def test_an_entry_is_never_replaced(store: Store) -> None:
    (entry,) = store.sequence(an_event("first"))
    store.work.record(an_event("second"), origin=ORIGIN)
    after, again = append(Head(), store.outbox.pending(limit=1), at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(again, after=store.outbox.standing().head, head=after, retention=RETENTION)
    assert list(store.ledger.kept().entries(1, 9)) == [entry]


def test_fifty_entries_are_too_many_for_one_transaction(store: Store) -> None:
    store.work.record(*events_in_order(50), origin=ORIGIN)
    head, entries = append(Head(), store.outbox.pending(limit=50), at=NOW, random=os.urandom)
    with pytest.raises(ValueError, match="101 items"):
        store.outbox.append(entries, after=Head(), head=head, retention=RETENTION)
    assert store.outbox.standing().head == Head()
