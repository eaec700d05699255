"""The sequencer: every committed event once, in order, whoever else is at it."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.domain.ledger import ForeignId, Head, LedgerEntry, UnreadableRow, WaitingRow, first_break
from nightlatch.services.ports.sequencing import Standing, Waiting
from nightlatch.services.sequencer import Sequencer
from tests.builders import API, MAYA, NOA, FakeClock, KilledError, Outside, World, a_call, a_foreign_event, an_event
from tests.fakes.store import InMemoryStore, predictable

MILLISECOND = timedelta(milliseconds=1)
BATCH = 50
"""So many events, each of a commit of its own, are appended at once: the head names no more rows."""


def a_store(events: int = 0) -> InMemoryStore:
    """Build a store whose outbox holds so many events."""
    store = InMemoryStore(clock=FakeClock(), random=predictable())
    for _ in range(events):
        store.record(an_event(at=store.clock()), origin=API)
    return store


def chain_of(store: InMemoryStore) -> list[LedgerEntry]:
    return [store.ledger[number] for number in sorted(store.ledger)]


@dataclass
class CrowdedOutbox:
    """The outbox among rivals: before each of our calls, a rival may drain, or a new event may be committed.

    `turns` says what happens, one word for each call, a rival's own calls included.
    """

    store: InMemoryStore
    turns: list[str]
    committed: list[str] = field(default_factory=list)

    def standing(self) -> Standing:
        """Read the head after whatever comes between."""
        self._let_others_go_first()
        return self.store.standing()

    def waiting(self, *, taken: Collection[str]) -> Waiting:
        """Read what waits after whatever comes between."""
        self._let_others_go_first()
        return self.store.waiting(taken=taken)

    def moved_aside(self) -> int:
        """Count what could not be read."""
        return self.store.moved_aside()

    def fingerprints(self, ids: Iterable[ForeignId]) -> Mapping[ForeignId, str]:
        """Read what is known after whatever comes between."""
        self._let_others_go_first()
        return self.store.fingerprints(ids)

    def append(
        self,
        entries: Sequence[LedgerEntry],
        *,
        taking: Sequence[WaitingRow],
        after: Head,
        head: Head,
        retention: timedelta,
    ) -> None:
        """Append after whatever comes between."""
        self._let_others_go_first()
        self.store.append(entries, taking=taking, after=after, head=head, retention=retention)

    def clear(self, keys: Iterable[str]) -> None:
        """Clear after whatever comes between."""
        self._let_others_go_first()
        self.store.clear(keys)

    def _let_others_go_first(self) -> None:
        turn = self.turns.pop(0) if self.turns else "nobody"
        if turn == "rival":
            Sequencer(outbox=self, clock=self.store.clock, random=os.urandom).drain(batches=1)
        if turn == "commit":
            self.store.record(an_event(at=self.store.clock()), origin=API)


def test_what_waits_is_appended_in_the_order_of_its_ids() -> None:
    store = a_store(events=3)
    waiting = sorted(store.outbox)

    appended = Sequencer(outbox=store, clock=store.clock, random=os.urandom).drain(batches=1)

    assert (appended, [entry.event_id for entry in chain_of(store)], store.outbox) == (3, waiting, {})


@pytest.mark.parametrize("events", [0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH])
def test_any_number_of_events_is_one_unbroken_chain(events: int) -> None:
    store = a_store(events)

    appended = Sequencer(outbox=store, clock=store.clock, random=os.urandom).drain(batches=10)

    assert (appended, store.chain.seq, store.outbox) == (events, events, {})
    assert first_break(chain_of(store), after=Head()) is None


def test_no_more_batches_are_moved_than_were_asked_for() -> None:
    store = a_store(3 * BATCH)

    appended = Sequencer(outbox=store, clock=store.clock, random=os.urandom).drain(batches=2)

    assert (appended, len(store.outbox)) == (2 * BATCH, BATCH)


@settings(deadline=None)
@given(turns=st.lists(st.sampled_from(["rival", "commit", "nobody"]), max_size=14), events=st.integers(0, 60))
def test_among_rivals_every_event_is_appended_exactly_once(turns: list[str], events: int) -> None:
    """I3."""
    store = a_store(events)
    expected = events + turns.count("commit")

    Sequencer(outbox=CrowdedOutbox(store, [*turns]), clock=store.clock, random=os.urandom).drain(batches=40)
    later = Sequencer(outbox=store, clock=store.clock, random=os.urandom).drain(batches=40)

    chain = chain_of(store)
    assert later <= turns.count("commit")
    assert len({entry.id for entry in chain}) == len(chain) <= expected
    assert first_break(chain, after=Head()) is None
    assert (store.outbox, store.chain.seq) == ({}, len(chain))


@settings(deadline=None)
@given(
    turns=st.lists(st.sampled_from(["rival", "commit", "nobody"]), max_size=14),
    batches=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), max_size=6),
)
def test_among_rivals_an_event_of_another_system_is_appended_once_however_often_it_is_told(
    turns: list[str], batches: list[list[int]]
) -> None:
    """I3."""
    store = a_store()
    for numbers in batches:
        store.record(*(a_foreign_event(number, at=store.clock()) for number in numbers), origin=API)

    Sequencer(outbox=CrowdedOutbox(store, [*turns]), clock=store.clock, random=os.urandom).drain(batches=40)
    Sequencer(outbox=store, clock=store.clock, random=os.urandom).drain(batches=40)

    chain = chain_of(store)
    told = [entry.foreign_id.id for entry in chain if entry.foreign_id]
    assert sorted(told) == sorted({str(number) for numbers in batches for number in numbers})
    assert first_break(chain, after=Head()) is None
    assert (store.outbox, store.chain.seq) == ({}, len(chain))


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("events", [5, BATCH, BATCH + 10])
def test_a_sequencer_that_was_killed_leaves_a_chain_that_the_next_goes_on_with(
    events: int, number: int, after_effect: bool
) -> None:
    """I3: also where more waits behind a full page of rows that it numbered and did not clear."""
    store = a_store(events)
    waiting = sorted(store.outbox)
    killed = Outside(dies_at=number, after_effect=after_effect).around("outbox", store)

    with pytest.raises(KilledError):
        Sequencer(outbox=killed, clock=store.clock, random=os.urandom).drain(batches=1)
    Sequencer(outbox=store, clock=store.clock, random=os.urandom).drain(batches=3)

    assert [entry.event_id for entry in chain_of(store)] == waiting
    assert first_break(chain_of(store), after=Head()) is None
    assert store.outbox == {}


@settings(deadline=None)
@given(
    spoiled=st.lists(st.booleans(), max_size=60),
    turns=st.lists(st.sampled_from(["rival", "commit", "nobody"]), max_size=14),
    dies_at=st.integers(0, 12),
    after_effect=st.booleans(),
)
def test_a_row_that_cannot_be_read_is_told_of_once_in_its_place_whoever_dies_or_is_first(
    spoiled: list[bool], turns: list[str], dies_at: int, after_effect: bool
) -> None:
    """I3."""
    store = a_store(events=len(spoiled))
    keys = sorted(store.outbox)
    for key, is_spoiled in zip(keys, spoiled, strict=True):
        if is_spoiled:
            store.outbox[key] = UnreadableRow(key=key, content="?")

    killed = Outside(dies_at=dies_at, after_effect=after_effect).around("outbox", CrowdedOutbox(store, [*turns]))
    with suppress(KilledError):
        Sequencer(outbox=killed, clock=store.clock, random=os.urandom).drain(batches=40)
    Sequencer(outbox=store, clock=store.clock, random=os.urandom).drain(batches=40)

    chain = chain_of(store)
    assert [entry.details.get("row", entry.event_id) for entry in chain][: len(keys)] == keys
    assert sorted(store.aside) == [key for key, is_spoiled in zip(keys, spoiled, strict=True) if is_spoiled]
    assert first_break(chain, after=Head()) is None
    assert store.outbox == {}


def test_the_events_of_one_request_keep_their_order_under_clocks_that_disagree() -> None:
    """D4."""
    world = World(clock=FakeClock(step=-MILLISECOND))
    request = world.submitted("role1", "role3")
    world.approvals.approve(request.id, a_call(NOA), items=["item-2"])
    world.approvals.approve(request.id, a_call(NOA))
    world.requests.cancel(request.id, a_call(MAYA))

    assert world.told(request.id) == [
        "access.requested",
        "access.role.approved",
        "access.role.approved",
        "access.approved",
        "access.canceled",
    ]
