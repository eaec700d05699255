"""The trail under everything at once: each committed event has one number, in order, and no reader skips any.

Writers and sequencers die at any call, rivals come between any two, doorbells are doubled and lost, rows cannot be
read, clocks disagree, retention moves and DynamoDB removes what is over in whatever order it likes. Readers look at it
meanwhile, also while a transaction is half to be seen. `NIGHTLATCH_PROOF_MINUTES=60` runs it for an hour.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nightlatch.domain.audit_settings import AuditChoices
from nightlatch.domain.errors import CursorExpiredError, RivalChangeError
from nightlatch.domain.ledger import Head, LedgerEntry, UnreadableRow, first_break, number_in
from nightlatch.domain.retention_walk import SETTLING
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.retention import Retention
from nightlatch.services.sequencer import Sequencer
from tests.builders import API, HOUR, SECOND, FakeClock, KilledError, Outside, a_foreign_event, a_principal, an_event
from tests.fakes.store import InMemoryEntries, InMemoryStore, predictable
from tests.proof.long_runs import prove

DAY, MILLISECOND = 24 * HOUR, SECOND / 1000
FLIGHT = 2 * SECOND
"""For so long a transaction may be half to be seen."""

FOLLOWED_WITHIN = 23 * HOUR
"""In that time the walk has followed another retention to its end, whatever holds it up."""

REACHED: Counter[str] = Counter()
"""What the runs came to."""

requests = st.sampled_from(["req_1", "req_2", "req_3"])
after_the_commit = st.sampled_from([(2, True), (3, False), (3, True)])
deaths = st.one_of(st.none(), st.tuples(st.integers(0, 5), st.booleans()), after_the_commit)
turns = st.lists(st.sampled_from(["rival", "commit", "nobody", "nobody"]), max_size=8)
skews = st.sampled_from([timedelta(), timedelta(), SECOND, -SECOND, -HOUR])
limits = st.one_of(st.integers(1, 8), st.sampled_from([49, 50, 999, 1000]), st.integers(1, 1000))


@dataclass
class Reader:
    """Somebody who follows the feed. `met` is what was read, `begin` the number after which the reading began."""

    begin: int | None
    after: int | None
    met: list[int] = field(default_factory=list)


@dataclass
class HalfSeen:
    """The ledger while these numbers cannot be seen yet."""

    store: InMemoryStore
    unseen: set[int]

    def kept(self) -> InMemoryEntries:
        """Look at it."""
        kept = self.store.kept()
        seen = {seq: entry for seq, entry in kept.stored.items() if seq not in self.unseen}
        return InMemoryEntries(seen, kept.head, at=kept.at, since=kept.since)


class BetweenCalls:
    """A port before whose calls something else happens."""

    def __init__(self, port: Any, happen: Callable[[], None]) -> None:
        self._port = port
        self._happen = happen

    def __getattr__(self, name: str) -> Any:
        self._happen()
        return getattr(self._port, name)


class Trail(RuleBasedStateMachine):
    """Everything that can happen to the trail, one step at a time."""

    @initialize(days=st.sampled_from([30, 90]))
    def begin(self, days: int) -> None:
        self.clock = FakeClock()
        self.store = InMemoryStore(clock=self.clock, random=predictable(), retention=days * DAY)
        self.told: dict[str, list[str]] = {}
        self.spoiled: dict[str, list[str]] = {}
        self.foreign: set[str] = set()
        self.last_at: dict[str, datetime] = {}
        self.archive: dict[int, LedgerEntry] = {}
        self.readers: list[Reader] = []
        self.unfollowed_since: datetime | None = None

    # Writing

    @rule(request=requests, events=st.integers(1, 33), skew=skews, death=deaths)
    def write(self, *, request: str, events: int, skew: timedelta, death: Any) -> None:
        """Commit something of a request, by a clock of one's own, which an event's predecessor corrects."""
        at = max(self.clock() + skew, self.last_at.get(request, self.clock.now) + MILLISECOND)
        told = [an_event(at=at, request_id=request) for _ in range(events)]
        self.commit(told, request, death)
        self.last_at[request] = at

    @rule(numbers=st.lists(st.integers(1, 30), min_size=1, max_size=40), death=deaths)
    def tell_again(self, *, numbers: list[int], death: Any) -> None:
        """Tell what another system may have told of before."""
        if self.commit([a_foreign_event(number, at=self.clock.now) for number in numbers], "foreign", death):
            self.foreign |= {str(number) for number in numbers}

    @rule(request=requests, commits=st.integers(20, 60))
    def write_much(self, *, request: str, commits: int) -> None:
        """Commit more than fits into one transaction."""
        for _ in range(commits):
            self.write(request=request, events=1, skew=timedelta(), death=None)

    def commit(self, told: list[Any], request: str, death: Any) -> bool:
        before = {*self.store.outbox}
        with suppress(KilledError):
            outside(death).around("store", self.store).record(*told, origin=API)
        new = sorted({*self.store.outbox} - before)
        for key in new:
            self.told.setdefault(request, []).extend(event.id for event in self.store.outbox[key].events)
        return bool(new)

    # Numbering

    @rule(turns=turns, death=deaths, batches=st.integers(1, 10))
    def ring(self, *, turns: list[str], death: Any, batches: int) -> None:
        """Ring the sequencer: for one row, for many, or for none, as a doorbell that comes twice does."""
        REACHED["rung for nothing"] += not self.store.outbox
        port = outside(death).around("outbox", BetweenCalls(self.store, self.between(turns)))
        try:
            Sequencer(outbox=port, clock=self.clock, random=predictable(len(self.archive))).drain(batches=batches)
        except KilledError:
            REACHED["sequencer killed"] += 1
            REACHED["left over"] += not self.store.outbox.keys().isdisjoint(self.store.taken)
        self.note()

    def between(self, turns: list[str]) -> Callable[[], None]:
        """Let rivals number and writers commit between calls."""
        waiting = [*turns]

        def happen() -> None:
            turn = waiting.pop(0) if waiting else "nobody"
            if turn == "rival" and self.store.outbox:
                REACHED["rival"] += 1
                self.number(batches=1)
            if turn == "commit":
                self.write(request="req_1", events=1, skew=timedelta(), death=None)

        return happen

    def number(self, *, batches: int) -> None:
        Sequencer(outbox=self.store, clock=self.clock, random=predictable(len(self.archive))).drain(batches=batches)
        self.note()

    def note(self) -> None:
        """Remember every new entry, before it may be removed."""
        for seq in range(len(self.archive) + 1, self.store.chain.seq + 1):
            self.archive[seq] = self.store.ledger[seq]

    @rule(nth=st.integers(0, 60))
    def spoil(self, nth: int) -> None:
        """Make a row unreadable, which matters unless it has its numbers already."""
        keys = sorted(key for key, row in self.store.outbox.items() if row.events)
        if keys:
            key = keys[nth % len(keys)]
            if key in self.store.taken:
                self.store.outbox[key] = UnreadableRow(key=key, content="?")
                REACHED["spoiled too late"] += 1
                return
            self.spoiled[key] = [event.id for event in self.store.outbox[key].events]
            self.foreign -= {event.foreign_id.id for event in self.store.outbox[key].events if event.foreign_id}
            self.store.outbox[key] = UnreadableRow(key=key, content="?")
            REACHED["spoiled"] += 1

    # Time

    @rule(span=st.sampled_from([SECOND, HOUR, DAY, 10 * DAY, 45 * DAY]))
    def wait(self, span: timedelta) -> None:
        self.pass_time(span)

    def pass_time(self, span: timedelta) -> None:
        """Let time pass, but not so much that no walk came to its end meanwhile."""
        if self.unfollowed_since and self.clock.now + span > self.unfollowed_since + FOLLOWED_WITHIN:
            self.follow()
        self.clock.advance(span)

    @rule(days=st.sampled_from([90, 365]))
    def keep_what_is_nearly_over(self, days: int) -> None:
        """Choose another retention some hours before the oldest entry's time is over."""
        over = min((self.store.times[seq] for seq in self.store.ledger), default=self.clock.now)
        self.pass_time(max(over - 10 * HOUR - self.clock.now, timedelta()))
        self.keep_for(days=days)

    def follow(self) -> None:
        """Walk until every stored entry follows the retention."""
        self.walk(steps=1)
        self.clock.advance(SETTLING)
        while Retention(unit_of_work=self.store, keeping=self.store, clock=self.clock).step():
            pass
        self.unfollowed_since = None

    @rule(days=st.sampled_from([30, 45, 90, 365]))
    def keep_for(self, days: int) -> None:
        """Choose another retention, which is an event too."""
        self.unfollowed_since = self.unfollowed_since or self.clock.now
        settings = self.store.audit_settings()
        choices = AuditChoices(retention_days=days, reads=settings.reads, writers=())
        before = {*self.store.outbox}
        self.store.commit(settings.choose(choices, by=a_principal(), at=self.clock()), origin=API)
        for key in {*self.store.outbox} - before:
            self.told.setdefault("settings", []).extend(event.id for event in self.store.outbox[key].events)

    @rule(steps=st.integers(1, 30))
    def walk(self, steps: int) -> None:
        """Let stored entries follow the retention."""
        with suppress(RivalChangeError):
            for _ in range(steps):
                Retention(unit_of_work=self.store, keeping=self.store, clock=self.clock).step()

    @rule(after=st.sampled_from([timedelta(), 20 * HOUR, 45 * DAY]), chance=st.randoms(use_true_random=False))
    def remove(self, *, after: timedelta, chance: Any) -> None:
        """Remove some of what is past its time, as DynamoDB does: it compares whole seconds, by what it stores."""
        self.pass_time(after)
        over = [
            seq for seq, at in self.store.times.items() if seq in self.store.ledger and at + SECOND <= self.clock.now
        ]
        for seq in over:
            if chance.random() < 0.8:
                del self.store.ledger[seq]
                REACHED["removed"] += 1

    # Reading

    @rule(place=st.one_of(st.none(), st.floats(0, 1)))
    def begin_to_read(self, place: float | None) -> None:
        """Begin at the oldest, or somewhere."""
        after = None if place is None else round(place * self.store.chain.seq)
        self.readers.append(Reader(begin=after, after=after))

    @rule(nth=st.integers(0, 5), limit=limits, pages=st.integers(1, 4), chance=st.randoms(use_true_random=False))
    def read(self, *, nth: int, limit: int, pages: int, chance: Any) -> None:
        """Read on, while the youngest entries may be half to be seen."""
        if self.readers:
            youngest = [
                entry.seq for entry in self.store.ledger.values() if self.clock.now - entry.recorded_at < FLIGHT
            ]
            unseen = {seq for seq in youngest[-99:] if chance.random() < 0.5}
            REACHED["half seen"] += bool(unseen)
            for _ in range(pages):
                self.read_page(self.readers[nth % len(self.readers)], limit, HalfSeen(self.store, unseen))

    @rule(place=st.one_of(st.none(), st.floats(0, 1)), limit=limits, chance=st.randoms(use_true_random=False))
    def read_while_it_is_numbered(self, *, place: float | None, limit: int, chance: Any) -> None:
        """Begin to read right behind the sequencer."""
        self.begin_to_read(place=place)
        self.number(batches=1)
        self.read(nth=len(self.readers) - 1, limit=limit, pages=2, chance=chance)

    def read_page(self, reader: Reader, limit: int, ledger: Ledger) -> bool:
        """Read a page, and say whether there is more."""
        try:
            page = AuditTrail(ledger=ledger).feed(after=reader.after, limit=limit)
        except CursorExpiredError as error:
            self.go_on_from(reader, error.oldest)
            return True
        if reader.after is None:
            self.assert_gone(1, page.last - len(page.entries))
            reader.begin = page.last - len(page.entries)
        first = (reader.after if reader.after is not None else reader.begin or 0) + 1
        numbers = [entry.seq for entry in page.entries]
        assert numbers == [*range(first, page.last + 1)]
        assert len(numbers) <= limit
        assert all(self.archive[entry.seq] == entry for entry in page.entries)
        reader.met += numbers
        reader.after = page.last
        return page.has_more

    def go_on_from(self, reader: Reader, oldest: str | None) -> None:
        """Begin anew where the answer says; what lies between must be gone."""
        REACHED["cursor expired"] += 1
        assert reader.after is not None
        if oldest is None:
            reader.after = None
            return
        number = number_in(oldest)
        assert number is not None
        assert number > reader.after + 1
        self.assert_gone(reader.after + 1, number - 1)
        reader.after = number - 1

    def assert_gone(self, first: int, last: int) -> None:
        """Nobody is led over anything that is still kept."""
        since = self.since()
        assert all(self.archive[seq].recorded_at <= since for seq in range(first, last + 1))

    def since(self) -> datetime:
        """Say since when entries are kept."""
        return self.store.audit_settings().kept_since(self.clock.now)

    # What always holds

    @invariant()
    def numbers_are_without_a_gap(self) -> None:
        assert [*self.archive] == [*range(1, self.store.chain.seq + 1)]

    @invariant()
    def what_is_kept_is_all_there(self) -> None:
        """Whatever was decided and removed: a hole among what is served would be taken for something in flight."""
        since = self.since()
        assert all(entry.recorded_at <= since or seq in self.store.ledger for seq, entry in self.archive.items())

    def teardown(self) -> None:
        """At the end everything is numbered, chained and read."""
        self.number(batches=1000)
        assert self.store.outbox == {}
        assert first_break(self.archive.values(), after=Head()) is None
        self.assert_each_event_once_and_in_order()
        assert all(self.archive[seq] == entry for seq, entry in self.store.ledger.items())
        self.clock.advance(2 * DAY)  # Until then a number that is missing may still be in flight.
        for reader in self.readers:
            pages = 1
            while self.read_page(reader, 1000, self.store):
                pages += 1
                assert pages <= len(self.archive) + 2
            assert reader.after == self.store.chain.seq

    def assert_each_event_once_and_in_order(self) -> None:
        entries = self.archive.values()
        lost = {event_id for events in self.spoiled.values() for event_id in events}
        numbered = [entry.event_id for entry in entries if "row" not in entry.details]
        assert len({*numbered}) == len(numbered)
        for request, told in self.told.items():
            of_it = {*told}
            if request != "foreign":
                assert [one for one in numbered if one in of_it] == [one for one in told if one not in lost]
        assert sorted(str(entry.details["row"]) for entry in entries if "row" in entry.details) == sorted(self.spoiled)
        known = [entry.foreign_id.id for entry in entries if entry.foreign_id]
        assert len({*known}) == len(known)
        assert self.foreign <= {*known}


def outside(death: tuple[int, bool] | None) -> Outside:
    """Say at which call somebody dies."""
    dies_at, after_effect = death or (None, False)
    return Outside(dies_at=dies_at, after_effect=after_effect)


MUST_BE_REACHED = {
    "rung for nothing",
    "sequencer killed",
    "left over",
    "rival",
    "spoiled",
    "removed",
    "half seen",
    "cursor expired",
}


def test_whatever_happens_every_event_has_one_number_and_no_reader_skips_any() -> None:
    """I3, I4."""
    REACHED.clear()

    prove(Trail, cases=120, steps=25)

    assert MUST_BE_REACHED - {*+REACHED} == set(), "the runs do not come to this"
