"""Votes: who may, how often, on what, and what becomes of them."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.access_flow import Requirements
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep, Escalation
from nightlatch.domain.audit_event import EventType, Severity
from nightlatch.domain.errors import (
    ConflictError,
    FreshSignInRequiredError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
)
from nightlatch.domain.identity import Principal, Role
from nightlatch.domain.item import ItemStatus, Verdict
from tests.builders import (
    ADA,
    EVE,
    HOUR,
    ISSUER,
    IVO,
    MAYA,
    NOA,
    NOON,
    OMAR,
    ROBOT,
    SECOND,
    a_definition,
    a_flow,
    a_principal,
    a_request,
    who_signed_in,
)

APPROVERS = [NOA, OMAR, ADA]


def pending(*permissions: str, needed: int = 1) -> AccessRequest:
    return a_request(*permissions, needed=needed).submitted(by=MAYA).state


def statuses_of(request: AccessRequest) -> list[str]:
    return [item.status.value for item in request.items]


# Who may


@pytest.mark.parametrize(
    "requester",
    [
        a_principal("maya", groups=["developers", "approvers"]),
        a_principal("maya", groups=["developers", "approvers", "admins"], roles=[Role.ADMIN]),
        Principal(issuer=ISSUER, subject="maya", name="Not Maya", email="x@example.com", groups=frozenset({"admins"})),
    ],
    ids=["as an approver", "as an administrator", "under another name"],
)
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_nobody_votes_on_their_own_request(requester: Principal, verdict: str) -> None:
    """A3."""
    request = pending()

    with pytest.raises(NotAllowedError, match="never an approver of the same request"):
        getattr(request, verdict)(by=requester, at=NOON)


def test_naming_the_requester_as_an_approver_does_not_make_them_one() -> None:
    """A3."""
    flow = a_flow("own", a_definition(approvers=(), people=[MAYA.id, "*"]))
    request = a_request(flow=flow).submitted(by=MAYA).state

    with pytest.raises(NotAllowedError):
        request.approve(by=MAYA, at=NOON)


@pytest.mark.parametrize("machine", [ROBOT, a_principal("robot", groups=["admins"], roles=[Role.SERVICE, Role.ADMIN])])
def test_a_machine_votes_on_nothing(machine: Principal) -> None:
    """A12."""
    with pytest.raises(NotAllowedError, match="service identity"):
        pending().approve(by=machine, at=NOON)


def test_who_has_left_the_approvers_group_votes_no_more() -> None:
    """A7."""
    noa_elsewhere = a_principal("noa", groups=["sales"])

    with pytest.raises(NotAllowedError, match="does not name you"):
        pending().approve(by=noa_elsewhere, at=NOON)


@pytest.mark.parametrize("somebody", [EVE, IVO], ids=["a stranger", "an auditor"])
def test_only_those_whom_the_flow_names_vote(somebody: Principal) -> None:
    with pytest.raises(NotAllowedError):
        pending().approve(by=somebody, at=NOON)


def test_a_flow_that_was_loosened_does_not_loosen_a_request_made_before() -> None:
    """A9."""
    request = pending(needed=2)
    assert a_flow(needed=1).definition.approve.needed() < request.flow.approve.needed()

    voted = request.approve(by=NOA, at=NOON).state

    assert voted.status is Status.PENDING


def test_an_attempt_to_vote_without_right_is_an_event_that_says_why() -> None:
    """A3."""
    request = pending()

    event = request.refused_vote(by=MAYA, at=NOON + SECOND)

    assert (event.event_type, event.severity, event.actor) == (
        EventType.APPROVAL_REFUSED,
        Severity.WARNING,
        MAYA.as_actor(),
    )
    assert event.details["reason"] == request.refusal(MAYA)


# How often


def test_the_same_approver_twice_is_one_vote_and_no_event() -> None:
    """A4."""
    once = pending(needed=2).approve(by=NOA, at=NOON).state

    twice = once.approve(by=NOA, at=NOON + SECOND)

    assert twice.events == ()
    assert twice.state.status is Status.PENDING
    assert list(twice.state.items[0].votes) == [NOA.id]


def test_a_second_vote_of_the_same_person_that_says_the_contrary_is_refused() -> None:
    """A6."""
    once = pending(needed=2).approve(by=NOA, at=NOON).state

    with pytest.raises(ConflictError, match=r"you have approved item-1 of request req_\w+ already"):
        once.reject(by=NOA, at=NOON + SECOND)


def test_somebody_may_approve_one_item_and_reject_another() -> None:
    once = pending("role1", "role3").approve(by=NOA, items=["item-1"], at=NOON).state

    assert once.reject(by=NOA, items=["item-2"], at=NOON + SECOND).state.status is Status.REJECTED


def test_the_same_approver_under_another_name_is_the_same_approver() -> None:
    """A4."""
    once = pending(needed=2).approve(by=NOA, at=NOON).state
    renamed = Principal(issuer=ISSUER, subject="noa", name="N.", email="n@example.com", groups=NOA.groups)

    assert list(once.approve(by=renamed, at=NOON).state.items[0].votes) == [NOA.id]


def test_two_needed_approvals_come_from_two_people() -> None:
    once = pending(needed=2).approve(by=NOA, at=NOON).state

    assert once.approve(by=OMAR, at=NOON).state.status is Status.APPROVED


@given(votes=st.lists(st.tuples(st.sampled_from(APPROVERS), st.sampled_from(["item-1", "item-2", ""])), max_size=12))
def test_a_request_is_approved_exactly_when_each_item_has_enough_different_people(
    votes: list[tuple[Principal, str]],
) -> None:
    """A4. A10."""
    request = pending("role1", "role3", needed=2)
    voters: dict[str, set[str]] = {"item-1": set(), "item-2": set()}

    for voter, item in votes:
        if request.status is not Status.PENDING:
            break
        request = request.approve(by=voter, items=[item] if item else [], at=NOON).state
        for voted in [item] if item else voters:
            voters[voted].add(voter.id)

    enough = all(len(people) >= 2 for people in voters.values())
    assert (request.status is Status.APPROVED) is enough
    assert all(MAYA.id not in item.votes for item in request.items)


# On what


def test_one_yes_to_everything_decides_every_item() -> None:
    change = pending("role1", "role3").approve(by=NOA, at=NOON)

    assert statuses_of(change.state) == ["approved", "approved"]
    assert [event.event_type.value for event in change.events] == [
        "access.role.approved",
        "access.role.approved",
        "access.approved",
    ]


def test_a_yes_to_one_item_leaves_the_other_open() -> None:
    change = pending("role1", "role3").approve(by=NOA, items=["item-2"], at=NOON)

    assert change.state.status is Status.PENDING
    assert statuses_of(change.state) == ["pending", "approved"]
    assert [event.details["item"] for event in change.events] == ["item-2"]


def test_a_yes_to_everything_is_a_vote_on_what_is_not_decided_yet() -> None:
    half = pending("role1", "role3").approve(by=NOA, items=["item-1"], at=NOON).state

    change = half.approve(by=OMAR, at=NOON)

    assert change.state.status is Status.APPROVED
    assert [event.details.get("item") for event in change.events] == ["item-2", None]
    assert set(change.state.items[0].votes) == {NOA.id}


def test_a_yes_to_an_item_that_is_decided_already_is_no_vote() -> None:
    half = pending("role1", "role3").approve(by=NOA, items=["item-1"], at=NOON).state

    change = half.approve(by=OMAR, items=["item-1"], at=NOON)

    assert (change.events, change.state.items) == ((), half.items)


def test_one_rejected_item_rejects_the_whole_request() -> None:
    half = pending("role1", "role3").approve(by=NOA, items=["item-1"], at=NOON).state

    change = half.reject(by=OMAR, items=["item-2"], reason="not now", at=NOON)

    assert change.state.status is Status.REJECTED
    assert change.state.items[0].status is ItemStatus.APPROVED
    assert [event.event_type.value for event in change.events] == ["access.role.rejected", "access.rejected"]


def test_a_vote_on_an_item_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(NotFoundError, match="item-9"):
        pending().approve(by=NOA, items=["item-1", "item-9"], at=NOON)


def test_a_vote_tells_the_item_the_reason_and_how_many_there_are() -> None:
    (event,) = pending(needed=2).approve(by=NOA, reason="agreed with Ada", at=NOON).events

    assert event.actor == NOA.as_actor()
    of_the_vote = ("item", "approver", "resource", "permission", "reason", "approvals", "needed")
    assert {name: event.details[name] for name in of_the_vote} == {
        "item": "item-1",
        "approver": {"id": NOA.id, "name": "Noa", "email": "noa@example.com"},
        "resource": "orders",
        "permission": "role1",
        "reason": "agreed with Ada",
        "approvals": 1,
        "needed": 2,
    }


def test_a_vote_is_kept_with_its_verdict_reason_and_voter() -> None:
    request = pending().reject(by=NOA, reason="not now", at=NOON + SECOND).state

    vote = request.items[0].votes[NOA.id]

    assert (vote.verdict, vote.reason, vote.approver, vote.at) == (
        Verdict.REJECTED,
        "not now",
        NOA.as_person(),
        NOON + SECOND,
    )


def test_a_vote_on_a_decided_request_is_told_what_it_is_by_now() -> None:
    """A6."""
    rejected = pending().reject(by=NOA, at=NOON).state

    with pytest.raises(ConflictError, match="is REJECTED, not PENDING"):
        rejected.approve(by=OMAR, at=NOON)


# Who is still asked


def test_a_request_awaits_each_approver_who_has_not_voted_on_an_open_item() -> None:
    request = pending("role1", "role3", needed=2).approve(by=NOA, at=NOON).state
    half = request.approve(by=OMAR, items=["item-1"], at=NOON).state

    asked = [somebody.subject for somebody in (MAYA, NOA, OMAR, ADA, EVE, ROBOT) if half.awaits(somebody, at=NOON)]

    assert asked == ["omar", "ada"]


def test_a_decided_request_awaits_nobody() -> None:
    approved = pending().approve(by=NOA, at=NOON).state

    assert not any(approved.awaits(somebody, at=NOON) for somebody in APPROVERS)


def test_a_stranger_sees_no_request() -> None:
    """A11."""
    assert not pending().is_visible_to(EVE)


def test_a_no_to_everything_after_a_yes_to_one_item_rejects_the_rest() -> None:
    half = a_request("role1", "role3").submitted(by=MAYA).state.approve(by=NOA, items=["item-1"], at=NOON).state

    rejected = half.reject(by=NOA, at=NOON)

    assert rejected.state.status is Status.REJECTED
    assert [item.status for item in rejected.state.items] == [ItemStatus.APPROVED, ItemStatus.REJECTED]


# In steps

APPROVERS_THEN_ADMINS = ApprovalRule(
    steps=(
        ApprovalStep(groups=("approvers",)),
        ApprovalStep(people=(OMAR.id,), escalation=Escalation(after=HOUR, groups=("admins",))),
    )
)


def in_steps(*permissions: str, asked_by: Principal | None = None) -> AccessRequest:
    flow = a_flow("steps", a_definition(approve=APPROVERS_THEN_ADMINS))
    asked = {"asked_by": asked_by.as_person() if asked_by else None}
    return a_request(*permissions, flow=flow).model_copy(update=asked).submitted(by=asked_by or MAYA).state


def test_a_request_is_approved_when_its_last_step_is() -> None:
    first = in_steps().approve(by=NOA, at=NOON)
    assert (first.state.status, statuses_of(first.state)) == (Status.PENDING, ["pending"])

    second = first.state.approve(by=OMAR, at=NOON)

    assert second.state.status is Status.APPROVED
    told = [(event.details["approvals"], event.details["needed"]) for event in (*first.events, second.events[0])]
    assert told == [(1, 2), (2, 2)]


def test_only_those_of_the_current_step_are_awaited() -> None:
    request = in_steps()
    later = request.approve(by=NOA, at=NOON).state

    asked = [[somebody.subject for somebody in APPROVERS if one.awaits(somebody, at=NOON)] for one in (request, later)]

    assert asked == [["noa", "omar"], ["omar"]]


def test_a_word_before_its_turn_is_refused_with_the_step() -> None:
    with pytest.raises(ConflictError, match=r"item-1 of request req_\w+ is at step 1 of 2, which does not ask you"):
        in_steps().approve(by=ADA, at=NOON)


def test_a_no_before_its_turn_is_refused_as_well() -> None:
    with pytest.raises(ConflictError, match="at step 1 of 2"):
        in_steps().reject(by=ADA, at=NOON)


def test_who_is_asked_by_an_escalation_is_awaited_from_then_on() -> None:
    waiting = in_steps().approve(by=NOA, at=NOON).state
    begun = waiting.updated_at

    awaited = [waiting.awaits(ADA, at=begun + away) for away in (HOUR - SECOND / 1000, HOUR)]

    assert awaited == [False, True]
    assert waiting.approve(by=ADA, at=begun + HOUR).state.status is Status.APPROVED


def test_who_spoke_in_one_step_is_not_asked_in_another() -> None:
    """A4."""
    spent = in_steps().approve(by=OMAR, at=NOON).state

    again = spent.approve(by=OMAR, at=NOON)

    assert not spent.awaits(OMAR, at=NOON)
    assert (again.events, again.state.status) == ((), Status.PENDING)


def test_each_item_is_at_a_step_of_its_own() -> None:
    ahead = in_steps("role1", "role3").approve(by=NOA, items=["item-2"], at=NOON).state

    change = ahead.approve(by=OMAR, at=NOON)

    assert statuses_of(change.state) == ["pending", "approved"]
    assert [change.state.progress(item).position for item in change.state.items] == [1, 2]


def test_a_no_in_a_later_step_rejects_what_earlier_ones_approved() -> None:
    ahead = in_steps().approve(by=NOA, at=NOON).state

    assert ahead.reject(by=OMAR, at=NOON).state.status is Status.REJECTED


# On behalf of another


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_who_asked_for_another_does_not_vote(verdict: str) -> None:
    """A3. A10."""
    request = in_steps(asked_by=NOA)

    with pytest.raises(NotAllowedError, match="who asked on behalf of another is never an approver"):
        getattr(request, verdict)(by=NOA, at=NOON)

    assert not request.awaits(NOA, at=NOON)


def test_who_is_asked_for_does_not_vote_either() -> None:
    """A3."""
    maya = a_principal("maya", groups=["approvers"])

    with pytest.raises(NotAllowedError, match="never an approver of the same request"):
        in_steps(asked_by=NOA).approve(by=maya, at=NOON)


# The approver's reason


@pytest.mark.parametrize("reason", ["", " \n"])
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_a_flow_may_want_to_know_why(verdict: str, reason: str) -> None:
    flow = a_flow("why", a_definition(require=Requirements(approver_reason=True)))
    request = a_request(flow=flow).submitted(by=MAYA).state

    with pytest.raises(InvalidInputError, match="/reason: is required"):
        getattr(request, verdict)(by=NOA, reason=reason, at=NOON)

    assert getattr(request, verdict)(by=NOA, reason="I know of it", at=NOON).state.status is not Status.PENDING


# A fresh sign-in

FRESH = a_flow("fresh", a_definition(needed=2, require=Requirements(fresh_sign_in=HOUR)))


def wanting_a_fresh_sign_in(*permissions: str) -> AccessRequest:
    return a_request(*permissions, flow=FRESH).submitted(by=MAYA).state


@pytest.mark.parametrize("signed_in_at", [None, NOON - HOUR - SECOND])
def test_a_yes_after_an_old_or_unknown_sign_in_is_refused_where_the_flow_wants_a_fresh_one(
    signed_in_at: datetime | None,
) -> None:
    """A13."""
    voter = NOA.model_copy(update={"signed_in_at": signed_in_at})

    with pytest.raises(FreshSignInRequiredError, match="flow fresh takes a sign-in within the last PT1H") as refused:
        wanting_a_fresh_sign_in().approve(by=voter, at=NOON)

    assert refused.value.within == HOUR
    assert ("auth_time" in str(refused.value)) is (signed_in_at is None)


def test_a_yes_after_a_fresh_sign_in_counts() -> None:
    request = wanting_a_fresh_sign_in().approve(by=who_signed_in(NOA, NOON - HOUR + SECOND), at=NOON).state

    assert request.approve(by=who_signed_in(OMAR, NOON), at=NOON).state.status is Status.APPROVED


def test_a_no_needs_no_fresh_sign_in() -> None:
    assert wanting_a_fresh_sign_in().reject(by=NOA, at=NOON).state.status is Status.REJECTED


def test_a_yes_that_is_said_again_needs_no_fresh_sign_in() -> None:
    voted = wanting_a_fresh_sign_in().approve(by=who_signed_in(NOA, NOON), at=NOON).state

    assert voted.approve(by=NOA, at=NOON + 2 * HOUR).events == ()


def test_who_cannot_approve_at_all_is_told_that_and_not_to_sign_in_again() -> None:
    decided = wanting_a_fresh_sign_in().reject(by=NOA, at=NOON).state

    with pytest.raises(ConflictError):
        decided.approve(by=OMAR, at=NOON)
    with pytest.raises(NotAllowedError):
        wanting_a_fresh_sign_in().approve(by=EVE, at=NOON)
