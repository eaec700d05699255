"""What schedules do is told."""

from collections.abc import Callable
from datetime import timedelta

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.services.schedules import LONGEST_ERROR
from tests.builders import Outside, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def run(world: World, *, minutes: int, error: Exception | None = None) -> None:
    """Let a schedule run every minute, and tell what is to be told."""
    for _ in range(minutes):
        if error:
            world.schedules.failed("expiry-sweep", error)
        else:
            world.schedules.ran("expiry-sweep", items=2)
        world.tallying.tell()
        world.clock.advance(MINUTE)


def test_runs_are_told_once_an_hour_with_what_they_did() -> None:
    world = World()

    run(world, minutes=62)

    [event] = world.events()
    assert (event.event_type, event.resource.id) == ("system.schedule.ran", "expiry-sweep")
    assert (event.actor.id, event.source) == ("nightlatch", "schedule")
    assert (event.details["runs"], event.details["items"]) == (60, 120)


def test_each_schedule_is_told_apart() -> None:
    world = World()
    for name in ("expiry-sweep", "ledger-sweep"):
        world.schedules.ran(name, items=0)
    world.clock.advance(2 * HOUR)

    assert world.tallying.tell() == 2


def test_a_failure_is_told_at_once() -> None:
    world = World()

    world.schedules.failed("expiry-sweep", ValueError("x" * 1000))

    [event] = world.events()
    assert (event.event_type, event.severity) == ("system.schedule.failed", "error")
    assert event.details == {"error_class": "ValueError", "error": "x" * LONGEST_ERROR}


def test_a_failure_that_comes_alone_is_told_once() -> None:
    world = World()
    world.schedules.failed("expiry-sweep", ValueError())
    world.clock.advance(2 * HOUR)

    assert world.tallying.tell() == 0
    assert len(world.events()) == 1
    assert list(world.store.closed(world.clock.now)) == []


def test_a_schedule_that_always_fails_is_told_twice_an_hour() -> None:
    world = World()

    run(world, minutes=24 * 60, error=StoreUnavailableError("DynamoDB is too busy"))

    assert len(world.events()) == 2 * 24 - 1  # the last hour is not over
    [first, rest, *_] = world.events()
    assert "failures" not in first.details
    assert rest.details["failures"] == 59


def test_a_failure_that_comes_too_late_for_its_hour_is_told_all_the_same() -> None:
    world = World()
    world.schedules.failed("expiry-sweep", ValueError())

    class Slow(Outside):
        def call(self, name: str, work: Callable[[], object]) -> object:
            if name == "store.count":
                world.clock.advance(2 * HOUR)
                world.tallying.tell()
            return super().call(name, work)

    world.schedules_with(Slow()).failed("expiry-sweep", ValueError())
    world.tallying.tell()

    assert world.told() == ["system.schedule.failed"] * 2


def test_another_kind_of_failure_is_told_at_once_too() -> None:
    world = World()
    world.schedules.failed("expiry-sweep", ValueError())
    world.schedules.failed("expiry-sweep", KeyError())

    assert len(world.events()) == 2
