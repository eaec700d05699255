"""Deciding: who may, rivals, and attempts that are refused."""

from collections.abc import Callable

import pytest

from nightlatch.domain.access_flow import Requirements
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep, Escalation
from nightlatch.domain.errors import (
    ConflictError,
    FreshSignInRequiredError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
)
from nightlatch.domain.identity import Role
from tests.builders import (
    ADA,
    EVE,
    HOUR,
    MAYA,
    NOA,
    OMAR,
    ROBOT,
    SECOND,
    World,
    a_call,
    a_definition,
    a_principal,
    who_signed_in,
)

Act = Callable[[World, str], AccessRequest]

APPROVE: Act = lambda world, request_id: world.approvals.approve(request_id, a_call(NOA))  # noqa: E731
REJECT: Act = lambda world, request_id: world.approvals.reject(request_id, a_call(OMAR))  # noqa: E731
CANCEL: Act = lambda world, request_id: world.requests.cancel(request_id, a_call(MAYA))  # noqa: E731

DAN = a_principal("dan", groups=["developers"])
MAYA_AS_ADMIN = a_principal("maya", groups=["admins", "approvers"], roles=[Role.ADMIN])


@pytest.mark.parametrize("verdict", ["approve", "reject"])
@pytest.mark.parametrize("oneself", [MAYA, MAYA_AS_ADMIN], ids=["plain", "as an approver and administrator"])
def test_a_vote_on_ones_own_request_is_refused_and_told(oneself: object, verdict: str) -> None:
    """A3."""
    world = World()
    request = world.submitted()

    with pytest.raises(NotAllowedError):
        getattr(world.approvals, verdict)(request.id, a_call(oneself))  # type: ignore[arg-type]  # pytest's ids

    assert world.store.request(request.id) == request
    assert world.told(request.id) == ["access.requested", "access.approval.refused"]


def test_a_vote_on_an_unseen_request_is_answered_like_a_vote_on_an_unknown_one() -> None:
    """A7. A11."""
    world = World()
    request = world.submitted()
    told = []

    for wanted in (request.id, "req_unknown"):
        with pytest.raises(NotFoundError) as caught:
            world.approvals.approve(wanted, a_call(EVE))
        told.append(str(caught.value).replace(wanted, "…"))

    assert told[0] == told[1]
    assert world.told(request.id) == ["access.requested"]


def test_the_vote_of_a_service_is_refused_and_told() -> None:
    """A12."""
    world = World()
    request = world.submitted()

    with pytest.raises(NotAllowedError, match="service identity"):
        world.approvals.approve(request.id, a_call(ROBOT))

    refused = world.events(request.id)[-1]
    assert (refused.event_type, refused.actor) == ("access.approval.refused", ROBOT.as_actor())
    assert world.store.request(request.id) == request


def test_a_second_thought_is_refused_and_not_swallowed() -> None:
    """A6."""
    world = World()
    stricter = a_definition(needed=2)
    world.flows.put("orders-roles", stricter, a_call(ADA), if_match=1)
    request = world.submitted()
    once = world.approvals.approve(request.id, a_call(NOA))

    with pytest.raises(ConflictError, match="you have approved"):
        world.approvals.reject(request.id, a_call(NOA))

    assert world.store.request(request.id) == once


def test_an_administrator_whom_the_flow_does_not_name_is_refused_and_told() -> None:
    world = World()
    request = world.submitted()
    outsider = a_principal("zoe", roles=[Role.ADMIN])

    with pytest.raises(NotAllowedError):
        world.approvals.approve(request.id, a_call(outsider))

    assert world.told(request.id)[-1] == "access.approval.refused"


def test_the_same_approver_twice_is_one_vote_and_one_event() -> None:
    """A4."""
    world = World()
    request = world.submitted("role1", "role3")
    once = world.approvals.approve(request.id, a_call(NOA), items=["item-1"])

    again = world.approvals.approve(request.id, a_call(NOA), items=["item-1"])

    assert once == again == world.store.request(request.id)
    assert world.told(request.id) == ["access.requested", "access.role.approved"]


def test_two_approvers_at_once_are_one_approval() -> None:
    """A5."""
    world = World()
    request = world.submitted()
    world.store.interruptions = [lambda: world.approvals.approve(request.id, a_call(OMAR))]

    with pytest.raises(ConflictError, match="is APPROVED, not PENDING"):
        world.approvals.approve(request.id, a_call(NOA))

    assert world.told(request.id) == ["access.requested", "access.role.approved", "access.approved"]
    assert set(world.store.request(request.id).items[0].votes) == {OMAR.id}


def test_two_approvers_at_once_both_count_where_two_are_needed() -> None:
    """A5."""
    world = World()
    request = world.submitted("role1", "role3")
    world.store.interruptions = [lambda: world.approvals.approve(request.id, a_call(OMAR), items=["item-2"])]

    world.approvals.approve(request.id, a_call(NOA), items=["item-1"])

    assert world.store.request(request.id).status is Status.APPROVED
    assert world.told(request.id).count("access.approved") == 1


@pytest.mark.parametrize(
    ("winner", "loser", "outcome"),
    [
        (APPROVE, REJECT, Status.APPROVED),
        (REJECT, APPROVE, Status.REJECTED),
        (CANCEL, APPROVE, Status.CANCELED),
        (CANCEL, REJECT, Status.CANCELED),
        (REJECT, CANCEL, Status.REJECTED),
    ],
)
def test_of_two_rivals_one_wins_and_the_other_is_told_what_won(winner: Act, loser: Act, outcome: Status) -> None:
    """A6."""
    world = World()
    request = world.submitted()
    world.store.interruptions = [lambda: winner(world, request.id)]

    with pytest.raises(ConflictError, match=f"is {outcome}"):
        loser(world, request.id)

    assert world.store.request(request.id).status is outcome


def test_a_withdrawal_that_meets_an_approval_withdraws_the_approved_request() -> None:
    """A6."""
    world = World()
    request = world.submitted()
    world.store.interruptions = [lambda: APPROVE(world, request.id)]

    assert CANCEL(world, request.id).status is Status.CANCELED


def test_the_same_vote_sent_twice_under_one_key_is_answered_twice_and_counted_once() -> None:
    """E1."""
    world = World()
    request = world.submitted()
    call = a_call(NOA, key="k1", body="b1")

    first, second = (world.approvals.approve(request.id, call) for _ in range(2))

    assert first == second
    assert world.told(request.id).count("access.role.approved") == 1


def test_what_waits_for_somebody_is_what_they_can_still_decide_newest_first() -> None:
    world = World()
    older, newer, voted = world.submitted("role1"), world.submitted("role3"), world.submitted("role1", "role3")
    world.approvals.approve(voted.id, a_call(NOA), items=["item-1"])
    decided = world.approvals.approve(world.submitted("role1", by=DAN).id, a_call(NOA))

    waiting = {
        somebody.subject: [request.id for request in world.approvals.waiting(a_call(somebody))]
        for somebody in (MAYA, NOA, ADA, EVE)
    }

    assert decided.id not in waiting["noa"]
    assert waiting == {
        "maya": [],
        "noa": [voted.id, newer.id, older.id],
        "ada": [voted.id, newer.id, older.id],
        "eve": [],
    }


# In steps

TWO_STEPS = ApprovalRule(
    steps=(
        ApprovalStep(groups=("approvers",)),
        ApprovalStep(people=(OMAR.id,), escalation=Escalation(after=HOUR, groups=("admins",))),
    )
)


def a_world_of_steps() -> World:
    world = World()
    world.flows.put("orders-roles", a_definition(approve=TWO_STEPS), a_call(ADA), if_match=1)
    return world


def waiting_for(world: World) -> list[str]:
    return [somebody.subject for somebody in (NOA, OMAR, ADA) if any(world.approvals.waiting(a_call(somebody)))]


def test_a_request_waits_for_those_of_its_step_and_then_for_those_of_its_escalation() -> None:
    world = a_world_of_steps()
    request = world.submitted()
    waited = [waiting_for(world)]

    world.approvals.approve(request.id, a_call(NOA))
    waited.append(waiting_for(world))
    world.clock.advance(HOUR)
    waited.append(waiting_for(world))

    assert waited == [["noa", "omar"], ["omar"], ["omar", "ada"]]


def test_a_vote_before_its_turn_is_refused_and_is_no_attempt_without_right() -> None:
    world = a_world_of_steps()
    request = world.submitted()

    with pytest.raises(ConflictError, match="at step 1 of 2, which does not ask you"):
        world.approvals.approve(request.id, a_call(ADA))

    assert world.told(request.id) == ["access.requested"]


def test_two_of_one_step_at_once_are_one_step_and_the_other_is_kept_for_the_next() -> None:
    """A5."""
    world = a_world_of_steps()
    request = world.submitted()
    world.store.interruptions = [lambda: world.approvals.approve(request.id, a_call(NOA))]

    both = world.approvals.approve(request.id, a_call(OMAR))

    assert both.status is Status.APPROVED
    assert world.told(request.id).count("access.approved") == 1


def test_who_lost_the_race_for_a_step_is_not_counted_in_the_next_one() -> None:
    """A5."""
    world = a_world_of_steps()
    request = world.submitted()
    world.store.interruptions = [lambda: world.approvals.approve(request.id, a_call(OMAR))]

    with pytest.raises(ConflictError, match="at step 2 of 2, which does not ask you"):
        world.approvals.approve(request.id, a_call(NOA))

    assert list(world.store.request(request.id).items[0].votes) == [OMAR.id]


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_flow_that_wants_to_know_why_takes_no_vote_without_a_reason(reason: str) -> None:
    world = World()
    definition = a_definition(require=Requirements(approver_reason=True))
    world.flows.put("orders-roles", definition, a_call(ADA), if_match=1)
    request = world.submitted()

    with pytest.raises(InvalidInputError, match="/reason"):
        world.approvals.approve(request.id, a_call(NOA), reason=reason)

    assert world.store.request(request.id) == request
    assert world.approvals.approve(request.id, a_call(NOA), reason="known").status is Status.APPROVED


def test_an_old_sign_in_changes_nothing_where_the_flow_wants_a_fresh_one_and_is_no_attempt_without_right() -> None:
    """A13."""
    world = World()
    world.flows.put("orders-roles", a_definition(require=Requirements(fresh_sign_in=HOUR)), a_call(ADA), if_match=1)
    request = world.submitted()
    noa = who_signed_in(NOA, world.clock.now)
    world.clock.advance(HOUR + SECOND)

    with pytest.raises(FreshSignInRequiredError):
        world.approvals.approve(request.id, a_call(noa))

    assert world.store.request(request.id) == request
    assert world.told(request.id) == ["access.requested"]
    again = who_signed_in(NOA, world.clock.now)
    assert world.approvals.approve(request.id, a_call(again)).status is Status.APPROVED


def test_a_request_keeps_what_its_flow_wanted_of_approvers_when_it_was_made() -> None:
    """A9: a flow that is loosened after the asking."""
    world = World()
    strict = a_definition(require=Requirements(fresh_sign_in=HOUR))
    world.flows.put("orders-roles", strict, a_call(ADA), if_match=1)
    request = world.submitted()
    world.flows.put("orders-roles", a_definition(), a_call(ADA), if_match=2)

    with pytest.raises(FreshSignInRequiredError):
        world.approvals.approve(request.id, a_call(NOA))


def test_nobody_lets_an_older_sign_in_be_enough_while_their_own_request_waits() -> None:
    """A9."""
    world = World()
    strict = a_definition(require=Requirements(fresh_sign_in=HOUR))
    world.flows.put("orders-roles", strict, a_call(ADA), if_match=1)
    ada = a_principal("ada", groups=["developers", "admins"], roles=[Role.ADMIN])
    world.submitted(by=ada)

    with pytest.raises(ConflictError):
        world.flows.put("orders-roles", a_definition(), a_call(ada), if_match=2)
