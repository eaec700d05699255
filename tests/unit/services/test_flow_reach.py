"""How far an access flow reaches, as far as is known."""

import pytest

from nightlatch.domain.selectors import EVERYTHING, Match, ResourceSelector, TargetSelector, Who
from tests.builders import EVE, EVERYBODY, IVO, MAYA, NOA, World, a_call, a_resource, groups_are


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def peopled(world: World) -> World:
    for person in (MAYA, NOA, EVE, IVO):
        world.acquaintances.note(a_call(person))
    return world


def test_those_are_named_whom_a_flow_admits_with_the_groups_of_which_one_is_enough(peopled: World) -> None:
    admitted = peopled.flow_reach.admitted(groups_are("developers", "approvers"))

    assert {person.id for person in admitted.people} == {MAYA.id, NOA.id}
    assert (admitted.groups, admitted.strangers) == (["approvers", "developers"], False)


def test_where_everybody_may_ask_those_may_who_were_never_here(peopled: World) -> None:
    admitted = peopled.flow_reach.admitted(EVERYBODY)

    assert {MAYA.id, EVE.id} <= {person.id for person in admitted.people}
    assert admitted.strangers


def test_of_two_groups_that_must_both_be_so_none_is_enough(peopled: World) -> None:
    conditions = (*groups_are("developers").conditions, *groups_are("approvers").conditions)
    both = Who(match=Match.ALL, conditions=conditions)

    assert peopled.flow_reach.admitted(both).groups == []


def test_each_resource_is_told_with_what_may_be_asked_for_on_it(world: World) -> None:
    world.store.replace_resources(
        "orders-db", [a_resource("orders", "read", "write"), a_resource("payroll", "read"), a_resource("logs", "tail")]
    )
    what = TargetSelector(
        integration="orders-db",
        names=(EVERYTHING,),
        exclude=ResourceSelector(names=("payroll",)),
        permissions=("read",),
    )

    (target,) = world.flow_reach.targets(what)

    assert target.resource.name == "orders"
    assert [permission.name for permission in target.permissions] == ["read"]


def test_a_system_that_is_not_connected_offers_nothing(world: World) -> None:
    what = TargetSelector(integration="nowhere", names=(EVERYTHING,), permissions=(EVERYTHING,))

    assert world.flow_reach.targets(what) == []
    assert world.flow_reach.resources("nowhere") == []
