"""The second look before access begins: whatever the snapshot or the flow in force asks for more, counts."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep
from nightlatch.domain.eligibility import objection
from nightlatch.domain.identity import Principal
from nightlatch.domain.opening_hours import WEEK, OpeningHours
from nightlatch.domain.selectors import TargetSelector
from tests.builders import (
    ADA,
    EVERYBODY,
    HOUR,
    MAYA,
    NOA,
    NOON,
    OMAR,
    a_definition,
    a_flow,
    a_request,
    groups_are,
)

OFFICE = OpeningHours(zone="Etc/UTC", days=WEEK[:5], start="08:00", end="18:00")
MONDAY = NOON + 24 * HOUR
TWO_STEPS = ApprovalRule(steps=(ApprovalStep(groups=("approvers",)), ApprovalStep(groups=("admins",))))


def approved(definition: FlowDefinition | None = None, *, by: Sequence[Principal] = (NOA,)) -> AccessRequest:
    """Ask for two roles, and let these approve."""
    request = a_request("role1", "role3", flow=a_flow("orders-roles", definition), duration=2 * HOUR)
    request = request.submitted(by=MAYA).state
    for approver in by:
        request = request.approve(by=approver, at=NOON).state
    assert request.status is Status.APPROVED
    return request


def said(
    request: AccessRequest, now: FlowDefinition, *, groups: Sequence[str] = ("developers",), at: datetime = NOON
) -> str | None:
    flow = a_flow("orders-roles", now).changed()
    return objection(request, flow, requester_groups=groups, at=at)


def test_nothing_stands_against_what_is_as_it_was() -> None:
    assert said(approved(), a_definition()) is None


def test_a_flow_that_is_gone_lets_nothing_begin() -> None:
    """A9."""
    refusal = objection(approved(), None, requester_groups=("developers",), at=NOON)

    assert refusal == "access flow orders-roles does not exist any longer"


@pytest.mark.parametrize(
    ("now", "refusal"),
    [
        (a_definition(who=groups_are("owners")), "does not let Maya ask any longer"),
        (
            a_definition(what=TargetSelector(integration="orders-db", names=("orders",), permissions=("role1",))),
            "does not cover role3 on orders any longer",
        ),
        (a_definition(needed=2), "needs other approvals for role1"),
        (a_definition(approvers=("owners",)), "needs other approvals for role1"),
        (a_definition(approve=TWO_STEPS), "needs other approvals for role1"),
        (a_definition(maximum=HOUR), "does not let access last longer than PT1H"),
    ],
)
def test_a_tighter_flow_is_told_with_its_version(now: FlowDefinition, refusal: str) -> None:
    """A9."""
    assert said(approved(), now) == f"access flow orders-roles, version 2, {refusal}"


@pytest.mark.parametrize(
    "now",
    [a_definition(who=EVERYBODY), a_definition(needed=0), a_definition(maximum=24 * HOUR)],
    ids=["who", "approvals", "maximum"],
)
def test_nothing_stands_against_it_in_a_looser_flow(now: FlowDefinition) -> None:
    """A9."""
    assert said(approved(), now) is None


def test_who_has_left_the_group_since_is_not_let_begin() -> None:
    """A8."""
    assert "does not let Maya ask" in str(said(approved(), a_definition(), groups=()))


def test_approvals_that_were_enough_for_more_are_enough_for_less() -> None:
    """A9."""
    by_both = approved(a_definition(approve=TWO_STEPS), by=[NOA, ADA])

    assert said(by_both, a_definition(needed=2)) is None
    assert said(by_both, a_definition(needed=1, approvers=("admins",))) is None


def test_approvals_in_another_order_are_not_those_of_the_steps_in_force() -> None:
    """A9."""
    turned = ApprovalRule(steps=TWO_STEPS.steps[::-1])

    assert "needs other approvals" in str(
        said(approved(a_definition(approve=turned), by=[ADA, NOA]), a_definition(approve=TWO_STEPS))
    )


def test_a_vote_counts_by_the_groups_that_it_was_cast_with() -> None:
    """A9."""
    by_name = a_definition(approvers=(), people=[OMAR.id])

    assert "needs other approvals" in str(said(approved(by_name, by=[OMAR]), a_definition()))
    assert said(approved(by_name, by=[OMAR]), by_name) is None


@pytest.mark.parametrize(
    ("agreed", "now"),
    [(a_definition(when=OFFICE), a_definition()), (a_definition(), a_definition(when=OFFICE))],
    ids=["agreed to", "in force"],
)
def test_hours_of_either_are_kept_to(agreed: FlowDefinition, now: FlowDefinition) -> None:
    """A9. D2."""
    request = approved(agreed)

    assert "lets access begin mon, tue, wed, thu, fri 08:00-18:00 Etc/UTC only" in str(said(request, now, at=NOON))
    assert said(request, now, at=MONDAY) is None
