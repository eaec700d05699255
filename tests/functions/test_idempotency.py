"""The same call again."""

from typing import Any

import pytest

from tests.builders import ADA, MAYA, NOA, OMAR, World
from tests.functions.client import Client

ASK: dict[str, Any] = {
    "integration": "orders-db",
    "items": [{"resource_type": "database", "resource": "orders", "permission": "role1"}],
    "justification": "a customer cannot pay",
}
KEY = {"idempotency-key": "5f0a4c1e"}


def test_the_same_key_and_body_is_one_request(client: Client, world: World) -> None:
    """E1: however the JSON is written."""
    first = client.post("/v1/requests", ASK, headers=KEY)
    second = client.post("/v1/requests", dict(reversed(ASK.items())), headers=KEY)

    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json
    assert world.told(first.json["id"]) == ["access.requested"]
    assert len(client.get("/v1/requests").json["requests"]) == 1


def test_the_same_key_with_another_body_is_refused(client: Client) -> None:
    """E1: Idempotency-Key with another body."""
    client.post("/v1/requests", ASK, headers=KEY)

    answer = client.post("/v1/requests", {**ASK, "duration": "PT2H"}, headers=KEY)

    assert (answer.status, answer.json["type"]) == (422, "/problems/idempotency-key-reused")


@pytest.mark.parametrize("other", ["reject", "approve"])
def test_the_same_key_on_another_route_or_thing_is_refused(client: Client, world: World, other: str) -> None:
    """E1: a key is for one call."""
    first, second = world.submitted(), world.submitted()
    client.post(f"/v1/requests/{first.id}/approve", headers=KEY, by=NOA)

    answer = client.post(f"/v1/requests/{second.id}/{other}", headers=KEY, by=NOA)

    assert answer.status == 422
    assert world.store.request(second.id) == second


def test_the_same_key_of_another_person_is_another_call(client: Client) -> None:
    """E1: by another person, independent."""
    omar = OMAR.model_copy(update={"groups": frozenset({"developers"})})

    mine = client.post("/v1/requests", ASK, headers=KEY, by=MAYA).json
    theirs = client.post("/v1/requests", ASK, headers=KEY, by=omar).json

    assert mine["id"] != theirs["id"]
    assert theirs["requester"]["name"] == "Omar"


def test_without_a_key_the_same_call_is_a_duplicate(client: Client) -> None:
    first = client.post("/v1/requests", ASK)

    answer = client.post("/v1/requests", ASK)

    assert (answer.status, answer.json["type"]) == (409, "/problems/duplicate-request")
    assert answer.json["request_id"] == first.json["id"]


def test_a_repeated_vote_is_one_vote(client: Client, world: World) -> None:
    """A4: with a key, too, and even after the request went on."""
    request = world.submitted()
    path = f"/v1/requests/{request.id}/approve"

    answers = [client.post(path, {"reason": "ok"}, headers=KEY, by=NOA) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert world.told(request.id).count("access.role.approved") == 1


def test_a_repeated_integration_is_one(client: Client) -> None:
    body = {"id": "billing-db", "name": "Billing", "kind": "fake", "secret": "s3cret"}

    answers = [client.post("/v1/integrations", body, headers=KEY, by=ADA) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 201]


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\nb", "a\x00"])
def test_a_key_has_a_form(client: Client, key: str) -> None:
    answer = client.post("/v1/requests", ASK, headers={"idempotency-key": key})

    assert set(answer.faults) == {"?Idempotency-Key"}


def test_the_longest_key_is_taken(client: Client) -> None:
    assert client.post("/v1/requests", ASK, headers={"idempotency-key": "x" * 255}).status == 201


@pytest.mark.parametrize("key", ["5f0a4c1e", "x" * 256])
def test_reading_takes_no_notice_of_a_key(client: Client, key: str) -> None:
    assert client.get("/v1/requests", headers={"idempotency-key": key}).status == 200
    assert client.get("/v1/requests?limit=1", headers={"idempotency-key": key}).status == 200
