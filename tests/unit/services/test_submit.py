"""Asking for access: the flow that applies, and what is refused before anything is stored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import (
    DuplicateRequestError,
    InvalidInputError,
    KeyReuseError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
)
from nightlatch.domain.opening_hours import WEEK, OpeningHours
from nightlatch.domain.selectors import TargetSelector
from nightlatch.services.asking import Submission, WantedItem
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import (
    ADA,
    API,
    EVE,
    EVERYBODY,
    HOUR,
    IVO,
    MAYA,
    NOA,
    NOON,
    SECOND,
    FakeClock,
    Outside,
    World,
    a_call,
    a_definition,
    a_flow,
    a_principal,
    a_resource,
    groups_are,
)

WISH = Submission("orders-db", [WantedItem("database", "orders", "role1")], justification="a customer cannot pay")
ROLE1, ROLE3 = (WantedItem("database", "orders", permission) for permission in ("role1", "role3"))
DAN = a_principal("dan", groups=["developers"])
STRICTER = a_definition(needed=2)


def stored_requests(world: World) -> list[AccessRequest]:
    return list(world.store.find(RequestFilter()))


def test_a_request_is_stored_as_it_is_answered() -> None:
    world = World()

    request = world.asking.submit(WISH, a_call(MAYA))

    assert world.store.request(request.id) == request
    assert (request.status, request.requester, request.flow.id, request.duration) == (
        Status.PENDING,
        MAYA.as_person(),
        "orders-roles",
        HOUR,
    )
    assert world.told(request.id) == ["access.requested"]


def test_a_flow_without_approvals_approves_at_once() -> None:
    world = World()
    world.store.commit(Change(a_flow("automatic", needed=0)), origin=API)

    request = world.asking.submit(WISH, a_call(MAYA))

    assert (request.flow.id, request.status) == ("automatic", Status.APPROVED)
    assert world.told(request.id) == ["access.requested", "access.approved"]


@pytest.mark.parametrize(
    ("wish", "pointers"),
    [
        (replace(WISH, integration="nowhere"), ["/integration"]),
        (replace(WISH, items=[WantedItem("database", "billing", "role1")]), ["/items/0/resource"]),
        (replace(WISH, items=[WantedItem("schema", "orders", "role1")]), ["/items/0/resource"]),
        (replace(WISH, items=[WantedItem("database", "orders", "owner")]), ["/items/0/permission"]),
        (replace(WISH, items=[]), ["/items"]),
        (replace(WISH, items=[ROLE1, ROLE1]), ["/items/1"]),
        (
            replace(
                WISH,
                items=[ROLE1, WantedItem("database", "orders", "owner"), WantedItem("database", "x", "role1")],
            ),
            ["/items/1/permission", "/items/2/resource"],
        ),
        (replace(WISH, duration=timedelta(hours=9)), ["/duration"]),
        (replace(WISH, justification=" "), ["/justification"]),
    ],
)
def test_what_is_wrong_with_a_wish_is_told_by_pointers_and_nothing_is_stored(
    wish: Submission, pointers: list[str]
) -> None:
    """D1."""
    world = World()

    with pytest.raises(InvalidInputError) as caught:
        world.asking.submit(wish, a_call(MAYA))

    assert [fault.pointer for fault in caught.value.faults] == pointers
    assert (stored_requests(world), world.told()) == ([], [])


def test_without_a_flow_nothing_is_stored() -> None:
    world = World()

    with pytest.raises(NotAllowedError):
        world.asking.submit(WISH, a_call(EVE))

    assert (stored_requests(world), world.told()) == ([], [])


def test_ids_sort_by_the_time_of_asking() -> None:
    world = World(clock=FakeClock(step=timedelta(milliseconds=7)))

    asked = [world.submitted(*permissions).id for permissions in (["role1"], ["role3"], ["role1", "role3"])]

    assert asked == sorted(asked)
    assert [request.id for request in stored_requests(world)] == asked[::-1]


# Flows that change


def rewritten(definition: FlowDefinition) -> Callable[[World], object]:
    return lambda world: world.flows.put("orders-roles", definition, a_call(ADA), if_match=version_of_flow(world))


def deleted(world: World) -> None:
    world.flows.delete("orders-roles", a_call(ADA), if_match=version_of_flow(world))


def version_of_flow(world: World) -> int:
    return world.flows.show("orders-roles").version


@pytest.mark.parametrize(
    ("needed", "change", "reason"),
    [
        (1, rewritten(STRICTER), "version 3, needs other approvals for role1"),
        (0, rewritten(a_definition(needed=1)), "version 3, needs other approvals for role1"),
        (1, deleted, "access flow orders-roles does not exist any longer"),
        (0, deleted, "access flow orders-roles does not exist any longer"),
    ],
    ids=["tightened", "automatic no more", "deleted", "automatic and deleted"],
)
def test_under_a_flow_that_changes_between_reading_and_storing_nothing_is_granted(
    needed: int, change: Callable[[World], object], reason: str
) -> None:
    """A9."""
    world = World()
    rewritten(a_definition(needed=needed, name="As it was read"))(world)
    world.store.interruptions = [lambda: change(world)]

    request = world.asking.submit(WISH, a_call(MAYA))
    if request.is_pending:
        world.approvals.approve(request.id, a_call(NOA))
    refused = world.provisioning.advance(request.id)

    failed = world.events(request.id)[-1]
    assert (request.flow.version, refused.status) == (2, Status.FAILED)
    assert (failed.event_type, reason in str(failed.details["error"])) == ("access.grant.failed", True)
    assert world.connector.accesses == {}


def test_a_flow_that_is_loosened_between_reading_and_storing_lets_nobody_in() -> None:
    """A9."""
    world = World()
    world.store.interruptions = [lambda: rewritten(a_definition(needed=0))(world)]

    request = world.asking.submit(WISH, a_call(MAYA))

    assert (request.flow.version, version_of_flow(world)) == (1, 2)
    assert world.provisioning.advance(request.id).status is Status.PENDING


# Flows that are remembered


def test_asking_again_takes_two_calls_of_the_store() -> None:
    world, outside = World(), Outside()
    asking = world.asking_with(outside)
    asking.submit(WISH, a_call(MAYA))
    outside.calls.clear()

    asking.submit(replace(WISH, items=[ROLE3]), a_call(MAYA, key="k1"))

    assert outside.calls == ["store.known", "store.commit"]


def test_many_items_take_no_more_calls_than_one() -> None:
    world, outside = World(), Outside()

    world.asking_with(outside).submit(replace(WISH, items=[ROLE1, ROLE3]), a_call(MAYA))

    assert outside.calls == ["store.known", "store.in_force", "store.commit"]


def test_flows_that_have_changed_since_are_found_out_and_decided_by_anew() -> None:
    """A9."""
    world = World()
    asking = world.asking
    asking.submit(WISH, a_call(MAYA))
    world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=1)

    request = asking.submit(replace(WISH, items=[ROLE3]), a_call(MAYA))

    assert (request.flow.version, request.approvals_needed) == (2, 2)
    assert len(stored_requests(world)) == 2


def test_a_flow_that_is_new_is_found_out_as_well() -> None:
    """A9."""
    world = World()
    asking = world.asking
    asking.submit(WISH, a_call(MAYA))
    world.flows.put("automatic", a_definition(needed=0), a_call(ADA), if_match=None)

    assert asking.submit(replace(WISH, items=[ROLE3]), a_call(MAYA)).flow.id == "automatic"


def test_what_flows_no_longer_let_pass_is_refused() -> None:
    """A9."""
    world = World()
    asking = world.asking
    asking.submit(WISH, a_call(MAYA))
    world.flows.put("orders-roles", a_definition(who=groups_are("owners")), a_call(ADA), if_match=1)

    with pytest.raises(NotAllowedError):
        asking.submit(replace(WISH, items=[ROLE3]), a_call(MAYA))

    assert len(stored_requests(world)) == 1


def test_a_refusal_is_given_by_the_flows_of_now() -> None:
    world = World()
    asking = world.asking
    with pytest.raises(NotAllowedError):
        asking.submit(WISH, a_call(EVE))
    world.flows.put("orders-roles", a_definition(who=EVERYBODY), a_call(ADA), if_match=1)

    assert asking.submit(WISH, a_call(EVE)).status is Status.PENDING


def test_faults_are_told_by_the_flows_of_now() -> None:
    world = World()
    asking = world.asking
    with pytest.raises(InvalidInputError):
        asking.submit(replace(WISH, duration=9 * HOUR), a_call(MAYA))
    world.flows.put("orders-roles", a_definition(maximum=9 * HOUR), a_call(ADA), if_match=1)

    assert asking.submit(replace(WISH, duration=9 * HOUR), a_call(MAYA)).duration == 9 * HOUR


# The same twice


def test_what_is_asked_for_already_is_refused_with_the_open_request() -> None:
    world = World()
    first = world.asking.submit(WISH, a_call(MAYA))

    with pytest.raises(DuplicateRequestError, match=first.id) as caught:
        world.asking.submit(replace(WISH, justification="another", duration=2 * HOUR), a_call(MAYA))

    assert caught.value.request_id == first.id
    assert stored_requests(world) == [first]


@pytest.mark.parametrize(
    "other",
    [
        replace(WISH, items=[ROLE3]),
        replace(WISH, items=[ROLE1, ROLE3]),
        replace(WISH, starts_at=NOON + HOUR),
    ],
    ids=["another item", "more", "another start"],
)
def test_what_is_not_the_same_is_no_duplicate(other: Submission) -> None:
    world = World()
    world.asking.submit(WISH, a_call(MAYA))

    assert world.asking.submit(other, a_call(MAYA)).status is Status.PENDING


def test_the_same_of_another_person_is_no_duplicate() -> None:
    world = World()
    world.asking.submit(WISH, a_call(MAYA))

    assert world.asking.submit(WISH, a_call(DAN)).requester == DAN.as_person()


def test_what_is_over_may_be_asked_for_again() -> None:
    world = World()
    first = world.asking.submit(WISH, a_call(MAYA))
    world.requests.cancel(first.id, a_call(MAYA))

    assert world.asking.submit(WISH, a_call(MAYA)).id != first.id


@pytest.mark.parametrize("is_known", [False, True], ids=["by somebody new", "by somebody known"])
def test_of_two_who_ask_for_the_same_at_once_one_wins(is_known: bool) -> None:
    world = World()
    if is_known:
        world.acquaintances.note(a_call(MAYA))
    world.store.interruptions = [lambda: world.asking.submit(WISH, a_call(MAYA))]

    with pytest.raises(DuplicateRequestError) as caught:
        world.asking.submit(WISH, a_call(MAYA))

    assert [request.id for request in stored_requests(world)] == [caught.value.request_id]


def test_so_many_requests_may_be_open_and_no_more() -> None:
    """H2."""
    world = World()
    world.store.open_requests = 1
    first = world.asking.submit(WISH, a_call(MAYA))

    with pytest.raises(LimitReachedError):
        world.asking.submit(replace(WISH, items=[ROLE3]), a_call(MAYA))

    world.requests.cancel(first.id, a_call(MAYA))
    assert world.asking.submit(replace(WISH, items=[ROLE3]), a_call(MAYA)).status is Status.PENDING


# Starts


@pytest.mark.parametrize(
    ("starts_at", "fault"),
    [
        (NOON - SECOND, "lies in the past"),
        (NOON + timedelta(days=91), "lies more than 90 days ahead"),
        (NOON + timedelta(days=36500), "lies more than 90 days ahead"),
    ],
)
def test_a_start_that_makes_no_sense_is_refused_by_its_pointer(starts_at: datetime, fault: str) -> None:
    """D2."""
    world = World()

    with pytest.raises(InvalidInputError, match=fault) as caught:
        world.asking.submit(replace(WISH, starts_at=starts_at), a_call(MAYA))

    assert [one.pointer for one in caught.value.faults] == ["/starts_at"]
    assert stored_requests(world) == []


@pytest.mark.parametrize("ahead", [SECOND, timedelta(days=90)])
def test_a_start_within_ninety_days_is_kept(ahead: timedelta) -> None:
    """D2."""
    request = World().asking.submit(replace(WISH, starts_at=NOON + ahead), a_call(MAYA))

    assert request.starts_at == NOON + ahead


def test_a_start_with_an_odd_offset_is_kept_in_utc() -> None:
    """D2."""
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    starts_at = datetime(2026, 11, 23, 5, 45, tzinfo=kathmandu)

    request = World().asking.submit(replace(WISH, starts_at=starts_at), a_call(MAYA))

    assert request.model_dump(mode="json")["starts_at"] == "2026-11-23T00:00:00.000Z"


def test_a_start_outside_the_hours_of_the_flow_is_refused_by_its_pointer() -> None:
    """D2."""
    world = World()
    office = OpeningHours(zone="Europe/Berlin", days=WEEK[:5], start="08:00", end="18:00")
    world.flows.put("orders-roles", a_definition(when=office), a_call(ADA), if_match=1)
    on_sunday, on_monday = WISH, replace(WISH, starts_at=NOON + 24 * HOUR)

    with pytest.raises(InvalidInputError, match="/starts_at: access may begin mon, tue, wed, thu, fri 08:00-18:00"):
        world.asking.submit(on_sunday, a_call(MAYA))

    assert world.asking.submit(on_monday, a_call(MAYA)).starts_at == NOON + 24 * HOUR


# Who is met


def test_who_asks_for_the_first_time_is_noted_with_the_request() -> None:
    world = World()

    world.asking.submit(WISH, a_call(MAYA))

    person = world.store.person(MAYA.id)
    assert person is not None
    assert person.groups == ("developers",)
    assert "user.created" in world.told()


def test_who_is_known_is_not_noted_again() -> None:
    world = World()
    world.acquaintances.note(a_call(MAYA))

    world.asking.submit(WISH, a_call(MAYA))

    assert world.told().count("user.created") == 1
    assert "user.updated" not in world.told()


# Again


def test_the_same_call_again_is_the_same_request() -> None:
    """E1."""
    world = World()
    call = a_call(MAYA, key="k1", body="b1")

    first, second = (world.asking.submit(WISH, call) for _ in range(2))

    assert (second, stored_requests(world), world.told(first.id)) == (first, [first], ["access.requested"])


def test_the_same_key_with_another_body_is_refused() -> None:
    """E1."""
    world = World()
    world.asking.submit(WISH, a_call(MAYA, key="k1", body="b1"))

    with pytest.raises(KeyReuseError):
        world.asking.submit(WISH, a_call(MAYA, key="k1", body="b2"))

    assert len(stored_requests(world)) == 1


def test_the_same_key_of_another_person_is_another_call() -> None:
    """E1."""
    world = World()
    first = world.asking.submit(WISH, a_call(MAYA, key="k1", body="b1"))

    second = world.asking.submit(WISH, a_call(DAN, key="k1", body="b2"))

    assert second.requester.id != first.requester.id


def test_the_same_call_twice_at_once_is_one_request() -> None:
    """E1."""
    world = World()
    call = a_call(MAYA, key="k1", body="b1")
    world.store.interruptions = [lambda: world.asking.submit(WISH, call)]

    request = world.asking.submit(WISH, call)

    assert stored_requests(world) == [request]


def test_the_same_call_twice_at_once_by_somebody_known_is_one_request_and_no_duplicate() -> None:
    """E1."""
    world = World()
    world.acquaintances.note(a_call(MAYA))
    call = a_call(MAYA, key="k1", body="b1")
    world.store.interruptions = [lambda: world.asking.submit(WISH, call)]

    request = world.asking.submit(WISH, call)

    assert stored_requests(world) == [request]


def test_a_call_that_was_refused_can_be_made_again() -> None:
    """E1."""
    world = World()
    with pytest.raises(InvalidInputError):
        world.asking.submit(replace(WISH, justification=""), a_call(MAYA, key="k1", body="b1"))

    request = world.asking.submit(WISH, a_call(MAYA, key="k1", body="b2"))

    assert request.status is Status.PENDING


# Seeing


def test_a_request_of_others_looks_like_an_unknown_one() -> None:
    """A11."""
    world = World()
    request = world.submitted()
    told = []

    for wanted in (request.id, "req_unknown"):
        with pytest.raises(NotFoundError) as caught:
            world.requests.show(wanted, a_call(EVE))
        told.append(str(caught.value).replace(wanted, "…"))

    assert told[0] == told[1]


@pytest.mark.parametrize("command", ["show", "timeline", "cancel", "give_back", "credentials"])
def test_no_command_tells_a_stranger_that_a_request_exists(command: str) -> None:
    """A11."""
    world = World()
    request = world.granted()

    with pytest.raises(NotFoundError, match=f"^no request {request.id}$"):
        getattr(world.requests, command)(request.id, a_call(EVE))


def test_everybody_lists_their_own_requests_and_auditors_everybodys() -> None:
    world = World()
    mine, others = world.submitted(by=MAYA), world.submitted(by=DAN)

    seen = [
        [request.id for request in world.requests.find(RequestFilter(), a_call(somebody), limit=10).requests]
        for somebody in (MAYA, DAN, EVE, IVO)
    ]

    assert seen == [[mine.id], [others.id], [], [others.id, mine.id]]


def test_listing_the_requests_of_others_is_refused() -> None:
    with pytest.raises(NotAllowedError):
        World().requests.find(RequestFilter(requesters=frozenset({MAYA.id})), a_call(NOA), limit=10)


def test_the_timeline_tells_everything_of_one_request_oldest_first() -> None:
    world = World()
    request, other = world.approved("role1"), world.submitted("role3")
    world.requests.cancel(other.id, a_call(MAYA))
    world.events()

    timeline = world.requests.timeline(request.id, a_call(MAYA))

    assert [entry.event_type for entry in timeline] == ["access.requested", "access.role.approved", "access.approved"]


def test_the_catalogue_offers_what_a_flow_covers_and_names_the_easiest_flow() -> None:
    world = World()
    what = TargetSelector(integration="orders-db", names=("*",), permissions=("role3",))
    world.store.commit(Change(a_flow("automatic", a_definition(what=what, needed=0))), origin=API)
    world.store.replace_resources("orders-db", [a_resource("orders", "role1", "role3")])

    offers = {somebody.subject: list(world.asking.offers(a_call(somebody))) for somebody in (MAYA, EVE)}

    assert [(offer.permission.name, offer.flow.id) for offer in offers["maya"]] == [
        ("role1", "orders-roles"),
        ("role3", "automatic"),
    ]
    assert offers["eve"] == []


# Credentials


def test_the_requester_gets_credentials_that_let_them_in_and_the_look_is_told() -> None:
    world = World()
    request = world.granted()

    shown = world.requests.credentials(request.id, a_call(MAYA))

    assert world.connector.admits(shown["user"], shown["password"])
    assert world.told(request.id)[-1] == "access.credentials.viewed"


@pytest.mark.parametrize("somebody", [NOA, ADA, IVO], ids=lambda somebody: str(somebody.subject))
def test_nobody_else_gets_credentials(somebody: object) -> None:
    world = World()
    request = world.granted()

    with pytest.raises(NotAllowedError):
        world.requests.credentials(request.id, a_call(somebody))  # type: ignore[arg-type]  # pytest's ids

    assert "access.credentials.viewed" not in world.told()


def test_credentials_are_never_in_the_trail() -> None:
    world = World()
    request = world.granted()
    password = world.requests.credentials(request.id, a_call(MAYA))["password"]
    world.requests.give_back(request.id, a_call(MAYA))
    world.sweep(minutes=1)

    trail = " ".join(event.model_dump_json() for event in world.events())

    assert password not in trail
    assert world.store.grant(request.id).sealed_secret is None


# Ending


def test_cancel_give_back_and_revoke_are_told_with_their_reasons() -> None:
    world = World()
    withdrawn, returned, revoked = world.submitted("role1", "role3"), world.granted("role1"), world.granted("role3")

    world.requests.cancel(withdrawn.id, a_call(MAYA), reason="not needed")
    world.requests.give_back(returned.id, a_call(MAYA), reason="done")
    world.requests.revoke(revoked.id, a_call(ADA), reason="leak")

    last = [world.events(request.id)[-1] for request in (withdrawn, returned, revoked)]
    assert [(event.event_type, event.details["reason"]) for event in last] == [
        ("access.canceled", "not needed"),
        ("access.revoking", "done"),
        ("access.revoking", "leak"),
    ]


def test_the_requester_may_not_revoke_as_if_they_were_an_administrator() -> None:
    world = World()

    with pytest.raises(NotAllowedError):
        world.requests.revoke(world.granted().id, a_call(MAYA), reason="mine")
