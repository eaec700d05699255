"""Every schedule that the template makes is told of, by the function that it calls."""

from dataclasses import replace

import pytest

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.ledger import PendingEvent
from tests import cloudformation
from tests.builders import HOUR, World
from tests.functions.scheduled import Schedule, recurring, run

EVERY_SCHEDULE = pytest.mark.parametrize("schedule", recurring(), ids=lambda schedule: schedule.name)


def told_of(schedule: Schedule, world: World) -> list[PendingEvent]:
    """Let all windows close, and list what was told of a schedule."""
    world.clock.advance(2 * HOUR)
    world.tallying.tell()
    return [
        event for event in world.events() if (event.resource.type, event.resource.id) == ("schedule", schedule.name)
    ]


def test_there_are_schedules_and_all_are_events_of_functions() -> None:
    elsewhere = {"AWS::Scheduler::Schedule", "AWS::Events::Rule"}

    assert recurring()
    assert not [each for each in cloudformation.template()["Resources"].values() if each["Type"] in elsewhere]


@EVERY_SCHEDULE
def test_a_run_of_any_schedule_is_told(schedule: Schedule) -> None:
    world = World()
    run(schedule, world)

    [event] = told_of(schedule, world)
    assert (event.event_type, event.source, event.details["runs"]) == (EventType.SCHEDULE_RAN, "schedule", 1)


@EVERY_SCHEDULE
def test_a_run_of_any_schedule_that_fails_is_told_and_fails(schedule: Schedule) -> None:
    world = World()
    with pytest.raises(StoreUnavailableError):
        run(schedule, world, dead=True)

    [event] = told_of(schedule, world)
    assert (event.event_type, event.source) == (EventType.SCHEDULE_FAILED, "schedule")
    assert event.details["error_class"] == "StoreUnavailableError"


@EVERY_SCHEDULE
def test_a_call_of_the_function_that_no_schedule_made_is_no_run(schedule: Schedule) -> None:
    world = World()
    ring = {"Records": [{"eventSource": "aws:dynamodb"}], "integration": "orders-db"}
    run(replace(schedule, sent=ring), world)

    assert told_of(schedule, world) == []
