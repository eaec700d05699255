"""Deciding."""

import pytest

from tests.builders import ADA, MAYA, NOA, OMAR, World, a_call, a_definition
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
