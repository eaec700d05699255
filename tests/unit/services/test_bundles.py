"""Several requests at once: all of them are made, or none, and a fault says which."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.errors import (
    DuplicateRequestError,
    InvalidInputError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
)
from nightlatch.domain.selectors import TargetSelector
from nightlatch.services.asking import Submission, WantedItem
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import ADA, EVE, HOUR, MAYA, NOA, Outside, World, a_call, a_definition

ROLE1, ROLE3 = (
    Submission("orders-db", [WantedItem("database", "orders", permission)], justification="a customer cannot pay")
    for permission in ("role1", "role3")
)
BOTH = [ROLE1, ROLE3]


def stored_requests(world: World) -> list[AccessRequest]:
    return list(world.store.find(RequestFilter()))


def pointers_of(world: World, submissions: Sequence[Submission]) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        world.asking.submit_bundle(submissions, a_call(MAYA))
    assert (stored_requests(world), world.told()) == ([], [])
    return [fault.pointer for fault in caught.value.faults]


def test_a_bundle_is_requests_of_their_own_that_know_each_other() -> None:
    world = World()

    one, other = world.asking.submit_bundle(BOTH, a_call(MAYA))

    assert [world.store.request(request.id) for request in (one, other)] == [one, other]
    assert one.bundle_id is not None
    assert one.bundle_id == other.bundle_id
    assert one.bundle_id.startswith("bdl_")
    assert [request.summary for request in (one, other)] == ["role1 on orders", "role3 on orders"]
    asked = [event for event in world.events() if event.event_type == "access.requested"]
    assert {event.request_id: event.details["bundle"] for event in asked} == {
        one.id: one.bundle_id,
        other.id: one.bundle_id,
    }


def test_a_request_that_is_asked_for_alone_is_of_no_bundle() -> None:
    assert World().asking.submit(ROLE1, a_call(MAYA)).bundle_id is None


def test_the_requests_of_a_bundle_are_decided_on_one_by_one() -> None:
    world = World()
    one, other = world.asking.submit_bundle(BOTH, a_call(MAYA))

    world.approvals.reject(one.id, a_call(NOA))

    assert world.store.request(other.id).status is Status.PENDING


def test_the_requests_of_a_bundle_may_be_under_different_flows() -> None:
    world = World()
    only_three = TargetSelector(integration="orders-db", names=("orders",), permissions=("role3",))
    world.flows.put("automatic", a_definition(what=only_three, needed=0), a_call(ADA), if_match=None)

    requests = world.asking.submit_bundle(BOTH, a_call(MAYA))

    assert [(request.flow.id, request.status) for request in requests] == [
        ("orders-roles", Status.PENDING),
        ("automatic", Status.APPROVED),
    ]


@pytest.mark.parametrize(
    ("second", "pointers"),
    [
        (replace(ROLE3, integration="nowhere"), ["/requests/1/integration"]),
        (replace(ROLE3, items=[]), ["/requests/1/items"]),
        (replace(ROLE3, items=[*ROLE3.items, *ROLE3.items]), ["/requests/1/items/1"]),
        (replace(ROLE3, items=[WantedItem("database", "orders", "owner")]), ["/requests/1/items/0/permission"]),
        (
            replace(ROLE3, duration=9 * HOUR, justification=""),
            ["/requests/1/duration", "/requests/1/justification"],
        ),
        (replace(ROLE3, on_behalf_of="usr_nobody"), ["/requests/1/on_behalf_of"]),
    ],
)
def test_one_fault_and_nothing_is_made_and_the_fault_says_where(second: Submission, pointers: list[str]) -> None:
    """D1."""
    assert pointers_of(World(), [ROLE1, second]) == pointers


def test_what_no_flow_allows_is_refused_with_its_place() -> None:
    world = World()

    with pytest.raises(NotAllowedError, match=r"no access flow .*\(/requests/0\)"):
        world.asking.submit_bundle(BOTH, a_call(EVE))

    assert stored_requests(world) == []


def test_a_refusal_of_one_request_alone_speaks_of_no_bundle() -> None:
    with pytest.raises(NotAllowedError, match=r"lets you ask for this$"):
        World().asking.submit(ROLE1, a_call(EVE))


@pytest.mark.parametrize(
    "twin", [ROLE1, replace(ROLE1, justification="another", duration=2 * HOUR)], ids=["the same", "in other words"]
)
def test_twins_in_a_bundle_are_refused_with_both_places(twin: Submission) -> None:
    world = World()

    with pytest.raises(InvalidInputError, match="/requests/2: asks for the same as /requests/0"):
        world.asking.submit_bundle([ROLE1, ROLE3, twin], a_call(MAYA))

    assert stored_requests(world) == []


def test_a_bundle_that_asks_again_for_what_is_open_is_refused_as_a_whole() -> None:
    world = World()
    first = world.asking.submit(ROLE3, a_call(MAYA))

    with pytest.raises(DuplicateRequestError) as caught:
        world.asking.submit_bundle(BOTH, a_call(MAYA))

    assert caught.value.request_id == first.id
    assert stored_requests(world) == [first]


def test_a_bundle_that_is_more_than_one_may_have_is_refused_as_a_whole() -> None:
    """H2."""
    world = World()
    world.store.open_requests = 1

    with pytest.raises(LimitReachedError):
        world.asking.submit_bundle(BOTH, a_call(MAYA))

    assert stored_requests(world) == []


def test_a_bundle_takes_no_more_calls_than_one_request() -> None:
    world, outside = World(), Outside()

    world.asking_with(outside).submit_bundle(BOTH, a_call(MAYA))

    assert outside.calls == ["store.known", "store.in_force", "store.commit"]


@pytest.mark.parametrize("at_once", [False, True], ids=["again", "twice at once"])
def test_the_same_bundle_sent_twice_is_one_bundle(at_once: bool) -> None:
    """E1."""
    world = World()
    call = a_call(MAYA, key="k1", body="b1")
    if at_once:
        world.store.interruptions = [lambda: world.asking.submit_bundle(BOTH, call)]
    else:
        world.asking.submit_bundle(BOTH, call)

    again = world.asking.submit_bundle(BOTH, call)

    assert [request.summary for request in again] == ["role1 on orders", "role3 on orders"]
    assert sorted(request.id for request in stored_requests(world)) == sorted(request.id for request in again)


def test_all_of_it_is_asked_for_under_the_flows_of_one_moment() -> None:
    """A9."""
    world = World()
    stricter = a_definition(needed=2)
    world.store.interruptions = [lambda: world.flows.put("orders-roles", stricter, a_call(ADA), if_match=1)]

    requests = world.asking.submit_bundle(BOTH, a_call(MAYA))

    assert [request.flow.version for request in requests] == [1, 1]
    for request in requests:
        world.approvals.approve(request.id, a_call(NOA))
        assert world.provisioning.advance(request.id).status is Status.FAILED


def test_nobody_else_sees_a_request_of_a_bundle() -> None:
    """A11."""
    world = World()
    one, _ = world.asking.submit_bundle(BOTH, a_call(MAYA))

    with pytest.raises(NotFoundError):
        world.requests.show(one.id, a_call(EVE))
