"""Telling what was counted: once, whatever happens."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.tally import Tally, TallyKind
from tests.builders import API, KilledError, Outside, World, an_event

MINUTE = timedelta(minutes=1)
WINDOW = timedelta(minutes=5)


def count(world: World, about: str = "usr_ivo") -> None:
    event = an_event(EventType.AUDIT_READ, at=world.clock())
    world.store.count(Tally.of(TallyKind.READS, event, about=about, origin=API))


def told(world: World) -> list[object]:
    """How many times each event tells."""
    return [event.details["reads"] for event in world.events()]


def test_nothing_is_told_before_its_window_is_closed() -> None:
    world = World()
    count(world)

    assert world.tallying.tell() == 0
    world.clock.advance(WINDOW)
    assert world.tallying.tell() == 0
    assert world.told() == []


def test_each_tally_is_told_once_and_is_gone() -> None:
    world = World()
    for about in ("usr_ivo", "usr_ada", "usr_ivo"):
        count(world, about)
    world.clock.advance(WINDOW + MINUTE)

    assert (world.tallying.tell(), world.tallying.tell()) == (2, 0)
    assert sorted(told(world), key=str) == [1, 2]


def test_the_event_says_how_the_first_call_came_in() -> None:
    world = World()
    count(world)
    world.clock.advance(WINDOW + MINUTE)
    world.tallying.tell()

    [event] = world.events()

    assert event.source == API.source


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("number", range(3))
def test_whoever_is_killed_at_any_call_tells_nothing_twice_and_loses_nothing(
    *, number: int, after_effect: bool
) -> None:
    world = World()
    for about in ("usr_ivo", "usr_ada", "usr_ivo"):
        count(world, about)
    world.clock.advance(WINDOW + MINUTE)
    with pytest.raises(KilledError):
        world.tallying_with(Outside(dies_at=number, after_effect=after_effect)).tell()

    world.tallying.tell()

    assert sorted(told(world), key=str) == [1, 2]


def test_a_telling_makes_no_more_calls_than_are_killed_above() -> None:
    world, outside = World(), Outside()
    for about in ("usr_ivo", "usr_ada"):
        count(world, about)
    world.clock.advance(WINDOW + MINUTE)

    world.tallying_with(outside).tell()

    assert len(outside.calls) == 3


def before_telling(meanwhile: Callable[[], object]) -> Outside:
    """Let something happen between reading the tallies and telling the first."""

    class Meanwhile(Outside):
        def call(self, name: str, work: Callable[[], object]) -> object:
            if name == "store.record" and name not in self.calls:
                meanwhile()
            return super().call(name, work)

    return Meanwhile()


def test_what_is_counted_while_it_is_told_is_told_by_the_next_sweep() -> None:
    world = World()
    count(world)
    late = an_event(EventType.AUDIT_READ, at=world.clock())
    straggler = Tally.of(TallyKind.READS, late, about="usr_ivo", origin=API)
    world.clock.advance(WINDOW + MINUTE)

    world.tallying_with(before_telling(lambda: world.store.count(straggler))).tell()

    assert world.told() == []
    world.tallying.tell()
    assert told(world) == [2]


def test_what_is_counted_after_it_was_told_is_told_apart() -> None:
    world = World()
    count(world)
    late = an_event(EventType.AUDIT_READ, at=world.clock())
    world.clock.advance(WINDOW + MINUTE)
    world.tallying.tell()

    world.store.count(Tally.of(TallyKind.READS, late, about="usr_ivo", origin=API))
    world.tallying.tell()

    assert told(world) == [1, 1]


def test_of_two_who_tell_at_once_one_does() -> None:
    world = World()
    count(world)
    world.clock.advance(WINDOW + MINUTE)

    number = world.tallying_with(before_telling(world.tallying.tell)).tell()

    assert number == 0
    assert told(world) == [1]
