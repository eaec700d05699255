"""J1: a worker that dies at any outbound call leaves something that the sweeper brings to a proper end."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.domain.access_request import Status
from nightlatch.domain.errors import PermanentConnectorError
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import HOUR, KilledError, Outside, World

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
