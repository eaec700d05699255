"""J1: a worker that dies at any outbound call leaves something that the sweeper brings to a proper end."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.domain.access_request import Status
from nightlatch.domain.errors import PermanentConnectorError
from nightlatch.services.call import despite_rivals
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import ADA, HOUR, MAYA, KilledError, Outside, World, a_call
from tests.unit.services.shared_access import shared_world

Start = Callable[[World], str]


def before_the_grant(world: World) -> str:
    return world.approved("role1", "role3").id


def before_the_end(world: World) -> str:
    request = world.granted("role1", "role3")
    assert request.ends_at is not None
    world.clock.at(request.ends_at)
    return request.id


def before_a_grant_that_fails(world: World) -> str:
    world.connector.roles = ("role1",)
    return world.approved("role1", "role3").id


def before_the_watch(world: World) -> str:
    """Let a grant call land after the end, and let the clock stand where the target is looked at once more."""
    request_id = before_the_end(world)
    closed = world.provisioning.advance(request_id)
    world.connector.grant(world.store.grant(request_id).intent)
    assert closed.due_at is not None
    world.clock.at(closed.due_at)
    return request_id


def calls_of(start: Start) -> int:
    """Count the outbound calls of one undisturbed piece of work."""
    world, outside = World(), Outside()
    request_id = start(world)
    world.provisioning_with(outside).advance(request_id)
    return len(outside.calls)


def deaths(start: Start) -> list[tuple[int, bool]]:
    return [(number, after) for number in range(calls_of(start)) for after in (False, True)]


def killed_and_swept(start: Start, number: int, *, after_effect: bool) -> tuple[World, str]:
    """Let a worker die at one of its calls, and leave the rest to the sweeper."""
    world = World()
    request_id = start(world)
    with pytest.raises(KilledError):
        world.provisioning_with(Outside(dies_at=number, after_effect=after_effect)).advance(request_id)
    world.sweep(minutes=10)
    return world, request_id


@pytest.mark.parametrize(("number", "after_effect"), deaths(before_the_grant))
def test_a_grant_that_was_killed_becomes_one_grant(number: int, after_effect: bool) -> None:
    """J1."""
    world, request_id = killed_and_swept(before_the_grant, number, after_effect=after_effect)

    request = world.store.request(request_id)
    sealed = world.store.grant(request_id).sealed_secret
    assert request.status is Status.GRANTED
    assert sealed is not None
    assert list(world.connector.accesses) == [request.session_user]
    assert world.connector.admits(request.session_user, world.vault.open(sealed, request_id=request_id))
    assert world.told(request_id).count("access.granted") == 1


@pytest.mark.parametrize(("number", "after_effect"), deaths(before_the_grant))
def test_a_grant_that_was_killed_still_ends_on_time(number: int, after_effect: bool) -> None:
    """J1."""
    world, request_id = killed_and_swept(before_the_grant, number, after_effect=after_effect)
    ends_at = world.store.request(request_id).ends_at
    assert ends_at is not None

    world.clock.at(ends_at)
    world.sweep(minutes=1)

    assert world.store.request(request_id).status is Status.EXPIRED
    assert world.connector.accesses == {}


@pytest.mark.parametrize(("number", "after_effect"), deaths(before_the_end))
def test_an_end_that_was_killed_becomes_one_end(number: int, after_effect: bool) -> None:
    """J1."""
    world, request_id = killed_and_swept(before_the_end, number, after_effect=after_effect)

    assert world.store.request(request_id).status is Status.EXPIRED
    assert world.connector.accesses == {}
    assert world.told(request_id)[-2:] == ["access.revoking", "access.expired"]


@pytest.mark.parametrize(("number", "after_effect"), deaths(before_a_grant_that_fails))
def test_a_failure_that_was_killed_becomes_one_failure(number: int, after_effect: bool) -> None:
    """J1."""
    world, request_id = killed_and_swept(before_a_grant_that_fails, number, after_effect=after_effect)

    assert world.store.request(request_id).status is Status.FAILED
    assert world.connector.accesses == {}
    assert world.told(request_id).count("access.grant.failed") == 1


@pytest.mark.parametrize(("number", "after_effect"), deaths(before_the_watch))
def test_a_watch_that_was_killed_still_undoes_a_late_grant(number: int, after_effect: bool) -> None:
    """J1. J6."""
    world, request_id = killed_and_swept(before_the_watch, number, after_effect=after_effect)

    assert world.connector.accesses == {}
    assert world.store.request(request_id).due_at is None
    assert world.told(request_id).count("access.drift.detected") <= 1


@dataclass
class Interrupted(Outside):
    """What a worker calls, and what comes between: before the call number `at`."""

    at: int = -1
    rival: Callable[[], object] = dict

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Make a call."""
        if len(self.calls) == self.at:
            self.rival()
        return super().call(name, work)


def stop(world: World) -> None:
    (outcome,) = world.requests.stop_person(MAYA.id, a_call(ADA), reason="left us")
    assert outcome.error is None


def stop_and_ring(world: World, request_id: str) -> None:
    """Stop, and let another worker end it at once."""
    stop(world)
    world.provisioning.advance(request_id)


def is_stopped(world: World, request_id: str) -> bool:
    """Whether it is over, and was granted before the stop or never."""
    told, shared = world.told(request_id), getattr(world.connector, "held", {})
    ended = next(number for number, name in enumerate(told) if name in {"access.revoking", "access.canceled"})
    assert "access.granted" not in told[ended:]
    assert not world.connector.accesses
    assert not shared
    return world.store.request(request_id).status in {Status.REVOKED, Status.CANCELED}


@pytest.mark.parametrize("is_rung", [True, False], ids=["and rung", ""])
@pytest.mark.parametrize("start_world", [World, shared_world], ids=["session users", "shared"])
@pytest.mark.parametrize("number", range(calls_of(before_the_grant) + 3))
def test_who_is_stopped_at_any_call_of_a_grant_has_nothing_from_then_on(
    number: int, start_world: Callable[[], World], *, is_rung: bool
) -> None:
    """A6. J6. The worker that is granting it ends what it gave, whoever ended it before that came to be."""
    world = start_world()
    request_id = world.approved("role1").id
    rival = partial(stop_and_ring, world, request_id) if is_rung else partial(stop, world)
    interrupted = Interrupted(at=number, rival=rival)
    despite_rivals(partial(world.provisioning_with(interrupted).advance, request_id))
    if len(interrupted.calls) <= number:
        rival()
    world.provisioning.advance(request_id)

    assert is_stopped(world, request_id)
    world.sweep(minutes=10)
    assert is_stopped(world, request_id)
    assert world.store.request(request_id).due_at is None


@pytest.mark.parametrize(("number", "after_effect"), deaths(before_the_grant))
def test_who_is_stopped_after_a_worker_died_in_a_grant_gets_nothing(number: int, after_effect: bool) -> None:
    """A6. J1."""
    world = World()
    request_id = before_the_grant(world)
    with pytest.raises(KilledError):
        world.provisioning_with(Outside(dies_at=number, after_effect=after_effect)).advance(request_id)

    stop(world)
    world.sweep(minutes=10)

    assert is_stopped(world, request_id)
    assert world.store.request(request_id).due_at is None


@settings(deadline=None, max_examples=60)
@given(deaths=st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=6), refuses=st.booleans())
def test_however_often_workers_die_nothing_is_orphaned_and_nothing_told_twice(
    deaths: list[tuple[int, bool]], refuses: bool
) -> None:
    """J1."""
    world = World()
    request_id = before_the_grant(world)
    if refuses:
        world.connector.fail_next(PermanentConnectorError("permission denied"))

    for number, after_effect in deaths:
        with suppress(KilledError):
            world.provisioning_with(Outside(dies_at=number, after_effect=after_effect)).advance(request_id)
        world.clock.advance(HOUR / 4)
    world.sweep(minutes=90)

    (request,) = world.store.find(RequestFilter())
    told = world.told(request_id)
    assert request.status in {Status.EXPIRED, Status.FAILED}
    assert world.connector.accesses == {}
    assert [name for name, times in Counter(told).items() if times > 1] == ["access.role.approved"]  # one per role
