"""J1: every step that a worker takes, killed at any call and left to the sweep, comes to what it comes to by itself.

`test_provisioning_killed.py` has more to say of the plainest of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from nightlatch.domain.access_flow import ExtensionRule
from nightlatch.domain.access_request import Status
from nightlatch.domain.change import Change
from nightlatch.domain.grant import GRANT_ATTEMPTS, QUARANTINE_AFTER
from nightlatch.services.asking import Submission, WantedItem
from tests.builders import ADA, API, HOUR, MAYA, NOA, KilledError, Outside, World, a_call, a_definition, a_principal
from tests.proof.aftermath import at_the_target, swept_to_the_end
from tests.proof.operations import DyingAfter
from tests.unit.services.shared_access import shared_world
from tests.unit.services.targets import DOWN, ResistingConnector

Stand = tuple[World, str]
"""A Nightlatch, and the request that is to be worked on."""

SETTLED_AFTER = 15
"""Minutes after which the sweep has made good a death: the claim of the dead, and what may be tried meanwhile."""


# Where the steps begin


def undecided() -> Stand:
    """Let the time in which somebody had to decide pass."""
    world = World()
    request = world.submitted("role1")
    assert request.due_at is not None
    world.clock.at(request.due_at)
    return world, request.id


def not_eligible_any_more() -> Stand:
    """Let the one who is to be given something leave the group that may have it."""
    world = World()
    request_id = world.approved("role1").id
    world.acquaintances.note(a_call(a_principal("maya", groups=["others"])))
    return world, request_id


def before_its_start() -> Stand:
    world = World()
    starts_at = world.clock.now + HOUR / 6
    wish = Submission("orders-db", [WantedItem("database", "orders", "role1")], "a reason", starts_at=starts_at)
    return world, world.approvals.approve(world.asking.submit(wish, a_call()).id, a_call(NOA)).id


def at_its_start() -> Stand:
    world, request_id = before_its_start()
    world.clock.advance(HOUR / 6)
    return world, request_id


def a_resisting_world() -> tuple[World, ResistingConnector]:
    connector = ResistingConnector()
    return World(connector=connector), connector


def at_due(world: World, request_id: str) -> None:
    """Go to when the request is to be worked on again."""
    due_at = world.store.request(request_id).due_at
    assert due_at is not None
    world.clock.at(due_at)


def after_failed_grants(times: int) -> Stand:
    """Let a target fail to grant so often, and then be well again."""
    world, connector = a_resisting_world()
    connector.grant_errors = [DOWN] * times
    request_id = world.approved("role1").id
    for _ in range(times):
        world.provisioning.advance(request_id)
        at_due(world, request_id)
    return world, request_id


def after_two_failed_grants() -> Stand:
    return after_failed_grants(2)


def before_the_last_grant_fails() -> Stand:
    world, request_id = after_failed_grants(GRANT_ATTEMPTS - 1)
    assert isinstance(world.connector, ResistingConnector)
    world.connector.grant_errors = [DOWN]
    return world, request_id


def after_the_last_attempt_was_cut_off() -> Stand:
    """Let the worker of the last attempt die, so that the next gives it up."""
    world, request_id = after_failed_grants(GRANT_ATTEMPTS - 1)
    with pytest.raises(KilledError):
        world.provisioning_with(DyingAfter(last="connector.grant")).advance(request_id)
    at_due(world, request_id)
    return world, request_id


def given_up_and_left_there() -> Stand:
    """Let a grant that was given up resist to be taken back."""
    world, request_id = before_the_last_grant_fails()
    assert isinstance(world.connector, ResistingConnector)
    world.connector.revoke_errors = [DOWN]
    world.provisioning.advance(request_id)
    at_due(world, request_id)
    return world, request_id


def after_failed_ends(times: int, *, is_well: bool) -> Stand:
    """Let a target resist an end so often, and then be well or not."""
    world, connector = a_resisting_world()
    request_id = world.granted("role1").id
    world.requests.revoke(request_id, a_call(ADA), reason="leak")
    connector.revoke_errors = [DOWN] * 10_000
    for _ in range(times):
        world.provisioning.advance(request_id)
        at_due(world, request_id)
    if is_well:
        connector.resist_no_more()
    return world, request_id


def before_the_quarantine() -> Stand:
    return after_failed_ends(QUARANTINE_AFTER - 1, is_well=False)


def quarantined() -> Stand:
    return after_failed_ends(QUARANTINE_AFTER, is_well=False)


def quarantined_at_a_target_that_is_well() -> Stand:
    return after_failed_ends(QUARANTINE_AFTER, is_well=True)


def one_is_leaving(world: World) -> None:
    """Let something end that does not go away at once: nobody may join what it is leaving."""
    request_id = world.granted("role1").id
    world.requests.give_back(request_id, a_call(MAYA))
    world.connector.fail_next()
    world.provisioning.advance(request_id)


def held_back() -> Stand:
    world = shared_world()
    request_id = world.approved("role1", "role2").id
    one_is_leaving(world)
    return world, request_id


def held_back_when_taken_up() -> Stand:
    """Let a worker die after its claim, and another grant begin to leave before the next worker comes."""
    world = shared_world()
    request_id = world.approved("role1", "role2").id
    with pytest.raises(KilledError):
        world.provisioning_with(DyingAfter(last="store.commit")).advance(request_id)
    one_is_leaving(world)
    at_due(world, request_id)
    return world, request_id


def extended(world: World) -> Stand:
    definition = a_definition(extensions=ExtensionRule(count=1, longest=HOUR))
    (flow,) = world.store.in_force().flows
    world.store.commit(Change(flow.changed(definition=definition)), origin=API)
    request_id = world.granted("role1").id
    world.requests.extend(request_id, a_call(), duration=HOUR)
    return world, request_id


def a_later_end() -> Stand:
    return extended(World())


def a_later_end_of_what_is_gone() -> Stand:
    world, request_id = extended(World())
    world.connector.accesses.clear()
    return world, request_id


def found_after_its_end() -> Stand:
    """Let a grant call land after the end, at a target that resists."""
    world, connector = a_resisting_world()
    request_id = world.granted("role1").id
    world.clock.advance(HOUR)
    world.provisioning.advance(request_id)
    connector.grant(world.store.grant(request_id).intent)
    connector.revoke_errors = [DOWN] * 10_000
    at_due(world, request_id)
    return world, request_id


def not_to_be_seen_any_more() -> Stand:
    """Let a target be down when it is to be looked at after an end, for so long that nobody waits any more."""
    world, connector = a_resisting_world()
    request_id = world.granted("role1").id
    world.clock.advance(HOUR)
    world.provisioning.advance(request_id)
    connector.grant(world.store.grant(request_id).intent)
    connector.observe_errors = [DOWN] * 10_000
    for _ in range(QUARANTINE_AFTER - 1):
        at_due(world, request_id)
        world.provisioning.advance(request_id)
    at_due(world, request_id)
    return world, request_id


# What comes of them

AGREED = ["access.requested", "access.role.approved", "access.approved"]
AGREED_TO_TWO = ["access.requested", "access.role.approved", "access.role.approved", "access.approved"]
HAD = [*AGREED, "access.granted", "access.revoking"]
LATER = [*AGREED, "access.granted", "access.extended"]


@dataclass(frozen=True)
class Step:
    """A step: from where it is taken, and what comes of it when the sweep has run for a while, and has told.

    `at_once` is how the request stands right after the step, where that is not how it stands later.
    """

    begin: Callable[[], Stand]
    status: Status
    told: list[str]
    quarantined: bool = False
    at_once: Status | None = None


STEPS = {
    "lapse": Step(undecided, Status.LAPSED, ["access.requested", "access.lapsed"]),
    "refuse to begin": Step(not_eligible_any_more, Status.FAILED, [*AGREED, "access.grant.failed"]),
    "wait for the start": Step(before_its_start, Status.GRANTED, [*AGREED, "access.granted"], at_once=Status.APPROVED),
    "begin at the start": Step(at_its_start, Status.GRANTED, [*AGREED, "access.granted"]),
    "grant after failures": Step(after_two_failed_grants, Status.GRANTED, [*AGREED, "access.granted"]),
    "give up": Step(before_the_last_grant_fails, Status.FAILED, [*AGREED, "access.grant.failed"]),
    "give up for the dead": Step(after_the_last_attempt_was_cut_off, Status.FAILED, [*AGREED, "access.grant.failed"]),
    "take back what was given up": Step(given_up_and_left_there, Status.FAILED, [*AGREED, "access.grant.failed"]),
    "quarantine": Step(before_the_quarantine, Status.REVOKING, [*HAD, "access.quarantined"], quarantined=True),
    "try in vain": Step(quarantined, Status.REVOKING, [*HAD, "access.quarantined"], quarantined=True),
    "end what is quarantined": Step(
        quarantined_at_a_target_that_is_well, Status.REVOKED, [*HAD, "access.quarantined", "access.revoked"]
    ),
    "hold back": Step(held_back, Status.GRANTED, [*AGREED_TO_TWO, "access.granted"], at_once=Status.APPROVED),
    "hold back what was begun": Step(
        held_back_when_taken_up, Status.GRANTED, [*AGREED_TO_TWO, "access.granted"], at_once=Status.GRANTING
    ),
    "tell of a later end": Step(a_later_end, Status.GRANTED, LATER),
    "miss what is to end later": Step(a_later_end_of_what_is_gone, Status.GRANTED, [*LATER, "access.drift.detected"]),
    "find what is over": Step(
        found_after_its_end,
        Status.EXPIRED,
        [*HAD, "access.expired", "access.drift.detected"],
        quarantined=True,
    ),
    "lose sight of what is over": Step(
        not_to_be_seen_any_more, Status.EXPIRED, [*HAD, "access.expired", "access.quarantined"], quarantined=True
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What a step has come to, what is at the target then, and what was told of everything when it was all over."""

    status: Status
    quarantined: bool
    told: list[str]
    there: int
    in_the_end: list[list[str]]


def outcome(world: World, request_id: str) -> Outcome:
    """Let the sweep run, look, and then let everything come to its end."""
    world.sweep(minutes=SETTLED_AFTER)
    request, told, there = world.store.request(request_id), told_of(world, request_id), at_the_target(world)
    ended = swept_to_the_end(world)
    return Outcome(request.status, request.quarantined, told, len(there), [told_of(world, one.id) for one in ended])


def told_of(world: World, request_id: str) -> list[str]:
    """Leave out how often a target resisted: who died has tried as well."""
    return [name for name in world.told(request_id) if name != "access.revoke.failed"]


@cache
def undisturbed(name: str) -> Outcome:
    world, request_id = STEPS[name].begin()
    world.provisioning.advance(request_id)
    return outcome(world, request_id)


def deaths() -> Iterator[tuple[str, int, bool]]:
    for name, step in STEPS.items():
        (world, request_id), outside = step.begin(), Outside()
        world.provisioning_with(outside).advance(request_id)
        for number in range(len(outside.calls)):
            yield name, number, False
            yield name, number, True


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_nobody_disturbs_comes_to_what_it_should(name: str) -> None:
    """What the others are compared with is right."""
    step, done = STEPS[name], undisturbed(name)
    world, request_id = step.begin()

    assert world.provisioning.advance(request_id).status is (step.at_once or step.status)
    assert (done.status, done.quarantined, done.told) == (step.status, step.quarantined, step.told)
    assert done.there >= (step.status is Status.GRANTED and name != "miss what is to end later")


@pytest.mark.parametrize(("name", "number", "after_effect"), [*deaths()])
def test_a_step_that_was_killed_and_swept_comes_to_the_same(name: str, number: int, after_effect: bool) -> None:
    """J1. J2."""
    world, request_id = STEPS[name].begin()
    with pytest.raises(KilledError):
        world.provisioning_with(Outside(dies_at=number, after_effect=after_effect)).advance(request_id)

    assert outcome(world, request_id) == undisturbed(name)
