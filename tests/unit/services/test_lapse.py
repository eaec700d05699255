"""A request that nobody decides on within the flow's approval window lapses, and can be voted on until then."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import ConflictError
from tests.builders import API, HOUR, MAYA, NOA, SECOND, World, a_call, a_definition

WINDOW = timedelta(hours=24)


def test_the_sweep_lapses_what_nobody_decided_on() -> None:
    world = World()
    request = world.submitted()
    world.clock.advance(WINDOW)

    world.sweep(minutes=1)

    lapsed = world.events(request.id)[-1]
    assert world.store.request(request.id).status is Status.LAPSED
    assert (lapsed.event_type, lapsed.severity, lapsed.details["window_seconds"]) == ("access.lapsed", "warning", 86400)
    assert list(world.provisioning.due()) == []


def test_nothing_lapses_before_its_time() -> None:
    world = World()
    request = world.submitted()
    assert request.lapses_at is not None
    world.clock.at(request.lapses_at - SECOND)  # the doorbell's tolerance for clocks reaches further

    assert world.provisioning.advance(request.id).status is Status.PENDING


def test_one_of_two_votes_does_not_keep_a_request_open() -> None:
    world = World()
    (flow,) = world.store.in_force().flows
    world.store.commit(Change(flow.changed(definition=a_definition(needed=2))), origin=API)
    request = world.submitted()
    world.clock.advance(HOUR)
    world.approvals.approve(request.id, a_call(NOA))
    world.clock.advance(WINDOW)

    world.sweep(minutes=1)

    assert world.store.request(request.id).status is Status.LAPSED


def test_what_is_decided_does_not_lapse() -> None:
    world = World()
    request = world.approved()

    assert request.lapses_at is None
    with pytest.raises(ConflictError):
        request.lapse(at=world.clock.now + WINDOW)


def test_a_vote_after_the_window_comes_too_late_though_the_sweep_was_not_there_yet() -> None:
    """A6."""
    world = World()
    request = world.submitted()
    world.clock.advance(WINDOW)

    with pytest.raises(ConflictError, match="lapsed"):
        world.approvals.approve(request.id, a_call(NOA))

    assert world.told(request.id) == ["access.requested"]


def test_a_vote_and_the_sweep_at_the_same_moment_have_one_outcome() -> None:
    """A6."""
    world = World()
    request = world.submitted()
    world.clock.advance(WINDOW)
    world.store.interruptions = [lambda: world.requests.cancel(request.id, a_call(MAYA))]

    with pytest.raises(ConflictError):
        world.provisioning.advance(request.id)

    assert world.told(request.id) == ["access.requested", "access.canceled"]
