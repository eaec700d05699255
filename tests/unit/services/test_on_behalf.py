"""Asking for another: the flow must let it, the other one's right counts, and who asks gains nothing by it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.errors import (
    DuplicateRequestError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
)
from nightlatch.domain.identity import Principal
from nightlatch.domain.selectors import PeopleSelector
from nightlatch.services.asking import Submission, WantedItem
from tests.builders import ADA, EVE, HOUR, MAYA, NOA, OMAR, World, a_call, a_definition, a_principal

LEA = a_principal("lea", groups=["leads", "approvers"])
FOR_MAYA = Submission(
    "orders-db",
    [WantedItem("database", "orders", "role1")],
    justification="a customer cannot pay",
    on_behalf_of=MAYA.id,
)


def a_world(*known: Principal) -> World:
    """Build a Nightlatch where leads may ask for developers, and that has met Maya and these."""
    world = World()
    let_leads = a_definition(on_behalf=PeopleSelector(groups=("leads",)))
    world.flows.put("orders-roles", let_leads, a_call(ADA), if_match=1)
    for somebody in (MAYA, *known):
        world.acquaintances.note(a_call(somebody))
    return world


def asked_by_lea(world: World) -> AccessRequest:
    return world.asking.submit(FOR_MAYA, a_call(LEA))


def granted(world: World) -> AccessRequest:
    return world.provisioning.advance(world.approvals.approve(asked_by_lea(world).id, a_call(NOA)).id)


def test_who_is_asked_for_is_the_requester_and_who_asks_is_the_actor() -> None:
    world = a_world()

    request = asked_by_lea(world)

    (asked,) = world.events(request.id)
    assert (request.requester, request.asked_by) == (MAYA.as_person(), LEA.as_person())
    assert (asked.actor, asked.details["requester"]) == (LEA.as_actor(), MAYA.as_person().model_dump(mode="json"))


@pytest.mark.parametrize("asker", [EVE, NOA, ADA], ids=["a stranger", "an approver", "an administrator"])
def test_whom_the_flow_does_not_name_does_not_ask_for_others(asker: Principal) -> None:
    with pytest.raises(NotAllowedError):
        a_world().asking.submit(FOR_MAYA, a_call(asker))


def test_the_right_of_who_is_asked_for_counts_and_not_that_of_who_asks() -> None:
    world = a_world(EVE)
    lea_may_herself = a_principal("lea", groups=["leads", "developers"])

    with pytest.raises(NotAllowedError):
        world.asking.submit(replace(FOR_MAYA, on_behalf_of=EVE.id), a_call(lea_may_herself))


def test_somebody_whom_nobody_has_met_is_refused_by_the_pointer() -> None:
    with pytest.raises(InvalidInputError, match="nobody here is known as usr_nobody") as caught:
        a_world().asking.submit(replace(FOR_MAYA, on_behalf_of="usr_nobody"), a_call(LEA))

    assert [fault.pointer for fault in caught.value.faults] == ["/on_behalf_of"]


def test_on_behalf_of_oneself_is_for_oneself() -> None:
    request = World().asking.submit(FOR_MAYA, a_call(MAYA))

    assert (request.requester, request.asked_by) == (MAYA.as_person(), None)


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_who_asked_for_another_does_not_decide_and_the_attempt_is_told(verdict: str) -> None:
    """A3."""
    world = a_world()
    request = asked_by_lea(world)

    with pytest.raises(NotAllowedError, match="who asked on behalf of another"):
        getattr(world.approvals, verdict)(request.id, a_call(LEA))

    assert world.store.request(request.id) == request
    assert world.told(request.id)[-1] == "access.approval.refused"
    assert list(world.approvals.waiting(a_call(LEA))) == []


def test_the_quorum_counts_neither_of_the_two() -> None:
    """A10."""
    world = a_world()
    world.flows.put(
        "orders-roles",
        a_definition(on_behalf=PeopleSelector(groups=("leads",)), approvers=(), people=[MAYA.id, LEA.id]),
        a_call(ADA),
        if_match=2,
    )

    with pytest.raises(InvalidInputError, match="not enough approvers"):
        asked_by_lea(world)


def test_credentials_are_for_the_requester_only() -> None:
    world = a_world()
    request = granted(world)

    with pytest.raises(NotAllowedError):
        world.requests.credentials(request.id, a_call(LEA))

    shown = world.requests.credentials(request.id, a_call(MAYA))
    assert world.connector.admits(shown["user"], shown["password"])


@pytest.mark.parametrize(
    "command",
    [
        lambda world, request_id: world.requests.give_back(request_id, a_call(LEA)),
        lambda world, request_id: world.requests.extend(request_id, a_call(LEA), duration=HOUR),
        lambda world, request_id: world.requests.revoke(request_id, a_call(LEA), reason="mine"),
    ],
    ids=["give back", "extend", "revoke"],
)
def test_access_is_the_requesters_own(command: Callable[[World, str], object]) -> None:
    world = a_world()
    request = granted(world)

    with pytest.raises(NotAllowedError):
        command(world, request.id)

    assert world.store.request(request.id) == request


@pytest.mark.parametrize("somebody", [LEA, MAYA, ADA], ids=["who asked", "the requester", "an administrator"])
def test_both_and_an_administrator_withdraw_it(somebody: Principal) -> None:
    world = a_world()
    request = asked_by_lea(world)

    assert world.requests.cancel(request.id, a_call(somebody)).status is Status.CANCELED


def test_an_approver_does_not_withdraw_it() -> None:
    world = a_world()

    with pytest.raises(NotAllowedError):
        world.requests.cancel(asked_by_lea(world).id, a_call(OMAR))


def test_who_asked_sees_it_and_strangers_do_not() -> None:
    """A11."""
    world = a_world()
    asker = a_principal("kim", groups=["leads"])
    request = world.asking.submit(FOR_MAYA, a_call(asker))

    assert world.requests.show(request.id, a_call(asker)) == request
    with pytest.raises(NotFoundError):
        world.requests.show(request.id, a_call(a_principal("kit", groups=["leads"])))


def test_the_same_for_the_same_person_is_a_duplicate_whoever_asks() -> None:
    world = a_world()
    own = world.asking.submit(replace(FOR_MAYA, on_behalf_of=None), a_call(MAYA))

    with pytest.raises(DuplicateRequestError) as caught:
        asked_by_lea(world)

    assert caught.value.request_id == own.id


def test_the_same_for_two_people_is_no_duplicate() -> None:
    dan = a_principal("dan", groups=["developers"])
    world = a_world(dan)

    requests = world.asking.submit_bundle([FOR_MAYA, replace(FOR_MAYA, on_behalf_of=dan.id)], a_call(LEA))

    assert [request.requester for request in requests] == [MAYA.as_person(), dan.as_person()]


def test_who_asks_is_noted_and_who_is_asked_for_stays_as_they_were() -> None:
    world = a_world()
    maya = world.store.person(MAYA.id)

    asked_by_lea(world)

    assert world.store.person(LEA.id) is not None
    assert world.store.person(MAYA.id) == maya
