"""Access ends by itself: by its timer, by the sweep when the timer is gone, and what resists is quarantined."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.lines import Resisted
from tests.e2e.person import Person

ENOUGH = 240
ENOUGH_FOR_FIVE_ATTEMPTS = 480
SWEEP = (Path(__file__).parents[2] / "events" / "expiry_sweep.json").read_bytes()


@pytest.fixture(scope="module")
def without_schedules(person: Callable[[str], Person], client: Callable[[str], Any]) -> str:
    """Begin a one-minute grant and delete its schedules by hand, as somebody might."""
    maya, scheduler = person("maya"), client("scheduler")
    request_id = maya.ask("reporting_read", duration="PT1M")
    maya.wait_for(request_id, "GRANTED")
    schedules = scheduler.list_schedules(NamePrefix=request_id)["Schedules"]
    assert schedules
    for schedule in schedules:
        scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
    assert not scheduler.list_schedules(NamePrefix=request_id)["Schedules"]
    return request_id


@pytest.mark.usefixtures("without_schedules")  # both minutes pass at once
def test_a_one_minute_grant_ends_by_itself(person: Callable[[str], Person]) -> None:
    noa = person("noa")

    request_id = noa.ask("reporting_read", duration="PT1M")
    noa.wait_for(request_id, "GRANTED")
    ended = noa.wait_for(request_id, "EXPIRED", within=ENOUGH)
    events = noa.timeline(request_id, count=5)

    assert ended["end_reason"] == "expired"
    assert [event["event_type"] for event in events[-2:]] == ["access.revoking", "access.expired"]
    assert events[-1]["details"]["read_back"] == "absent"


def test_the_sweep_ends_a_grant_whose_schedules_were_deleted(
    person: Callable[[str], Person], without_schedules: str
) -> None:
    """D4: a lost schedule changes nothing but the minute."""
    ended = person("maya").wait_for(without_schedules, "EXPIRED", within=ENOUGH)

    assert ended["end_reason"] == "expired"


def test_access_to_a_database_that_is_away_is_quarantined_until_somebody_closes_it(
    resisted: Future[Resisted],
) -> None:
    """J2: told with events, and shown in the list."""
    seen = resisted.result()

    assert seen.resisting["status"] == "REVOKING"
    assert seen.listed == [seen.resisting["id"]]
    assert (seen.ended["status"], seen.ended["quarantined"]) == ("CANCELED", False)
    assert seen.told[4:] == [
        *["access.revoke.failed"] * 5,
        "access.quarantined",
        "access.quarantine.closed",
        "access.returned",
    ]
