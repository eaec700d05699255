"""Who may ask for what: selectors are explicit, and rules that make no sense are refused."""

import pytest
from pydantic import ValidationError

from nightlatch.domain.access_flow import FlowSnapshot
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep
from nightlatch.domain.identity import Principal
from nightlatch.domain.integration import Permission, Resource
from nightlatch.domain.selectors import PeopleSelector, TargetSelector
from tests.builders import ADA, EVE, MAYA, NOA, a_flow, a_resource

PLAIN = Permission(name="role1")
TAGGED = Permission(name="orders_admin", tags=("prod",))
ORDERS = a_resource("orders", PLAIN, TAGGED)
TAGGED_ORDERS = a_resource("orders", PLAIN, tags=["pii"])


def a_target(**selectors: object) -> TargetSelector:
    return TargetSelector.model_validate({"integration": "orders-db", "permissions": ["*"], **selectors})


def test_an_empty_selector_of_people_selects_nobody() -> None:
    assert not any(PeopleSelector().selects(somebody) for somebody in (MAYA, NOA, ADA, EVE))


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        (PeopleSelector(people=(MAYA.id,)), {"maya"}),
        (PeopleSelector(groups=("developers",)), {"maya"}),
        (PeopleSelector(people=(EVE.id,), groups=("approvers", "admins")), {"noa", "ada", "eve"}),
        (PeopleSelector(people=("*",)), {"maya", "noa", "ada", "eve"}),
        (PeopleSelector(people=(MAYA.name, MAYA.email, MAYA.subject)), set()),
        (PeopleSelector(groups=("Developers", "develop", "developers ")), set()),
    ],
)
def test_people_are_selected_by_id_and_group_and_never_by_a_label(selector: PeopleSelector, selected: set[str]) -> None:
    """B1."""
    people: list[Principal] = [MAYA, NOA, ADA, EVE]

    assert {somebody.subject for somebody in people if selector.selects(somebody)} == selected


@pytest.mark.parametrize(
    ("selectors", "resource", "permission", "is_selected"),
    [
        ({"names": ["orders"]}, ORDERS, PLAIN, True),
        ({"names": ["*"]}, ORDERS, PLAIN, True),
        ({"names": ["billing"]}, ORDERS, PLAIN, False),
        ({"names": ["ORDERS"]}, ORDERS, PLAIN, False),
        ({"ids": ["orders"]}, ORDERS, PLAIN, True),
        ({"ids": ["*"]}, ORDERS, PLAIN, True),
        ({"ids": ["billing"], "names": ["orders"]}, ORDERS, PLAIN, True),
        ({"tags": ["pii"]}, TAGGED_ORDERS, PLAIN, True),
        ({"tags": ["pii"]}, ORDERS, PLAIN, False),
        ({"tags": ["prod"]}, ORDERS, TAGGED, True),
        ({"tags": ["prod"]}, ORDERS, PLAIN, False),
        ({"tags": ["prod"], "permissions": ["role1"]}, ORDERS, TAGGED, False),
        ({"names": ["*"], "resource_type": "database"}, ORDERS, PLAIN, True),
        ({"names": ["*"], "resource_type": "schema"}, ORDERS, PLAIN, False),
        ({"names": ["*"], "permissions": ["role1"]}, ORDERS, PLAIN, True),
        ({"names": ["*"], "permissions": ["role"]}, ORDERS, PLAIN, False),
        ({"names": ["*"], "integration": "billing-db"}, ORDERS, PLAIN, False),
    ],
)
def test_a_target_is_selected_when_every_part_says_so(
    selectors: dict[str, object],
    resource: Resource,
    permission: Permission,
    is_selected: bool,
) -> None:
    assert a_target(**selectors).selects("orders-db", resource, permission) is is_selected


@pytest.mark.parametrize("selectors", [{}, {"names": []}, {"names": ["*"], "permissions": []}])
def test_a_target_that_selects_nothing_is_refused(selectors: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_target(**selectors)


@pytest.mark.parametrize("groups", [["*"], ["developers", "*"]])
def test_everybody_is_not_a_group(groups: list[str]) -> None:
    """B4."""
    with pytest.raises(ValidationError, match="goes into people, names, ids or permissions"):
        PeopleSelector.model_validate({"groups": groups})


def test_everything_is_not_a_tag() -> None:
    with pytest.raises(ValidationError, match="goes into people, names, ids or permissions"):
        a_target(tags=["*"])


@pytest.mark.parametrize("needed", [-1, 0, 11])
def test_a_step_needs_one_to_ten_approvals(needed: int) -> None:
    """A10."""
    with pytest.raises(ValidationError, match="needed"):
        ApprovalStep(needed=needed, groups=("approvers",))


def test_approvals_that_nobody_could_give_are_refused() -> None:
    with pytest.raises(ValidationError, match="people or groups"):
        ApprovalStep(needed=1)


def test_that_nobody_is_asked_must_be_said() -> None:
    """A10."""
    with pytest.raises(ValidationError, match="steps"):
        ApprovalRule.model_validate({})

    assert ApprovalRule.model_validate({"steps": []}).is_automatic


def test_a_snapshot_holds_what_binds_the_request() -> None:
    """A9."""
    flow = a_flow(needed=2)

    snapshot = FlowSnapshot.of(flow)

    assert (snapshot.id, snapshot.version, snapshot.approve, snapshot.maximum) == (
        flow.id,
        flow.version,
        flow.definition.approve,
        flow.definition.grant.maximum,
    )
