"""D3: a later end is told to the target, and neither lost, nor endless, nor shorter than before."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from nightlatch.domain.access_flow import ExtensionRule
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import (
    ConflictError,
    ConnectorError,
    PermanentConnectorError,
    RivalChangeError,
    TargetGoneError,
)
from nightlatch.services.workbench import CLAIM
from tests.builders import ADA, API, HOUR, MAYA, SECOND, KilledError, Outside, World, a_call, a_definition
from tests.fakes.connector import FakeAccess, FakeConnector
from tests.unit.services.targets import DOWN

Command = Callable[[World, AccessRequest], object]


def extendable(world: World | None = None) -> tuple[World, AccessRequest]:
    """Grant access that may be extended by an hour, three times."""
    world = world or World()
    (flow,) = world.store.in_force().flows
    definition = a_definition(extensions=ExtensionRule(count=3, longest=HOUR))
    world.store.commit(Change(flow.changed(definition=definition)), origin=API)
    return world, world.granted()


def extend(world: World, request: AccessRequest) -> AccessRequest:
    return world.requests.extend(request.id, a_call(MAYA), duration=HOUR)


def end_of(request: AccessRequest) -> datetime:
    assert request.ends_at is not None
    return request.ends_at


def access(world: World) -> FakeAccess:
    (only,) = world.connector.accesses.values()
    return only


def test_a_target_that_holds_an_end_is_told_of_the_later_one_with_the_slack_of_the_first() -> None:
    """D3."""
    world, request = extendable()
    extended = extend(world, request)

    told = world.provisioning.advance(request.id)

    assert end_of(told) == end_of(extended) == end_of(request) + HOUR
    assert access(world).ends_at == end_of(told) + CLAIM == world.store.grant(request.id).intent.ends_at
    assert told.due_at == end_of(told)


def test_the_timer_stands_before_the_target_is_told_and_the_record_follows() -> None:
    """D3. D4."""
    world, request = extendable()
    extend(world, request)
    outside = Outside()

    world.provisioning_with(outside).advance(request.id)

    reads = {"store.request", "store.grant", "store.integration"}
    assert [call for call in outside.calls if call not in reads] == ["timer.wake", "connector.extend", "store.commit"]
    assert any(at >= end_of(request) + HOUR for _, at in world.timer.wakes)


def test_the_wake_at_the_old_end_ends_nothing() -> None:
    """D3. D4."""
    world, request = extendable()
    extend(world, request)
    world.provisioning.advance(request.id)
    world.clock.at(end_of(request))

    assert world.provisioning.advance(request.id).status is Status.GRANTED
    assert world.connector.calls.count("extend") == 1


def test_extended_access_ends_at_its_new_end() -> None:
    """D3."""
    world, request = extendable()
    extend(world, request)
    world.provisioning.advance(request.id)
    world.clock.at(end_of(request) + HOUR)

    world.sweep(minutes=1)

    assert world.store.request(request.id).status is Status.EXPIRED
    assert world.connector.accesses == {}


def test_an_extension_that_nobody_was_rung_for_is_told_by_the_sweep() -> None:
    """D4."""
    world, request = extendable()
    extend(world, request)

    world.sweep(minutes=1)

    assert access(world).ends_at == end_of(request) + HOUR + CLAIM


def test_an_extension_in_the_last_second_counts() -> None:
    """D3."""
    world, request = extendable()
    world.clock.at(end_of(request) - SECOND)
    extend(world, request)
    world.clock.at(end_of(request) + SECOND)

    told = world.provisioning.advance(request.id)

    assert (told.status, end_of(told)) == (Status.GRANTED, end_of(request) + HOUR)
    assert access(world).ends_at == end_of(told) + CLAIM


@pytest.mark.parametrize("late", [timedelta(), SECOND])
def test_at_its_end_access_cannot_be_extended_any_more(late: timedelta) -> None:
    """D3."""
    world, request = extendable()
    world.clock.at(end_of(request) + late)

    with pytest.raises(ConflictError):
        extend(world, request)
    world.sweep(minutes=1)

    assert world.store.request(request.id).status is Status.EXPIRED


def test_two_extensions_told_at_once_come_to_the_later_end() -> None:
    """D3."""
    world, request = extendable()
    extend(world, request)
    extend(world, request)

    world.provisioning.advance(request.id)

    assert access(world).ends_at == end_of(request) + 2 * HOUR + CLAIM
    assert world.connector.calls.count("extend") == 1


def test_an_extension_while_another_is_told_is_told_too() -> None:
    """D3."""
    world, request = extendable()
    extend(world, request)
    world.store.interruptions = [lambda: extend(world, request)]

    with pytest.raises(RivalChangeError):
        world.provisioning.advance(request.id)
    world.provisioning.advance(request.id)

    assert access(world).ends_at == end_of(request) + 2 * HOUR + CLAIM


# Races with an end


def test_an_extension_that_comes_while_access_expires_is_refused_and_the_end_goes_on() -> None:
    """D3. A6."""
    world, request = extendable()
    world.clock.at(end_of(request) - 3 * world.clock.step)

    def at_the_end() -> None:
        world.clock.at(end_of(request))
        world.provisioning.advance(request.id)

    world.store.interruptions = [at_the_end]

    with pytest.raises(ConflictError):
        extend(world, request)

    assert world.store.request(request.id).status is Status.EXPIRED
    assert world.connector.accesses == {}


def test_an_end_that_comes_while_access_is_extended_does_not_happen() -> None:
    """D3. A6."""
    world, request = extendable()
    world.clock.at(end_of(request))

    def in_the_last_moment() -> None:
        world.clock.at(end_of(request) - SECOND)
        extend(world, request)

    world.store.interruptions = [in_the_last_moment]
    with pytest.raises(RivalChangeError):
        world.provisioning.advance(request.id)
    world.sweep(minutes=2)

    assert world.store.request(request.id).status is Status.GRANTED
    assert access(world).ends_at == end_of(request) + HOUR + CLAIM


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (lambda world, request: world.requests.give_back(request.id, a_call(MAYA)), Status.CANCELED),
        (lambda world, request: world.requests.revoke(request.id, a_call(ADA), reason="leak"), Status.REVOKED),
    ],
    ids=["given back", "revoked"],
)
def test_access_that_is_ended_while_its_later_end_is_told_ends(end: Command, status: Status) -> None:
    """D3. A6."""
    world, request = extendable()
    extend(world, request)
    world.store.interruptions = [lambda: end(world, request)]

    with pytest.raises(RivalChangeError):
        world.provisioning.advance(request.id)
    world.sweep(minutes=5)

    assert world.store.request(request.id).status is status
    assert world.connector.accesses == {}


# A target that does not take it


@pytest.mark.parametrize("error", [DOWN, PermanentConnectorError("permission denied")])
def test_a_target_that_does_not_take_a_later_end_is_told_again_later_and_later(error: ConnectorError) -> None:
    """D3. J2."""
    world, request = extendable()
    extended = extend(world, request)
    world.connector.fail_next(error, times=3)
    pauses = []

    for _ in range(3):
        begun = world.clock.now
        waiting = world.provisioning.advance(request.id)
        assert waiting.due_at is not None
        assert (waiting.status, waiting.ends_at) == (Status.GRANTED, extended.ends_at)
        pauses.append(round((waiting.due_at - begun).total_seconds()))
        world.clock.at(waiting.due_at)
    world.provisioning.advance(request.id)

    assert pauses == [15, 30, 60]
    assert access(world).ends_at == end_of(extended) + CLAIM


def test_a_target_that_never_takes_a_later_end_holds_up_no_end() -> None:
    """D3. J2."""
    world, request = extendable()
    extended = extend(world, request)
    world.connector.fail_next(DOWN, times=10_000)
    while world.clock.now < end_of(extended):
        world.sweep(minutes=1)
        due_at = world.store.request(request.id).due_at
        assert due_at is not None
        assert due_at <= end_of(extended) + CLAIM

    world.connector._faults.clear()
    world.sweep(minutes=5)

    assert world.store.request(request.id).status is Status.EXPIRED
    assert world.connector.accesses == {}


def test_what_could_not_be_told_does_not_count_as_an_attempt_to_end() -> None:
    """D3. J2."""
    world, request = extendable()
    extend(world, request)
    world.connector.fail_next(DOWN, times=6)
    world.sweep(minutes=20)
    world.requests.give_back(request.id, a_call(MAYA))
    world.connector.fail_next(DOWN)

    world.sweep(minutes=3)

    assert "access.quarantined" not in world.told(request.id)
    assert world.store.request(request.id).status is Status.CANCELED


def test_access_that_is_gone_is_not_resurrected_by_an_extension_and_is_told() -> None:
    """D3."""
    world, request = extendable()
    world.connector.accesses.clear()
    extended = extend(world, request)

    world.sweep(minutes=10)

    missed = world.events(request.id)[-1]
    assert (world.connector.accesses, world.connector.calls.count("extend")) == ({}, 1)
    assert missed.event_type == "access.drift.detected"
    assert missed.details.items() >= {("found", "absent"), ("expected", "present")}
    assert world.store.request(request.id).due_at == extended.ends_at


def test_access_that_was_gone_ends_like_any_other() -> None:
    """D3."""
    world, request = extendable()
    extend(world, request)
    world.connector.fail_next(TargetGoneError("no such user"))
    world.provisioning.advance(request.id)
    world.clock.at(end_of(request) + HOUR)

    world.sweep(minutes=1)

    assert world.store.request(request.id).status is Status.EXPIRED


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("number", range(6))
def test_an_extension_whose_worker_died_is_told_by_the_next(number: int, after_effect: bool) -> None:
    """J1. D3."""
    world, request = extendable()
    extend(world, request)

    with pytest.raises(KilledError):
        world.provisioning_with(Outside(dies_at=number, after_effect=after_effect)).advance(request.id)
    world.sweep(minutes=1)

    assert access(world).ends_at == end_of(request) + HOUR + CLAIM
    assert world.store.request(request.id).due_at == end_of(request) + HOUR
    assert world.told(request.id).count("access.extended") == 1


def test_a_target_that_holds_no_end_is_extended_as_well() -> None:
    """D3."""

    class Endless(FakeConnector):
        """A target that cannot be told."""

        def extend(self, handle: object, *, until: object) -> None:
            """Do nothing."""

    world, request = extendable(World(connector=Endless()))
    extend(world, request)
    world.provisioning.advance(request.id)
    world.clock.at(end_of(request) + HOUR)

    assert world.provisioning.advance(request.id).status is Status.EXPIRED
