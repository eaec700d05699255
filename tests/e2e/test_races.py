"""Two people at one request at the same moment, on the running stack: one outcome, and the loser is told what won.

Every way in which two can meet: `tests/integration/aws/test_races.py`.
"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.person import Person

ROUNDS = range(5)
Command = tuple[str, str]


def at_once(person: Callable[[str], Person], request_id: str, *commands: Command) -> dict[Command, httpx.Response]:
    """Let people command something at the same moment."""
    people = {command: person(command[0]) for command in commands}
    with ThreadPoolExecutor(len(commands)) as pool:
        sent = {
            command: pool.submit(people[command].post, f"/v1/requests/{request_id}/{command[1]}")
            for command in commands
        }
    return {command: answer.result() for command, answer in sent.items()}


@pytest.fixture(params=ROUNDS)
def again(request: pytest.FixtureRequest) -> int:
    """Play each race some times over: who is faster is chance."""
    return int(request.param)


@pytest.mark.usefixtures("again")
def test_of_two_approvals_one_counts(person: Callable[[str], Person]) -> None:
    """A5."""
    maya = person("maya")
    request_id = maya.ask("role1")

    answers = at_once(person, request_id, ("noa", "approve"), ("omar", "approve"))
    maya.wait_for(request_id, "GRANTED")
    maya.command(request_id, "return")
    told = [event["event_type"] for event in maya.timeline(request_id, count=6)]

    assert sorted(answer.status_code for answer in answers.values()) == [200, 409]
    loser = next(answer for answer in answers.values() if answer.is_error).json()["detail"]
    assert re.search(r" is (APPROVED|GRANTING|GRANTED), not PENDING", loser), loser
    assert told[:4] == ["access.requested", "access.role.approved", "access.approved", "access.granted"]


@pytest.mark.usefixtures("again")
def test_approve_and_reject_have_one_outcome(person: Callable[[str], Person]) -> None:
    """A6."""
    maya = person("maya")
    request_id = maya.ask("role1")

    answers = at_once(person, request_id, ("noa", "approve"), ("omar", "reject"))
    is_approved = answers["noa", "approve"].is_success
    maya.wait_for(request_id, "GRANTED" if is_approved else "REJECTED")
    if is_approved:
        maya.command(request_id, "return")

    assert sorted(answer.status_code for answer in answers.values()) == [200, 409]


@pytest.mark.usefixtures("again")
def test_what_is_withdrawn_is_not_granted(person: Callable[[str], Person]) -> None:
    """A6."""
    maya = person("maya")
    request_id = maya.ask("role1")

    answers = at_once(person, request_id, ("noa", "approve"), ("maya", "cancel"))
    withdrawn, approved = answers["maya", "cancel"], answers["noa", "approve"]
    ended = maya.wait_for(request_id, "CANCELED" if withdrawn.is_success else "GRANTED")
    if not withdrawn.is_success:
        maya.command(request_id, "return")

    assert withdrawn.is_success or withdrawn.status_code == 409
    assert approved.is_success or "CANCELED" in approved.json()["detail"]
    assert not (withdrawn.is_success and ended["granted_at"])
