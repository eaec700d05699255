"""Before anything is granted the flow in force is asked once more: never looser than either it or the snapshot."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.selectors import Attribute, Condition, Operator, TargetSelector, Who
from nightlatch.services.asking import Submission, WantedItem
from tests.builders import API, EVERYBODY, HOUR, MAYA, NOA, SECOND, World, a_call, a_definition, groups_are

ONLY_MAYA = Who(conditions=(Condition(attribute=Attribute.PERSON, operator=Operator.IS, values=(MAYA.id,)),))
TIGHTER = {
    "who": (a_definition(who=groups_are("owners")), "does not let"),
    "what": (
        a_definition(what=TargetSelector(integration="orders-db", names=("orders",), permissions=("role3",))),
        "does not cover role1 on orders",
    ),
    "approvals": (a_definition(needed=2), "needs other approvals for role1"),
    "maximum": (a_definition(default=HOUR / 2, maximum=HOUR / 2), "last longer than PT30M"),
}
LOOSER = {
    "approvals": a_definition(needed=0),
    "who": a_definition(who=EVERYBODY),
    "somebody by name": a_definition(who=ONLY_MAYA),
    "maximum": a_definition(maximum=24 * HOUR),
}


def rewrite(world: World, definition: FlowDefinition) -> None:
    world.store.commit(Change(world.store.in_force().flows[0].changed(definition=definition)), origin=API)


@pytest.mark.parametrize(("definition", "reason"), TIGHTER.values(), ids=TIGHTER)
def test_what_a_tighter_flow_would_not_let_begin_does_not(definition: FlowDefinition, reason: str) -> None:
    """A8. A9."""
    world = World()
    request = world.approved("role1")
    rewrite(world, definition)

    refused = world.provisioning.advance(request.id)

    failed = world.events(request.id)[-1]
    assert (refused.status, refused.due_at) == (Status.FAILED, None)
    assert (failed.event_type, failed.details["error_class"]) == ("access.grant.failed", "NotAllowedError")
    assert reason in str(failed.details["error"])
    assert "version 2" in str(failed.details["error"])
    assert not world.connector.calls
    assert not world.timer.wakes


@pytest.mark.parametrize("definition", LOOSER.values(), ids=LOOSER)
def test_a_looser_flow_lets_begin_what_was_approved_under_the_stricter_one(definition: FlowDefinition) -> None:
    """A9."""
    world = World()
    request = world.approved("role1")
    rewrite(world, definition)

    assert world.provisioning.advance(request.id).status is Status.GRANTED


def test_a_looser_flow_does_not_approve_what_still_waits_under_the_stricter_one() -> None:
    """A9."""
    world = World()
    request = world.submitted("role1")
    rewrite(world, a_definition(needed=0))

    assert world.provisioning.advance(request.id).status is Status.PENDING


def test_access_that_has_begun_is_not_asked_about_again() -> None:
    """A9."""
    world = World()
    request = world.granted("role1")
    rewrite(world, a_definition(needed=2))

    assert world.provisioning.advance(request.id).status is Status.GRANTED


def test_a_flow_that_is_tightened_at_the_very_moment_wins() -> None:
    """A9."""
    world = World()
    request: AccessRequest = world.approved("role1")
    tighten: Callable[[], Any] = lambda: rewrite(world, a_definition(needed=2))  # noqa: E731
    world.store.interruptions = [tighten]

    with pytest.raises(RivalChangeError):
        world.provisioning.advance(request.id)

    assert world.provisioning.advance(request.id).status is Status.FAILED
    assert world.connector.accesses == {}


# Scheduled starts


def scheduled(world: World) -> AccessRequest:
    """Ask for access that begins in an hour, and let an approver say yes."""
    items = [WantedItem("database", "orders", "role1")]
    submission = Submission("orders-db", items, justification="a customer cannot pay", starts_at=world.clock.now + HOUR)
    submitted = world.asking.submit(submission, a_call(MAYA))
    return world.approvals.approve(submitted.id, a_call(NOA))


def start_of(request: AccessRequest) -> datetime:
    assert request.starts_at is not None
    return request.starts_at


def test_what_is_to_begin_later_waits_for_a_timer_at_its_start() -> None:
    """D4."""
    world = World()
    request = scheduled(world)
    assert request.rings

    waiting = world.provisioning.advance(request.id)

    assert (waiting, world.connector.calls) == (request, [])
    assert [(woken, at - start_of(request) < SECOND) for woken, at in world.timer.wakes] == [(request.id, True)]


def test_access_begins_at_its_start_and_lasts_for_its_duration_from_then() -> None:
    """D4."""
    world = World()
    request = scheduled(world)
    world.clock.at(start_of(request))

    granted = world.provisioning.advance(request.id)

    assert granted.status is Status.GRANTED
    assert granted.granted_at is not None
    assert start_of(request) <= granted.granted_at
    assert granted.ends_at == granted.granted_at + HOUR


def test_a_start_that_nobody_was_woken_for_is_found_by_the_sweep() -> None:
    """D4."""
    world = World()
    request = scheduled(world)

    world.sweep(minutes=59)
    before = world.store.request(request.id).status
    world.sweep(minutes=2)

    assert (before, world.store.request(request.id).status) == (Status.APPROVED, Status.GRANTED)
    assert "access.granted" in world.told(request.id)


@pytest.mark.parametrize("early", [SECOND / 10, SECOND, HOUR])
def test_a_wake_before_the_start_begins_nothing_and_sets_the_timer_again(early: timedelta) -> None:
    """D4."""
    world = World()
    request = scheduled(world)
    world.clock.at(start_of(request) - early)

    waiting = world.provisioning.advance(request.id)

    assert (waiting.status, world.connector.calls) == (Status.APPROVED, [])
    assert [woken for woken, _ in world.timer.wakes] == [request.id]


def test_a_start_that_is_woken_twice_begins_once() -> None:
    """D4."""
    world = World()
    request = scheduled(world)
    world.clock.at(start_of(request))
    world.store.interruptions = [lambda: world.provisioning.advance(request.id)]

    with pytest.raises(RivalChangeError):
        world.provisioning.advance(request.id)
    world.provisioning.advance(request.id)

    assert world.connector.calls.count("grant") == 1
    assert world.told(request.id).count("access.granted") == 1


def test_a_start_that_is_woken_late_begins_then() -> None:
    """D4."""
    world = World()
    request = scheduled(world)
    world.clock.at(start_of(request) + HOUR)

    assert world.provisioning.advance(request.id).status is Status.GRANTED


def test_who_may_not_have_it_any_more_at_the_start_does_not_get_it() -> None:
    """A8. A9. D4."""
    world = World()
    request = scheduled(world)
    world.provisioning.advance(request.id)
    rewrite(world, a_definition(who=groups_are("owners")))
    world.clock.at(start_of(request))

    world.sweep(minutes=1)

    assert world.store.request(request.id).status is Status.FAILED
    assert world.connector.calls == []


def test_what_is_withdrawn_before_its_start_does_not_begin() -> None:
    """D4."""
    world = World()
    request = scheduled(world)
    world.provisioning.advance(request.id)
    world.requests.cancel(request.id, a_call(MAYA))
    world.clock.at(start_of(request))

    assert world.provisioning.advance(request.id).status is Status.CANCELED
    assert world.connector.calls == []
