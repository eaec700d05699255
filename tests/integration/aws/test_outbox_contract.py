"""What every store promises to the sequencer: each event gets one number, once, whoever tries."""

import os
from typing import Any

import boto3
import pytest

from nightlatch.adapters.dynamodb.keys import OUTBOX
from nightlatch.domain.audit_event import EventType, Severity
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.ledger import GENESIS, ForeignId, Head, UnreadableRow, WaitingRow, append, first_break
from nightlatch.services.sequencer import Sequencer
from tests.builders import ROBOT, a_foreign_event, an_entry_to_write
from tests.fakes.store import InMemoryStore
from tests.integration.aws.builders import HOUR, NOW, ORIGIN, an_event, events_in_order
from tests.integration.aws.conftest import RETENTION, Store


def record_each(store: Store, events: int) -> None:
    """Record so many events, each of a commit of its own."""
    for event in events_in_order(events):
        store.work.record(event, origin=ORIGIN)


def descriptions(row: WaitingRow) -> list[str]:
    """Name the events of a row."""
    return [event.description for event in row.events]


def test_before_the_first_entry_the_chain_stands_at_its_beginning(store: Store) -> None:
    assert store.outbox.standing().head == Head(seq=0, hash=GENESIS, recorded_at=None)
    assert store.ledger.kept().head == store.outbox.standing().head


def test_the_events_of_one_commit_wait_in_one_row_each_with_an_id_of_its_own(store: Store) -> None:
    store.work.record(*events_in_order(3), origin=ORIGIN)
    (row,) = store.outbox.waiting()
    assert descriptions(row) == ["1", "2", "3"]
    assert row.key == row.events[0].id
    assert len({event.id for event in row.events}) == 3


def test_commits_wait_apart_oldest_first(store: Store) -> None:
    first, *others = events_in_order(3)
    store.work.record(*others, origin=ORIGIN)
    store.work.record(first, origin=ORIGIN)
    assert list(map(descriptions, store.outbox.waiting())) == [["1"], ["2", "3"]]


def test_a_commit_with_many_events_waits_in_several_rows(store: Store) -> None:
    store.work.record(*events_in_order(70), origin=ORIGIN)
    assert [len(row.events) for row in store.outbox.waiting()] == [32, 32, 6]
    assert [event.description for event in store.pending()] == [str(number) for number in range(1, 71)]


@pytest.mark.parametrize(
    ("commits", "events", "fitting"),
    [(50, 1, 49), (34, 2, 33), (4, 32, 3), (5, 24, 3), (3, 49, 3)],
)
def test_as_much_is_read_as_can_be_appended_at_once(store: Store, commits: int, events: int, fitting: int) -> None:
    for number in range(commits):
        store.work.record(*events_in_order(events, at=NOW + number * HOUR), origin=ORIGIN)
    waiting = store.outbox.waiting()
    assert len(waiting) == fitting
    store.sequence()
    assert store.outbox.waiting()[0].key > waiting[-1].key


def test_appending_moves_the_head_and_clears_the_rows(store: Store) -> None:
    record_each(store, 3)
    *rows, last = store.outbox.waiting()
    head, entries = append(Head(), [event for row in rows for event in row.events], at=NOW, random=os.urandom)
    store.outbox.append(entries, clearing=rows, after=Head(), head=head, retention=RETENTION)
    assert store.outbox.standing().head == store.ledger.kept().head == head
    assert list(store.ledger.kept().entries(1, 9)) == entries
    assert store.outbox.waiting() == [last]


def test_an_entry_gives_back_the_id_that_its_event_waited_under(store: Store) -> None:
    store.work.record(*events_in_order(3), origin=ORIGIN)
    waiting = store.pending()
    assert [entry.event_id for entry in store.sequence()] == [event.id for event in waiting]


def test_the_chain_holds_over_what_is_read_back(store: Store) -> None:
    store.sequence(an_event('æøå \N{ROCKET} "quoted"', details={"n": 1, "deep": [None, True, {"z": "", "a": 2.5}]}))
    store.sequence(*events_in_order(49))
    entries = list(store.ledger.kept().entries(1, 50))
    assert len(entries) == 50
    assert first_break(entries, after=Head()) is None


def test_of_two_rivals_one_appends_and_the_other_writes_nothing(store: Store) -> None:
    record_each(store, 2)
    first, second = store.outbox.waiting()
    winner, winners = append(Head(), first.events, at=NOW, random=os.urandom)
    loser, losers = append(Head(), second.events, at=NOW, random=os.urandom)
    store.outbox.append(winners, clearing=[first], after=Head(), head=winner, retention=RETENTION)
    with pytest.raises(RivalChangeError):
        store.outbox.append(losers, clearing=[second], after=Head(), head=loser, retention=RETENTION)
    assert store.outbox.standing().head == winner
    assert list(store.ledger.kept().entries(1, 9)) == winners
    assert store.outbox.waiting() == [second]


@pytest.mark.parametrize("changed", [{"seq": 2}, {"hash": "f" * 64}], ids=["another number", "another hash"])
def test_a_head_that_is_not_the_stored_one_is_refused(store: Store, changed: dict[str, object]) -> None:
    store.sequence(an_event())
    store.work.record(an_event("waits"), origin=ORIGIN)
    supposed = store.outbox.standing().head.model_copy(update=changed)
    after, entries = append(supposed, store.pending(), at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(entries, clearing=store.outbox.waiting(), after=supposed, head=after, retention=RETENTION)
    assert store.outbox.standing().head.seq == 1
    assert len(store.pending()) == 1


def test_a_row_that_was_taken_already_gets_no_second_numbers(store: Store) -> None:
    store.work.record(*events_in_order(2), origin=ORIGIN)
    (taken,) = store.outbox.waiting()
    head, entries = append(Head(), taken.events, at=NOW, random=os.urandom)
    store.outbox.append(entries, clearing=[taken], after=Head(), head=head, retention=RETENTION)
    further, again = append(head, taken.events, at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(again, clearing=[taken], after=head, head=further, retention=RETENTION)
    assert store.outbox.standing().head == head
    assert list(store.ledger.kept().entries(1, 9)) == entries


def test_an_entry_is_never_replaced(store: Store) -> None:
    (entry,) = store.sequence(an_event("first"))
    store.work.record(an_event("second"), origin=ORIGIN)
    after, again = append(Head(), store.pending(), at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(
            again, clearing=store.outbox.waiting(), after=store.outbox.standing().head, head=after, retention=RETENTION
        )
    assert list(store.ledger.kept().entries(1, 9)) == [entry]


def test_what_is_too_much_for_one_transaction_is_refused_as_a_whole(store: Store) -> None:
    record_each(store, 49)
    head, entries = append(Head(), [*store.pending(), *store.pending()[:2]], at=NOW, random=os.urandom)
    with pytest.raises(ValueError, match="101 items"):
        store.outbox.append(entries, clearing=store.outbox.waiting(), after=Head(), head=head, retention=RETENTION)
    assert store.outbox.standing().head == Head()


# What other systems tell of


def record_foreign(store: Store, *numbers: int) -> None:
    """Record what another system tells of under these ids, as one commit."""
    store.work.record(*(a_foreign_event(number, at=NOW) for number in numbers), origin=ORIGIN)


def ids(*numbers: int) -> list[ForeignId]:
    """Say by what these events are known."""
    return [ForeignId(ROBOT.id, str(number)) for number in numbers]


def test_what_another_system_told_of_is_known_as_soon_as_it_is_in_the_ledger(store: Store) -> None:
    record_foreign(store, 1, 2)
    assert store.outbox.fingerprints(ids(1, 2)) == {}
    Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=1)
    known = store.outbox.fingerprints(ids(1, 2, 3))
    assert known == {one: an_entry_to_write(id=one.id, timestamp=NOW).fingerprint for one in ids(1, 2)}


def test_a_foreign_id_that_a_rival_has_marked_is_refused(store: Store) -> None:
    record_foreign(store, 1)
    Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=1)
    record_foreign(store, 1)
    (row,) = store.outbox.waiting()
    stands = store.outbox.standing().head
    head, entries = append(stands, row.events, at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(entries, clearing=[row], after=stands, head=head, retention=RETENTION)
    assert store.outbox.waiting() == [row]


def test_rows_of_other_systems_leave_room_for_their_marks(store: Store) -> None:
    record_foreign(store, *range(100))
    assert [len(row.events) for row in store.outbox.waiting()] == [32]
    assert Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=9) == 100


def test_what_is_known_already_is_cleared_without_a_number(store: Store) -> None:
    for _ in range(2):
        record_foreign(store, 1)
        Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=1)
    assert store.outbox.waiting() == []
    assert store.outbox.standing().head.seq == 1


# What cannot be read


def spoil(store: Store, row: WaitingRow) -> None:
    """Make something of a row that nobody can read."""
    if isinstance(store.outbox, InMemoryStore):
        store.outbox.outbox[row.key] = UnreadableRow(key=row.key, content="?")
        return
    item: Any = {"pk": {"S": OUTBOX}, "sk": {"S": row.key}, "body": {"B": b"?"}}
    boto3.client("dynamodb").put_item(TableName="state", Item=item)


def test_a_row_that_cannot_be_read_holds_up_none_of_the_others_and_is_told_of_in_its_place(store: Store) -> None:
    """I3."""
    record_each(store, 3)
    spoiled = store.outbox.waiting()[1]
    spoil(store, spoiled)
    assert Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=1) == 3
    first, told, last = entries = list(store.ledger.kept().entries(1, 9))
    assert (first.description, last.description) == ("1", "3")
    assert (told.event_type, told.severity) == (EventType.INTEGRITY_FAILED, Severity.ERROR)
    assert (told.details["problem"], told.details["row"]) == ("unreadable", spoiled.key)
    assert first_break(entries, after=Head()) is None
    assert (store.outbox.waiting(), store.outbox.moved_aside()) == ([], 1)


def test_a_row_that_cannot_be_read_is_moved_aside_once(store: Store) -> None:
    record_each(store, 1)
    spoil(store, store.outbox.waiting()[0])
    rows = store.outbox.waiting()
    head, _ = append(Head(), [], at=NOW, random=os.urandom)
    store.outbox.append([], clearing=rows, after=Head(), head=head, retention=RETENTION)
    with pytest.raises(RivalChangeError):
        store.outbox.append([], clearing=rows, after=Head(), head=head, retention=RETENTION)
    assert store.outbox.moved_aside() == 1


def test_of_rows_that_cannot_be_read_no_more_are_read_than_can_be_moved_at_once(store: Store) -> None:
    record_each(store, 35)
    for row in store.outbox.waiting():
        spoil(store, row)
    assert len(store.outbox.waiting()) == 33
    assert Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=9) == 35
    assert store.outbox.moved_aside() == 35
