"""What every timer promises."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import boto3
import pytest

from nightlatch.adapters.scheduler import EventBridgeTimer
from nightlatch.services.ports.targets import Timer
from tests.fakes.aws import FakeTimer
from tests.integration.aws.builders import NOW

ROLE = "arn:aws:iam::123456789012:role/scheduler"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:nightlatch-expiry"
Wakes = set[tuple[str, datetime]]
NUMBERS = count()


@dataclass(frozen=True)
class Case:
    """A timer, and a way to see what it will do."""

    timer: Timer
    wakes: Callable[[], Wakes]


@pytest.fixture(params=["fake", "scheduler"])
def case(request: pytest.FixtureRequest) -> Case:
    """Give the suite each kind of timer in turn."""
    if request.param == "fake":
        fake = FakeTimer()
        return Case(fake, lambda: fake.wakes)
    group = request.getfixturevalue("schedule_group")
    timer = EventBridgeTimer(lambda: boto3.client("scheduler"), group=group, role=ROLE, function=FUNCTION)
    return Case(timer, lambda: scheduled(group))


@pytest.fixture
def schedule_group(aws: str) -> str:
    """Make a group of its own for each test."""
    name = f"group-{next(NUMBERS)}"
    boto3.client("scheduler", region_name=aws).create_schedule_group(Name=name)
    return name


def scheduled(group: str) -> Wakes:
    """Read whom the schedules of a group will wake, and when."""
    client = boto3.client("scheduler")
    names = [schedule["Name"] for schedule in client.list_schedules(GroupName=group)["Schedules"]]
    schedules = [client.get_schedule(GroupName=group, Name=name) for name in names]
    return {
        (
            json.loads(schedule["Target"]["Input"])["request_id"],
            datetime.strptime(schedule["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC),
        )
        for schedule in schedules
    }


def test_a_wake_never_comes_before_its_time(case: Case) -> None:
    case.timer.wake("req_1", at=NOW)
    case.timer.wake("req_2", at=NOW.replace(microsecond=0))
    assert case.wakes() == {
        ("req_1", datetime(2026, 11, 22, 2, 12, 6, tzinfo=UTC)),
        ("req_2", datetime(2026, 11, 22, 2, 12, 5, tzinfo=UTC)),
    }


def test_the_same_wake_twice_is_one(case: Case) -> None:
    case.timer.wake("req_1", at=NOW)
    case.timer.wake("req_1", at=NOW)
    assert len(case.wakes()) == 1


def test_a_request_may_be_woken_at_several_times(case: Case) -> None:
    case.timer.wake("req_1", at=NOW)
    case.timer.wake("req_1", at=NOW + timedelta(minutes=1))
    assert len(case.wakes()) == 2


def test_a_time_of_any_zone_is_meant_as_that_moment(case: Case) -> None:
    case.timer.wake("req_1", at=NOW.replace(microsecond=0).astimezone(timezone(timedelta(hours=5, minutes=45))))
    assert case.wakes() == {("req_1", NOW.replace(microsecond=0))}


def test_a_schedule_removes_itself_and_wakes_the_function_as_the_role(schedule_group: str) -> None:
    client = lambda: boto3.client("scheduler")  # noqa: E731
    EventBridgeTimer(client, group=schedule_group, role=ROLE, function=FUNCTION).wake("req_1", at=NOW)
    schedule = boto3.client("scheduler").get_schedule(GroupName=schedule_group, Name="req_1-1795313526")
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["ScheduleExpressionTimezone"] == "UTC"
    assert (schedule["Target"]["Arn"], schedule["Target"]["RoleArn"]) == (FUNCTION, ROLE)
