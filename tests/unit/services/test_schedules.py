"""What schedules do is told, and that something else runs than before."""

from datetime import timedelta

import pytest
from pydantic import JsonValue

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.services.schedules import LONGEST_ERROR
from tests.builders import World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
POLICY = {"retention_days": "90"}


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


def test_another_kind_of_failure_is_told_at_once_too() -> None:
    world = World()
    world.schedules.failed("expiry-sweep", ValueError())
    world.schedules.failed("expiry-sweep", KeyError())

    assert len(world.events()) == 2


@pytest.mark.parametrize(("code", "policy"), [("layer:2", POLICY), ("layer:1", {"retention_days": "30"})])
def test_a_deployment_is_told_by_the_first_sweep_after_it(code: str, policy: dict[str, str]) -> None:
    world = World()
    for _ in range(3):
        world.deploying.notice(code="layer:1", policy=POLICY)
    for _ in range(3):
        world.deploying.notice(code=code, policy=policy)

    first, second = world.events()

    assert [first.event_type, second.event_type] == ["system.started"] * 2
    assert first.details == {"before": None, "after": {"code": "layer:1", "policy": POLICY}}
    assert second.details == {"before": first.details["after"], "after": {"code": code, "policy": dict[str, JsonValue](policy)}}


def test_of_two_sweeps_that_notice_a_deployment_at_once_one_tells_it() -> None:
    world = World()
    world.store.interruptions = [lambda: world.deploying.notice(code="layer:1", policy=POLICY)]

    world.deploying.notice(code="layer:1", policy=POLICY)

    assert world.told() == ["system.started"]
