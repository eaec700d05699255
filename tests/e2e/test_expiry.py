"""Access ends by itself: by its timer, and by the sweep when the timer is gone."""

from collections.abc import Callable
from typing import Any

from tests.e2e.person import Person

ENOUGH = 240


def _schedules(scheduler: Any, request_id: str) -> list[Any]:
    return list(scheduler.list_schedules(NamePrefix=request_id)["Schedules"])


def test_a_one_minute_grant_ends_by_itself(person: Callable[[str], Person]) -> None:
    maya = person("maya")

    request_id = maya.ask("reporting_read", duration="PT1M")
    maya.wait_for(request_id, "GRANTED")
    ended = maya.wait_for(request_id, "EXPIRED", within=ENOUGH)
    events = maya.timeline(request_id, count=5)

    assert ended["end_reason"] == "expired"
    assert events[-1]["event_type"] == "access.expired"
    assert events[-1]["details"]["read_back"] == "absent"
    assert events[-1]["details"]["lateness_seconds"] < 120


def test_the_sweep_ends_a_grant_whose_schedules_were_deleted(
    person: Callable[[str], Person], client: Callable[[str], Any]
) -> None:
    maya, scheduler = person("maya"), client("scheduler")

    request_id = maya.ask("reporting_read", duration="PT1M")
    maya.wait_for(request_id, "GRANTED")
    deleted = _schedules(scheduler, request_id)
    for schedule in deleted:
        scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
    left = _schedules(scheduler, request_id)
    maya.wait_for(request_id, "EXPIRED", within=ENOUGH)

    assert deleted
    assert not left
