"""Rival sequencers in every order of their calls: whoever is slow, dies or comes later, each event has one number.

A sequencer is what it has heard so far. It is run from its beginning with these answers, up to the first call that has
none: so it can be stopped at any call, for a while or for ever, and every state that rivals can come to is visited
once. Rows are cleared one by one, as DynamoDB may do it. In every state whoever comes next, when all others are dead,
must leave the trail whole.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.ledger import Head, LedgerEntry, UnreadableRow, WaitingRow, first_break
from nightlatch.services.ports.sequencing import Outbox, Waiting
from nightlatch.services.sequencer import Sequencer
from tests.builders import API, HOUR, NOON, SECOND, FakeClock, a_foreign_event, an_event
from tests.fakes.store import InMemoryStore, predictable

Variant = Callable[[Outbox], Outbox]


class AskedError(BaseException):
    """A sequencer makes a call whose answer it has not heard yet."""

    def __init__(self, name: str, arguments: dict[str, Any]) -> None:
        self.name = name
        self.arguments = arguments


@dataclass
class Echo:
    """The outbox as a sequencer remembers it: what it has heard is answered, and the first new call is told."""

    heard: list[Any]

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self._answer(name, {**dict(enumerate(args)), **kwargs})

    def clear(self, keys: Iterable[str]) -> None:
        """Clear row by row."""
        for key in keys:
            self._answer("clear", {0: [key]})

    def _answer(self, name: str, arguments: dict[Any, Any]) -> Any:
        if not self.heard:
            raise AskedError(name, arguments)
        answer = self.heard.pop(0)
        if isinstance(answer, RivalChangeError):
            raise answer
        return answer


@dataclass(frozen=True)
class Rival:
    """A sequencer that is on its way, and what it has heard so far."""

    variant: Variant
    batches: int
    heard: tuple[Any, ...] = ()

    def next_call(self) -> AskedError | None:
        """Say what it calls next; None when it is done."""
        echo: Any = Echo([*self.heard])
        try:
            Sequencer(outbox=self.variant(echo), clock=lambda: NOON, random=bytes).drain(batches=self.batches)
        except AskedError as asked:
            return asked
        return None


@dataclass(frozen=True)
class State:
    """What is stored, what has yet to be committed, and how far the rivals are."""

    store: InMemoryStore
    coming: tuple[WaitingRow, ...]
    rivals: tuple[Rival, ...]

    @property
    def key(self) -> str:
        """Tell it from all others. Rivals who heard the same are as good as each other."""
        numbered = [*map(identity, chain_of(self.store))]
        return repr(
            (
                self.store.taken,
                sorted(self.store.outbox),
                numbered,
                len(self.coming),
                sorted(repr(one.heard) for one in self.rivals),
            )
        )

    def following(self) -> Iterator["State"]:
        """Let each rival make one call, or somebody commit."""
        for number, rival in enumerate(self.rivals):
            if asked := rival.next_call():
                store = copy_of(self.store)
                moved = replace(rival, heard=(*rival.heard, answer(store, asked)))
                yield replace(self, store=store, rivals=(*self.rivals[:number], moved, *self.rivals[number + 1 :]))
        if self.coming:
            store = copy_of(self.store)
            store.outbox[self.coming[0].key] = self.coming[0]
            yield replace(self, store=store, coming=self.coming[1:])


def answer(store: InMemoryStore, asked: AskedError) -> Any:
    """Answer a call, or say that a rival was first."""
    args = [value for name, value in asked.arguments.items() if isinstance(name, int)]
    kwargs = {name: value for name, value in asked.arguments.items() if not isinstance(name, int)}
    try:
        return getattr(store, asked.name)(*args, **kwargs)
    except RivalChangeError as error:
        return error


def copy_of(store: InMemoryStore) -> InMemoryStore:
    """Copy what sequencers change."""
    return replace(
        store,
        outbox={**store.outbox},
        aside={**store.aside},
        ledger={**store.ledger},
        foreign={**store.foreign},
        times={**store.times},
    )


def chain_of(store: InMemoryStore) -> list[LedgerEntry]:
    return [store.ledger[number] for number in sorted(store.ledger)]


def identity(entry: LedgerEntry) -> str:
    """Say what an entry is of: what may be numbered once."""
    return str(entry.details.get("row") or (entry.foreign_id.id if entry.foreign_id else entry.event_id))


# What waits


def a_store(*, rows_at_once: int) -> InMemoryStore:
    return InMemoryStore(clock=FakeClock(step=SECOND), random=predictable(), rows_at_once=rows_at_once)


def three_rows() -> InMemoryStore:
    """Two rows fit into a page."""
    store = a_store(rows_at_once=2)
    for _ in range(3):
        store.record(an_event(at=store.clock()), origin=API)
    return store


def a_clock_ahead() -> InMemoryStore:
    """Let the oldest row sort behind those that come later, and a page hold one."""
    store = a_store(rows_at_once=1)
    for at in (NOON + HOUR, NOON, NOON + SECOND):
        store.record(an_event(at=at), origin=API)
    return store


def one_unreadable() -> InMemoryStore:
    """Let one of two rows be unreadable."""
    store = a_store(rows_at_once=2)
    for _ in range(2):
        store.record(an_event(at=store.clock()), origin=API)
    spoiled = min(store.outbox)
    store.outbox[spoiled] = UnreadableRow(key=spoiled, content="?")
    return store


def told_twice() -> InMemoryStore:
    """Let another system tell the same in two commits."""
    store = a_store(rows_at_once=1)
    for _ in range(2):
        store.record(a_foreign_event(1, at=NOON), origin=API)
    store.record(an_event(at=store.clock()), origin=API)
    return store


def begun(store: InMemoryStore, *, rivals: int, batches: int, variant: Variant, coming: int = 1) -> State:
    """Begin with all but the rows that come later."""
    rows = [store.outbox.pop(key) for key in [*store.outbox][len(store.outbox) - coming :]]
    return State(store, tuple(rows), (Rival(variant, batches),) * rivals)


# What is proved


def assert_whole_in_every_state(beginning: State, variant: Variant) -> int:
    """Visit every state, and return how many there are."""
    rows = [*beginning.store.outbox.values(), *beginning.coming]
    expected = {
        *(row.key for row in rows if isinstance(row, UnreadableRow)),
        *(event.foreign_id.id if event.foreign_id else event.id for row in rows for event in row.events),
    }
    seen, ahead = set[str](), [beginning]
    while ahead:
        state = ahead.pop()
        if state.key not in seen:
            seen.add(state.key)
            assert_whole_in_the_end(state, sorted(expected), variant)
            ahead += state.following()
    return len(seen)


def assert_whole_in_the_end(state: State, expected: Sequence[str], variant: Variant) -> None:
    """Let somebody come when all rivals are dead."""
    store = copy_of(state.store)
    store.outbox |= {row.key: row for row in state.coming}
    Sequencer(outbox=variant(store), clock=lambda: NOON, random=bytes).drain(batches=20)
    assert sorted(map(identity, chain_of(store))) == expected, "not each of them once"
    assert first_break(chain_of(store), after=Head()) is None
    assert store.outbox == {}


def as_it_is(outbox: Outbox) -> Outbox:
    """Change nothing."""
    return outbox


@pytest.mark.parametrize("waiting", [three_rows, a_clock_ahead, one_unreadable, told_twice])
@pytest.mark.parametrize(("rivals", "batches"), [(2, 2), (3, 1)])
def test_in_whatever_order_rivals_make_their_calls_and_wherever_they_die_each_event_has_one_number(
    waiting: Callable[[], InMemoryStore], rivals: int, batches: int
) -> None:
    """I3."""
    beginning = begun(waiting(), rivals=rivals, batches=batches, variant=as_it_is)

    assert assert_whole_in_every_state(beginning, as_it_is) > 100


# What it rests on: each of these was left out, and is found


@dataclass
class Wrong:
    """An outbox that is used in a wrong way."""

    outbox: Any
    found: Waiting = field(default_factory=lambda: Waiting([]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.outbox, name)


class HeadIsReadLast(Wrong):
    """What waits is read before the head."""

    def standing(self) -> Any:
        """Read what waits first."""
        self.found = self.outbox.waiting(taken=())
        return self.outbox.standing()

    def waiting(self, *, taken: Collection[str]) -> Waiting:
        """Tell what was read."""
        rows = [row for row in self.found.rows if row.key not in taken]
        return Waiting(rows, [row.key for row in self.found.rows if row.key in taken])


class LeftoversAreClearedLast(Wrong):
    """What the head names is cleared when more was committed."""

    def waiting(self, *, taken: Collection[str]) -> Waiting:
        """Hold back what is left over, if there is anything to commit."""
        self.found = self.outbox.waiting(taken=taken)
        return Waiting(self.found.rows) if self.found.rows else self.found

    def append(self, entries: Sequence[LedgerEntry], **others: Any) -> None:
        """Commit first."""
        self.outbox.append(entries, **others)
        self.outbox.clear(self.found.leftovers)


class HeadIsNotAsked(Wrong):
    """Whatever lies there is numbered."""

    def waiting(self, *, taken: Collection[str]) -> Waiting:
        """Read all of it."""
        del taken
        return self.outbox.waiting(taken=())  # type: ignore[no-any-return]  # it is any outbox


class OnlyThePageIsCleared(Wrong):
    """What was taken and lies behind the page counts as gone."""

    def waiting(self, *, taken: Collection[str]) -> Waiting:
        """Take what is seen for all that there is."""
        rows = self.outbox.waiting(taken=()).rows
        return Waiting([row for row in rows if row.key not in taken], [row.key for row in rows if row.key in taken])


@pytest.mark.parametrize(
    ("variant", "waiting"),
    [
        (HeadIsReadLast, three_rows),
        (LeftoversAreClearedLast, three_rows),
        (HeadIsNotAsked, three_rows),
        (OnlyThePageIsCleared, a_clock_ahead),
    ],
)
def test_whoever_leaves_out_a_step_numbers_something_twice(
    variant: Variant, waiting: Callable[[], InMemoryStore]
) -> None:
    """I3: so the states above do reach what each step is for."""
    beginning = begun(waiting(), rivals=2, batches=2, variant=variant)

    with pytest.raises(AssertionError, match="not each of them once"):
        assert_whole_in_every_state(beginning, variant)
