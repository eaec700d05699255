"""Asking once more for what was asked for before, with what is to be different."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.errors import (
    DuplicateRequestError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
)
from nightlatch.domain.identity import Principal
from nightlatch.domain.selectors import PeopleSelector
from nightlatch.services.asking import Changes, Submission, WantedItem
from tests.builders import (
    ADA,
    EVE,
    HOUR,
    IVO,
    MAYA,
    NOA,
    NOON,
    SECOND,
    World,
    a_call,
    a_definition,
    a_principal,
    a_resource,
)

AS_BEFORE = Changes()
LEA = a_principal("lea", groups=["leads"])
WISH = Submission(
    "orders-db",
    [WantedItem("database", "orders", permission) for permission in ("role1", "role3")],
    justification="a customer cannot pay",
    ticket="OPS-1",
    duration=2 * HOUR,
    starts_at=NOON + HOUR,
)


def withdrawn(world: World, wish: Submission = WISH, *, by: Principal = MAYA) -> AccessRequest:
    """Ask, and withdraw."""
    return world.requests.cancel(world.asking.submit(wish, a_call(by)).id, a_call(by))


def test_the_same_is_asked_for_again_at_once() -> None:
    world = World()
    before = withdrawn(world)

    again = world.asking.ask_again(before.id, a_call(MAYA), changes=AS_BEFORE)

    assert again.id != before.id
    assert [again.summary, again.justification, again.ticket, again.duration] == [
        before.summary,
        before.justification,
        before.ticket,
        before.duration,
    ]
    assert again.starts_at is None


@pytest.mark.parametrize(
    "changes",
    [
        Changes(justification="it fails again"),
        Changes(ticket="OPS-2"),
        Changes(ticket=""),
        Changes(duration=HOUR),
        Changes(starts_at=NOON + 2 * HOUR),
    ],
)
def test_what_is_said_anew_is_different_and_the_rest_as_before(changes: Changes) -> None:
    world = World()
    before = withdrawn(world)

    again = world.asking.ask_again(before.id, a_call(MAYA), changes=changes)

    said = {name: value for name, value in changes._asdict().items() if value is not None}
    expected = {"justification": before.justification, "ticket": "OPS-1", "duration": 2 * HOUR, "starts_at": None}
    assert {name: getattr(again, name) for name in expected} == {**expected, **said}


def test_what_is_asked_for_again_is_decided_on_by_the_flows_as_they_are() -> None:
    """A9."""
    world = World()
    before = withdrawn(world)
    world.flows.put("orders-roles", a_definition(needed=2), a_call(ADA), if_match=1)

    assert world.asking.ask_again(before.id, a_call(MAYA), changes=AS_BEFORE).approvals_needed == 2


@pytest.mark.parametrize("somebody", [NOA, ADA, IVO], ids=lambda somebody: str(somebody.subject))
def test_who_has_not_asked_does_not_ask_again(somebody: Principal) -> None:
    world = World()
    before = withdrawn(world)

    with pytest.raises(NotAllowedError, match="only who asked for it"):
        world.asking.ask_again(before.id, a_call(somebody), changes=AS_BEFORE)


@pytest.mark.parametrize("known", [True, False])
def test_a_request_that_one_may_not_see_is_asked_for_like_an_unknown_one(known: bool) -> None:
    """A11."""
    world = World()
    wanted = withdrawn(world).id if known else "req_unknown"

    with pytest.raises(NotFoundError, match=f"^no request {wanted}$"):
        world.asking.ask_again(wanted, a_call(EVE), changes=AS_BEFORE)


def test_what_is_still_open_is_not_asked_for_again() -> None:
    world = World()
    before = world.asking.submit(replace(WISH, starts_at=None), a_call(MAYA))

    with pytest.raises(DuplicateRequestError) as caught:
        world.asking.ask_again(before.id, a_call(MAYA), changes=AS_BEFORE)

    assert caught.value.request_id == before.id


def test_what_is_no_longer_there_is_told_by_its_place() -> None:
    world = World()
    before = withdrawn(world)
    world.store.replace_resources("orders-db", [a_resource("orders", "role1")])

    with pytest.raises(InvalidInputError) as caught:
        world.asking.ask_again(before.id, a_call(MAYA), changes=AS_BEFORE)

    assert [fault.pointer for fault in caught.value.faults] == ["/items/1/permission"]


@pytest.mark.parametrize("starts_at", [NOON - SECOND, NOON + timedelta(days=91)])
def test_a_new_start_must_make_sense(starts_at: object) -> None:
    """D2."""
    world = World()
    before = withdrawn(world)

    with pytest.raises(InvalidInputError, match="/starts_at"):
        world.asking.ask_again(before.id, a_call(MAYA), changes=Changes(starts_at=starts_at))  # type: ignore[arg-type]  # pytest's ids


def test_what_was_asked_for_another_is_asked_for_them_again() -> None:
    world = World()
    let_leads = a_definition(on_behalf=PeopleSelector(groups=("leads",)))
    world.flows.put("orders-roles", let_leads, a_call(ADA), if_match=1)
    world.acquaintances.note(a_call(MAYA))
    before = withdrawn(world, replace(WISH, on_behalf_of=MAYA.id), by=LEA)

    by_lea = world.asking.ask_again(before.id, a_call(LEA), changes=AS_BEFORE)
    world.requests.cancel(by_lea.id, a_call(LEA))
    by_maya = world.asking.ask_again(before.id, a_call(MAYA), changes=AS_BEFORE)

    assert [(request.requester, request.asked_by) for request in (by_lea, by_maya)] == [
        (MAYA.as_person(), LEA.as_person()),
        (MAYA.as_person(), None),
    ]


def test_the_same_call_again_is_the_same_request() -> None:
    """E1."""
    world = World()
    before, call = withdrawn(world), a_call(MAYA, key="k1", body="b1")

    first, second = (world.asking.ask_again(before.id, call, changes=AS_BEFORE) for _ in range(2))

    assert first == second
