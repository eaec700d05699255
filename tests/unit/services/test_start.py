"""Before anything is granted the flow in force is asked once more: never looser than either it or the snapshot."""

from collections.abc import Callable
from typing import Any

import pytest

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.selectors import Attribute, Condition, Operator, TargetSelector, Who
from tests.builders import API, EVERYBODY, HOUR, MAYA, World, a_definition, groups_are

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
