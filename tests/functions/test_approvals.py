"""Deciding."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_flow import Requirements
from nightlatch.domain.access_request import AccessRequest
from tests.builders import ADA, MAYA, NOA, OMAR, World, a_call, a_definition, who_signed_in
from tests.functions.client import Client


def test_what_waits_for_somebody_is_listed_page_by_page(client: Client, world: World) -> None:
    made = [world.submitted().id for _ in range(3)]
    first = client.get("/v1/approvals?limit=2", by=NOA).json
    second = client.get(f"/v1/approvals?limit=2&cursor={first['next_cursor']}", by=NOA).json

    assert [request["id"] for request in first["requests"] + second["requests"]] == made[::-1]
    assert second["next_cursor"] is None
    assert client.get("/v1/approvals", by=MAYA).json["requests"] == []


def test_items_are_decided_one_by_one(client: Client, world: World) -> None:
    request = world.submitted("role1", "role3")

    first = client.post(f"/v1/requests/{request.id}/approve", {"items": ["item-2"], "reason": "ok"}, by=ADA).json
    second = client.post(f"/v1/requests/{request.id}/approve", {"items": ["item-1"]}, by=NOA).json

    assert (first["status"], [item["status"] for item in first["items"]]) == ("PENDING", ["pending", "approved"])
    assert second["status"] == "APPROVED"
    assert second["items"][1]["votes"][0]["reason"] == "ok"


def test_without_a_body_all_items_are_meant(client: Client, world: World) -> None:
    request = world.submitted("role1", "role3")

    assert client.post(f"/v1/requests/{request.id}/approve", by=NOA).json["status"] == "APPROVED"


def test_the_same_approver_twice_is_one_vote(client: Client, world: World) -> None:
    """A4: one vote per person and item."""
    world.flows.put("orders-roles", a_definition(needed=2), a_call(ADA), if_match=1)
    request = world.submitted()

    for _ in range(2):
        answer = client.post(f"/v1/requests/{request.id}/approve", by=NOA)
        assert answer.status == 200

    item = answer.json["items"][0]
    assert (answer.json["status"], item["approvals"], len(item["votes"])) == ("PENDING", 1, 1)
    approved = client.post(f"/v1/requests/{request.id}/approve", by=OMAR).json
    assert approved["status"] == "APPROVED"
    assert [vote["approver"]["name"] for vote in approved["items"][0]["votes"]] == ["Noa", "Omar"]


@pytest.mark.parametrize(("first", "second"), [("approve", "reject"), ("reject", "approve")])
def test_who_comes_second_is_told_what_won(client: Client, world: World, first: str, second: str) -> None:
    """A6: approve against reject."""
    request = world.submitted()
    won = client.post(f"/v1/requests/{request.id}/{first}", by=NOA).json["status"]

    answer = client.post(f"/v1/requests/{request.id}/{second}", by=OMAR)

    assert answer.status == 409
    assert answer.json["detail"] == f"request {request.id} is {won}, not PENDING"


def test_an_unknown_item_is_unknown(client: Client, world: World) -> None:
    request = world.submitted()

    assert client.post(f"/v1/requests/{request.id}/approve", {"items": ["item-9"]}, by=NOA).status == 404


@pytest.fixture
def wanting_a_fresh_sign_in(world: World) -> AccessRequest:
    definition = a_definition(require=Requirements(fresh_sign_in=timedelta(minutes=15)))
    world.flows.put("orders-roles", definition, a_call(ADA), if_match=1)
    return world.submitted()


@pytest.mark.parametrize("ago", [None, timedelta(minutes=16)])
def test_a_client_is_told_to_let_its_user_sign_in_again(
    client: Client, world: World, wanting_a_fresh_sign_in: AccessRequest, ago: timedelta | None
) -> None:
    """A13."""
    request = wanting_a_fresh_sign_in
    noa = NOA if ago is None else who_signed_in(NOA, world.clock.now - ago)

    answer = client.post(f"/v1/requests/{request.id}/approve", by=noa)

    assert (answer.status, answer.json["type"], answer.json["max_age"]) == (
        401,
        "/problems/fresh-sign-in-required",
        900,
    )
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication", '
        'error_description="A more recent sign-in is required", max_age="900"'
    )
    assert world.store.request(request.id) == request
    assert world.told(request.id) == ["access.requested"]


def test_who_signed_in_again_approves_with_the_same_key(
    client: Client, world: World, wanting_a_fresh_sign_in: AccessRequest
) -> None:
    path, key = f"/v1/requests/{wanting_a_fresh_sign_in.id}/approve", {"idempotency-key": "k-1"}
    assert client.post(path, by=NOA, headers=key).status == 401

    assert client.post(path, by=who_signed_in(NOA, world.clock.now), headers=key).json["status"] == "APPROVED"


def test_nobody_must_sign_in_again_to_reject(client: Client, wanting_a_fresh_sign_in: AccessRequest) -> None:
    assert client.post(f"/v1/requests/{wanting_a_fresh_sign_in.id}/reject", by=NOA).json["status"] == "REJECTED"
