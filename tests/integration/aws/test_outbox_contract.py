"""What every store promises to the sequencer: each event gets one number, once, whoever tries."""

import os
from typing import Any

import boto3
import pytest

from nightlatch.adapters.dynamodb.keys import OUTBOX
from nightlatch.domain.audit_event import EventType, Severity
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.ledger import (
    GENESIS,
    ForeignId,
    Head,
    LedgerEntry,
    UnreadableRow,
    WaitingRow,
    append,
    first_break,
)
from nightlatch.services.ports.sequencing import Waiting
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
    (row,) = store.waiting()
    assert descriptions(row) == ["1", "2", "3"]
    assert row.key == row.events[0].id
    assert len({event.id for event in row.events}) == 3


def test_commits_wait_apart_oldest_first(store: Store) -> None:
    first, *others = events_in_order(3)
    store.work.record(*others, origin=ORIGIN)
    store.work.record(first, origin=ORIGIN)
    assert list(map(descriptions, store.waiting())) == [["1"], ["2", "3"]]


def test_a_commit_with_many_events_waits_in_several_rows(store: Store) -> None:
    store.work.record(*events_in_order(70), origin=ORIGIN)
    assert [len(row.events) for row in store.waiting()] == [32, 32, 6]
    assert [event.description for event in store.pending()] == [str(number) for number in range(1, 71)]


@pytest.mark.parametrize(
    ("commits", "events", "fitting"),
    [(51, 1, 50), (50, 2, 49), (4, 32, 3), (5, 24, 4), (3, 49, 4)],
)
def test_as_much_is_read_as_can_be_appended_at_once(store: Store, commits: int, events: int, fitting: int) -> None:
    for number in range(commits):
        store.work.record(*events_in_order(events, at=NOW + number * HOUR), origin=ORIGIN)
    waiting = store.waiting()
    assert len(waiting) == fitting
    store.sequence()
    assert store.waiting()[0].key > waiting[-1].key


def take(store: Store, *rows: WaitingRow) -> list[LedgerEntry]:
    """Append the events of these rows, and go no further."""
    after = store.outbox.standing().head
    head, entries = append(after, [event for row in rows for event in row.events], at=NOW, random=os.urandom)
    store.outbox.append(entries, taking=rows, after=after, head=head, retention=RETENTION)
    return entries


def test_appending_moves_the_head_which_names_the_rows_that_were_taken(store: Store) -> None:
    record_each(store, 3)
    *rows, last = store.waiting()
    entries = take(store, *rows)
    standing = store.outbox.standing()
    assert (standing.head.seq, standing.taken) == (2, tuple(row.key for row in rows))
    assert standing.head == store.ledger.kept().head == store.keeping.bearings().head
    assert list(store.ledger.kept().entries(1, 9)) == entries
    take(store, last)
    assert store.outbox.standing().taken == (last.key,)


def test_rows_that_were_taken_do_not_wait_and_are_left_over_until_they_are_cleared(store: Store) -> None:
    record_each(store, 3)
    first, second, last = store.waiting()
    take(store, first, second)
    taken = store.outbox.standing().taken
    assert store.outbox.waiting(taken=taken) == Waiting([last], [first.key, second.key])
    store.outbox.clear([first.key])
    assert store.outbox.waiting(taken=taken) == Waiting([last], [second.key])
    store.outbox.clear(taken)
    assert store.outbox.waiting(taken=taken) == Waiting([last], [])


def test_what_is_cleared_twice_is_as_good_as_once(store: Store) -> None:
    record_each(store, 2)
    first, second = store.waiting()
    for _ in range(2):
        store.outbox.clear([first.key, first.key, "never was there"])
    assert store.waiting() == [second]


@pytest.mark.parametrize("rows", [1, 25, 26, 50])
def test_any_number_of_rows_is_cleared(store: Store, rows: int) -> None:
    record_each(store, rows)
    store.outbox.clear(row.key for row in store.waiting())
    assert store.waiting() == []


def test_a_row_that_was_taken_and_lies_behind_what_is_read_counts_as_left_over(store: Store) -> None:
    """I3: its clock was ahead of all that came later, so that it would be met once the head no longer names it."""
    store.work.record(an_event("ahead", at=NOW + HOUR), origin=ORIGIN)
    (ahead,) = store.waiting()
    take(store, ahead)
    record_each(store, 49)
    assert [len(found.rows) for found in [store.outbox.waiting(taken=[ahead.key])] if found.leftovers] == [49]
    record_each(store, 1)
    waiting = store.outbox.waiting(taken=[ahead.key])
    assert (len(waiting.rows), waiting.leftovers) == (50, [ahead.key])


def test_a_row_that_was_taken_and_is_gone_is_not_left_over(store: Store) -> None:
    store.sequence(an_event("taken"))
    record_each(store, 60)
    waiting = store.outbox.waiting(taken=store.outbox.standing().taken)
    assert (len(waiting.rows), waiting.leftovers) == (50, [])


def test_a_sequencer_that_died_before_it_cleared_leaves_nothing_to_be_numbered_twice(store: Store) -> None:
    """I3: also when a page is full of what it left, and more waits behind."""
    record_each(store, 60)
    entries = take(store, *store.waiting())
    assert Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=9) == 10
    ledger = list(store.ledger.kept().entries(1, 99))
    assert ledger[:50] == entries
    assert len({entry.event_id for entry in ledger}) == len(ledger) == 60
    assert store.outbox.waiting(taken=()) == Waiting([], [])


def test_rows_that_are_cleared_late_take_nothing_else_with_them(store: Store) -> None:
    """I3."""
    record_each(store, 2)
    first, second = store.waiting()
    take(store, first)
    store.outbox.clear([first.key])
    take(store, second)
    store.outbox.clear([first.key])
    assert store.outbox.waiting(taken=()) == Waiting([second], [])


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
    first, second = store.waiting()
    winner, winners = append(Head(), first.events, at=NOW, random=os.urandom)
    loser, losers = append(Head(), second.events, at=NOW, random=os.urandom)
    store.outbox.append(winners, taking=[first], after=Head(), head=winner, retention=RETENTION)
    with pytest.raises(RivalChangeError):
        store.outbox.append(losers, taking=[second], after=Head(), head=loser, retention=RETENTION)
    assert store.outbox.standing().head == winner
    assert list(store.ledger.kept().entries(1, 9)) == winners
    assert store.waiting() == [second]


@pytest.mark.parametrize("changed", [{"seq": 2}, {"hash": "f" * 64}], ids=["another number", "another hash"])
def test_a_head_that_is_not_the_stored_one_is_refused(store: Store, changed: dict[str, object]) -> None:
    store.sequence(an_event())
    store.work.record(an_event("waits"), origin=ORIGIN)
    supposed = store.outbox.standing().head.model_copy(update=changed)
    after, entries = append(supposed, store.pending(), at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(entries, taking=store.waiting(), after=supposed, head=after, retention=RETENTION)
    assert store.outbox.standing().head.seq == 1
    assert len(store.pending()) == 1


def test_an_entry_is_never_replaced(store: Store) -> None:
    (entry,) = store.sequence(an_event("first"))
    store.work.record(an_event("second"), origin=ORIGIN)
    after, again = append(Head(), store.pending(), at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(
            again, taking=store.waiting(), after=store.outbox.standing().head, head=after, retention=RETENTION
        )
    assert list(store.ledger.kept().entries(1, 9)) == [entry]


def test_what_is_too_much_for_one_transaction_is_refused_as_a_whole(store: Store) -> None:
    record_each(store, 50)
    head, entries = append(Head(), [*store.pending(), *store.pending()], at=NOW, random=os.urandom)
    with pytest.raises(ValueError, match="101 items"):
        store.outbox.append(entries, taking=store.waiting(), after=Head(), head=head, retention=RETENTION)
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
    (row,) = store.waiting()
    stands = store.outbox.standing().head
    head, entries = append(stands, row.events, at=NOW, random=os.urandom)
    with pytest.raises(RivalChangeError):
        store.outbox.append(entries, taking=[row], after=stands, head=head, retention=RETENTION)
    assert store.waiting() == [row]


def test_rows_of_other_systems_leave_room_for_their_marks(store: Store) -> None:
    record_foreign(store, *range(100))
    assert [len(row.events) for row in store.waiting()] == [32]
    assert Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=9) == 100


def test_what_is_known_already_is_cleared_without_a_number(store: Store) -> None:
    record_foreign(store, 1)
    Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=1)
    before = store.outbox.standing()
    record_foreign(store, 1)
    Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=1)
    assert store.waiting() == []
    assert store.outbox.standing() == before


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
    spoiled = store.waiting()[1]
    spoil(store, spoiled)
    assert Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=1) == 3
    first, told, last = entries = list(store.ledger.kept().entries(1, 9))
    assert (first.description, last.description) == ("1", "3")
    assert (told.event_type, told.severity) == (EventType.INTEGRITY_FAILED, Severity.ERROR)
    assert (told.details["problem"], told.details["row"]) == ("unreadable", spoiled.key)
    assert first_break(entries, after=Head()) is None
    assert (store.waiting(), store.outbox.moved_aside()) == ([], 1)


def test_a_row_that_cannot_be_read_is_moved_aside_once(store: Store) -> None:
    record_each(store, 1)
    spoil(store, store.waiting()[0])
    rows = store.waiting()
    head, _ = append(Head(), [], at=NOW, random=os.urandom)
    store.outbox.append([], taking=rows, after=Head(), head=head, retention=RETENTION)
    with pytest.raises(RivalChangeError):
        store.outbox.append([], taking=rows, after=Head(), head=head, retention=RETENTION)
    assert store.outbox.moved_aside() == 1


def test_a_row_that_was_moved_aside_and_is_put_back_waits_again(store: Store) -> None:
    """I3: the head names no such row, for it has no numbers."""
    record_each(store, 2)
    spoiled, other = store.waiting()
    spoil(store, spoiled)
    take(store, *store.waiting())
    assert store.outbox.standing().taken == (other.key,)
    spoil(store, spoiled)
    assert [row.key for row in store.waiting()] == [spoiled.key]


def test_of_rows_that_cannot_be_read_no_more_are_read_than_can_be_moved_at_once(store: Store) -> None:
    record_each(store, 35)
    for row in store.waiting():
        spoil(store, row)
    assert len(store.waiting()) == 33
    assert Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=9) == 35
    assert store.outbox.moved_aside() == 35
