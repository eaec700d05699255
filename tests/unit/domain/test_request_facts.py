"""What is read off a request: whether it asks for the same as another, when it is due, whether it rings."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.access_request import CLOSED, AccessRequest, IntegrationReference, Status
from nightlatch.domain.errors import NotAllowedError
from nightlatch.domain.identity import Principal
from tests.builders import ADA, EVE, HOUR, IVO, MAYA, NOA, NOON, SECOND, a_handle, a_history, a_request

HISTORY = a_history(a_request())
TOMORROW = NOON + 24 * HOUR


def with_(request: AccessRequest, **fields: object) -> AccessRequest:
    return request.model_copy(update=fields)


def by_another() -> AccessRequest:
    """Ask for Maya as Noa."""
    return with_(a_request(), asked_by=NOA.as_person())


# The same


@pytest.mark.parametrize(
    "other",
    [
        a_request("role3", "role1"),
        a_request("role1", "role3", by=ADA, duration=2 * HOUR, needed=0, number=2, at=NOON + HOUR),
        with_(a_request("role1", "role3"), justification="another", ticket="OPS-1", asked_by=NOA.as_person()),
    ],
    ids=["in another order", "by another, for longer, later", "for another reason"],
)
def test_what_asks_for_the_same_from_the_same_time_on_has_the_same_key(other: AccessRequest) -> None:
    assert a_request("role1", "role3").content_key == other.content_key


@pytest.mark.parametrize(
    "other",
    [
        a_request("role1"),
        a_request("role1", "role3", "orders_admin"),
        a_request("role1", "role4"),
        with_(a_request("role1", "role3"), integration=IntegrationReference(id="billing-db", name="", kind="fake")),
        with_(a_request("role1", "role3"), starts_at=TOMORROW),
    ],
    ids=["less", "more", "other", "elsewhere", "later"],
)
def test_what_asks_for_something_else_has_another_key(other: AccessRequest) -> None:
    assert a_request("role1", "role3").content_key != other.content_key


def test_starts_a_millisecond_apart_are_two_starts() -> None:
    first = with_(a_request(), starts_at=TOMORROW)

    assert first.content_key != with_(a_request(), starts_at=TOMORROW + SECOND / 1000).content_key


TEXTS = st.text('ab",[] ', min_size=1, max_size=4)


@given(one=st.tuples(TEXTS, TEXTS, TEXTS), other=st.tuples(TEXTS, TEXTS, TEXTS))
def test_no_names_run_together_into_the_key_of_others(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    keys = []
    for kind, resource, permission in (one, other):
        item = (
            a_request()
            .items[0]
            .model_copy(update={"resource_type": kind, "resource_id": resource, "permission": permission})
        )
        keys.append(with_(a_request(), items=(item,)).content_key)

    assert (keys[0] == keys[1]) is (one == other)


# When it is due


def test_an_approved_request_is_due_at_once_or_at_its_start() -> None:
    at_once = a_request().submitted(by=MAYA).state.approve(by=NOA, at=NOON).state
    later = with_(a_request(), starts_at=TOMORROW).submitted(by=MAYA).state.approve(by=NOA, at=NOON).state
    missed = with_(a_request(), starts_at=NOON - HOUR).submitted(by=MAYA).state.approve(by=NOA, at=NOON + HOUR).state

    assert at_once.due_at is not None
    assert at_once.due_at <= at_once.updated_at
    assert (later.due_at, later.starts_at) == (TOMORROW, TOMORROW)
    assert missed.due_at == NOON + HOUR


def test_a_request_that_is_approved_automatically_waits_for_its_start() -> None:
    approved = with_(a_request(needed=0), starts_at=TOMORROW).submitted(by=MAYA).state

    assert (approved.status, approved.due_at) == (Status.APPROVED, TOMORROW)


def test_asking_tells_when_it_is_to_begin() -> None:
    (asked,) = with_(a_request(), starts_at=TOMORROW).submitted(by=MAYA).events

    assert asked.details["starts_at"] == "2026-11-23T12:00:00.000Z"


def test_the_clock_of_access_starts_when_it_is_granted_and_not_at_its_start() -> None:
    """D3."""
    approved = with_(a_request(needed=0), starts_at=TOMORROW).submitted(by=MAYA).state
    begun = approved.begin_granting(at=TOMORROW, due_at=TOMORROW).state

    granted = begun.grant(a_handle(), at=TOMORROW + HOUR).state

    assert granted.ends_at == TOMORROW + 2 * HOUR


@pytest.mark.parametrize("status", HISTORY)
def test_a_worker_is_rung_for_what_can_be_done_at_once(status: Status) -> None:
    rung = {Status.APPROVED, Status.GRANTING, Status.REVOKING}

    assert HISTORY[status].state.rings is (status in rung)


def test_a_worker_is_rung_for_an_approved_request_whose_start_is_far_so_that_it_sets_the_timer() -> None:
    """D4."""
    approved = with_(a_request(needed=0), starts_at=TOMORROW).submitted(by=MAYA).state

    assert approved.rings


# Open and closed


@pytest.mark.parametrize("status", HISTORY)
def test_a_request_is_open_until_nothing_follows(status: Status) -> None:
    request = HISTORY[status].state

    assert (request.is_open, request.has_just_closed) == (status not in CLOSED, status in CLOSED)


@pytest.mark.parametrize("status", sorted(CLOSED))
def test_only_the_version_that_closes_a_request_has_just_closed_it(status: Status) -> None:
    closed = HISTORY[status].state

    assert not closed.watch_on(at=NOON, due_at=None).state.has_just_closed
    assert not closed.drifted(at=NOON, due_at=NOON).state.has_just_closed


@pytest.mark.parametrize("status", HISTORY)
def test_access_is_ending_from_when_it_is_taken_away(status: Status) -> None:
    assert HISTORY[status].state.is_ending is (status in {Status.REVOKING, *CLOSED})


# On behalf of another


def test_who_asks_for_another_is_told_with_the_requester() -> None:
    (asked,) = by_another().submitted(by=NOA).events

    assert asked.actor == NOA.as_actor()
    assert asked.description == "Noa asked for role1 on orders on behalf of Maya"
    assert asked.details["requester"] == {"id": MAYA.id, "name": "Maya", "email": "maya@example.com"}


@pytest.mark.parametrize("somebody", [MAYA, NOA, ADA], ids=["the requester", "who asked", "an administrator"])
@pytest.mark.parametrize("decided", [False, True], ids=["pending", "approved"])
def test_who_has_asked_and_an_administrator_withdraw_a_request(somebody: Principal, decided: bool) -> None:
    request = by_another().submitted(by=NOA).state
    if decided:
        request = request.approve(by=ADA, at=NOON).state

    (event,) = request.cancel(by=somebody, reason="not needed", at=NOON).events

    assert (event.event_type, event.actor, event.details["reason"]) == (
        "access.canceled",
        somebody.as_actor(),
        "not needed",
    )


@pytest.mark.parametrize("somebody", [IVO, EVE], ids=lambda somebody: str(somebody.subject))
def test_nobody_else_withdraws_a_request(somebody: Principal) -> None:
    """C5."""
    with pytest.raises(NotAllowedError):
        by_another().submitted(by=NOA).state.cancel(by=somebody, at=NOON)


def test_who_asked_for_another_sees_the_request_and_has_none_of_its_access() -> None:
    asker = Principal(issuer="https://id.example.com", subject="zoe")
    request = with_(HISTORY[Status.GRANTED].state, asked_by=asker.as_person())

    assert request.is_visible_to(asker)
    for command in (
        lambda: request.viewed_credentials(by=asker, at=NOON),
        lambda: request.give_back(by=asker, at=NOON),
        lambda: request.extend(timedelta(hours=1), by=asker, at=NOON),
    ):
        with pytest.raises(NotAllowedError):
            command()
