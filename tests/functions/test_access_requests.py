"""Asking for access, following it, giving it back."""

from typing import Any

import pytest

from nightlatch.domain.identity import Principal
from tests.builders import ADA, EVE, HOUR, IVO, MAYA, NOA, OMAR, World, a_call
from tests.functions.client import Client
from tests.functions.conftest import Lines

ITEM = {"resource_type": "database", "resource": "orders", "permission": "role1"}
ASK: dict[str, Any] = {"integration": "orders-db", "items": [ITEM], "justification": "a customer cannot pay"}


def ids(answer: Any) -> list[str]:
    return [request["id"] for request in answer.json["requests"]]


def test_a_request_is_answered_in_full(client: Client) -> None:
    answer = client.post("/v1/requests", {**ASK, "ticket": "INC-1", "duration": "PT30M"})
    request = answer.json

    assert answer.status == 201
    assert answer.headers["Location"] == f"/v1/requests/{request['id']}"
    assert request == {
        "id": request["id"],
        "status": "PENDING",
        "created_at": "2026-11-22T12:00:00.000Z",
        "updated_at": "2026-11-22T12:00:00.000Z",
        "requester": {"id": MAYA.id, "name": "Maya", "email": "maya@example.com"},
        "asked_by": None,
        "bundle_id": None,
        "integration": {"id": "orders-db", "name": "Orders database", "kind": "fake"},
        "items": [
            {
                "id": "item-1",
                "resource": {"type": "database", "id": "orders", "name": "orders", "tags": []},
                "permission": {"name": "role1", "tags": []},
                "status": "pending",
                "approvals": 0,
                "needed": 1,
                "step": {
                    "number": 1,
                    "needed": 1,
                    "approvals": 0,
                    "people": [],
                    "groups": ["approvers", "admins"],
                    "since": "2026-11-22T12:00:00.000Z",
                    "escalates_at": None,
                },
                "votes": [],
            }
        ],
        "justification": "a customer cannot pay",
        "ticket": "INC-1",
        "duration_seconds": 1800,
        "flow": {"id": "orders-roles", "name": "Orders roles", "version": 1, "reason": "the only flow that covers it"},
        "approvers": {
            "needed": 1,
            "steps": [{"people": [], "groups": ["approvers", "admins"], "needed": 1, "escalation": None}],
        },
        "extensions": {"used": 0, "allowed": 0, "longest_seconds": 0},
        "source": "api",
        "granted_at": None,
        "lapses_at": "2026-11-23T12:00:00.000Z",
        "starts_at": None,
        "ends_at": None,
        "closed_at": None,
        "end_reason": None,
        "session_user": "TBD",
        "quarantined": False,
        "_links": {
            "self": {"href": f"/v1/requests/{request['id']}"},
            "timeline": {"href": f"/v1/requests/{request['id']}/timeline"},
        },
    }


def test_a_granted_request_says_since_when_until_when_and_as_whom(client: Client, world: World) -> None:
    request = client.get(f"/v1/requests/{world.granted('role1').id}").json

    assert request["status"] == "GRANTED"
    assert request["session_user"].startswith("maya_")
    assert request["granted_at"] < request["ends_at"]
    assert request["items"][0]["votes"][0]["approver"]["name"] == "Noa"


def test_the_source_is_what_the_client_says_it_is(client: Client, world: World) -> None:
    request = client.post("/v1/requests", ASK, headers={"x-nightlatch-client": "cli"}).json
    event = world.events(request["id"])[0]

    assert request["source"] == "cli"
    assert (event.source, event.ip_address, event.user_agent) == ("cli", "192.0.2.50", "tests/1.0")
    call = event.details["call"]
    assert isinstance(call, dict)
    assert (call["method"], call["path"]) == ("POST", "/v1/requests")
    assert "/justification" in str(call["parameters"])


def test_people_see_their_own_requests_newest_first(client: Client, world: World) -> None:
    mine = [world.submitted().id for _ in range(3)]
    world.submitted(by=OMAR.model_copy(update={"groups": frozenset({"developers"})}))

    assert ids(client.get("/v1/requests")) == mine[::-1]
    assert ids(client.get("/v1/requests?requester=me")) == mine[::-1]


@pytest.mark.parametrize("reader", [ADA, IVO])
def test_administrators_and_auditors_see_everybodys(client: Client, world: World, reader: Any) -> None:
    request = world.submitted()

    assert ids(client.get("/v1/requests", by=reader)) == [request.id]
    assert ids(client.get("/v1/requests?requester=me", by=reader)) == []
    assert ids(client.get(f"/v1/requests?requester={MAYA.id}", by=reader)) == [request.id]


def test_nobody_else_lists_the_requests_of_others(client: Client) -> None:
    """C1: others' objects."""
    assert client.get(f"/v1/requests?requester={MAYA.id}", by=EVE).status == 403


@pytest.mark.parametrize("query", ["status=PENDING", "status=ACTIVE,PENDING", "status=GRANTED&status=PENDING"])
def test_states_are_filtered_repeated_or_with_commas(client: Client, world: World, query: str) -> None:
    pending = world.submitted()
    world.requests.cancel(world.submitted().id, a_call(MAYA))

    assert ids(client.get(f"/v1/requests?{query}")) == [pending.id]


@pytest.mark.parametrize(("alias", "status"), [("ACTIVE", "GRANTED"), ("DENIED", "REJECTED")])
def test_other_words_for_states_are_understood(client: Client, world: World, alias: str, status: str) -> None:
    world.granted()
    world.approvals.reject(world.submitted().id, a_call(NOA))

    found = client.get(f"/v1/requests?status={alias}").json["requests"]

    assert [request["status"] for request in found] == [status]


def test_times_have_any_offset(client: Client, world: World) -> None:
    """D2: odd offsets mean what they say."""
    early = world.submitted()
    world.clock.advance(HOUR)
    late = world.submitted()

    assert ids(client.get("/v1/requests?since=2026-11-22T18:00:00%2B05:30")) == [late.id]
    assert ids(client.get("/v1/requests?until=2026-11-22T12:30:00Z")) == [early.id]
    assert ids(client.get("/v1/requests?since=2026-11-22T12:00:00.000Z&until=2026-11-22T12:30:00z")) == [early.id]


def test_a_list_is_read_page_by_page_without_gap_or_repetition(client: Client, world: World) -> None:
    made = [world.submitted().id for _ in range(5)]
    found: list[str] = []
    href: str | None = "/v1/requests?limit=2&status=PENDING"

    while href:
        page = client.get(href)
        found += ids(page)
        href = page.json["_links"].get("next", {}).get("href")

    assert found == made[::-1]
    assert page.json["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "person"),
    [
        ("status=GRANTED", MAYA),
        ("status=PENDING&requester=me", MAYA),
        ("", MAYA),
        ("status=PENDING", ADA),
        ("status=PENDING", EVE),
    ],
)
def test_a_cursor_is_for_one_query_of_one_person(client: Client, world: World, query: str, person: Any) -> None:
    """C2: reused with another filter, by another person."""
    for _ in range(2):
        world.submitted()
    cursor = client.get("/v1/requests?status=PENDING&limit=1").json["next_cursor"]

    answer = client.get(f"/v1/requests?{query}&cursor={cursor}", by=person)

    assert answer.status == 400
    assert set(answer.faults) == {"?cursor"}
    assert client.get(f"/v1/requests?limit=200&status=PENDING&cursor={cursor}").status == 200


def test_a_cursor_of_another_list_is_refused(client: Client, world: World) -> None:
    """C2: reused elsewhere."""
    for _ in range(2):
        world.submitted()
    cursor = client.get("/v1/requests?limit=1", by=ADA).json["next_cursor"]

    assert set(client.get(f"/v1/approvals?cursor={cursor}", by=ADA).faults) == {"?cursor"}
    assert set(client.get(f"/v1/audit?from={cursor}", by=ADA).faults) == {"?from"}


def test_an_old_cursor_is_refused(client: Client, world: World) -> None:
    """C2: expired."""
    for _ in range(2):
        world.submitted()
    cursor = client.get("/v1/requests?limit=1").json["next_cursor"]

    world.clock.advance(25 * HOUR)

    assert set(client.get(f"/v1/requests?cursor={cursor}").faults) == {"?cursor"}


def test_what_was_found_about_a_request_is_in_the_timeline_of_those_who_read_the_trail(
    client: Client, world: World
) -> None:
    request = world.submitted()
    world.detected()
    world.events()

    def told(by: Principal) -> list[str]:
        events = client.get(f"/v1/requests/{request.id}/timeline", by=by).json["events"]
        return [event["event_type"] for event in events]

    assert told(MAYA) == told(NOA) == ["access.requested"]
    assert told(IVO) == told(ADA) == ["access.requested", "anomaly.detected"]


def test_a_timeline_is_told_oldest_first(client: Client, world: World) -> None:
    request = world.granted()
    world.events()

    events = client.get(f"/v1/requests/{request.id}/timeline").json["events"]

    assert [event["event_type"] for event in events] == [
        "access.requested",
        "access.role.approved",
        "access.approved",
        "access.granted",
    ]
    assert events[0]["timestamp"] == "2026-11-22T12:00:00.000Z"


def test_a_requester_withdraws_gives_back_and_says_why(client: Client, world: World) -> None:
    pending, granted = world.submitted(), world.granted()

    canceled = client.post(f"/v1/requests/{pending.id}/cancel", {"reason": "solved"}).json
    returned = client.post(f"/v1/requests/{granted.id}/return").json

    assert canceled["status"] == "CANCELED"
    assert (returned["status"], returned["end_reason"]) == ("REVOKING", "canceled")
    assert world.events(pending.id)[-1].details["reason"] == "solved"


def test_an_administrator_revokes(client: Client, world: World) -> None:
    request = world.granted()

    revoked = client.post(f"/v1/requests/{request.id}/revoke", {"reason": "leak"}, by=ADA).json

    assert (revoked["status"], revoked["end_reason"]) == ("REVOKING", "revoked")


def test_what_is_not_possible_now_is_a_conflict_that_says_why(client: Client, world: World) -> None:
    request = world.granted()

    answer = client.post(f"/v1/requests/{request.id}/cancel")

    assert (answer.status, answer.json["type"]) == (409, "/problems/conflict")
    assert answer.json["detail"].startswith(f"request {request.id} is GRANTED")


def test_credentials_are_for_the_requester_and_for_no_cache(client: Client, world: World, log: Lines) -> None:
    request = world.granted()

    answer = client.post(f"/v1/requests/{request.id}/credentials")

    assert answer.headers["Cache-Control"] == "no-store"
    assert world.connector.admits(answer.json["user"], answer.json["password"])
    assert "access.credentials.viewed" in world.told(request.id)
    assert answer.json["password"] not in str(log())
    for other in (ADA, NOA):
        assert client.post(f"/v1/requests/{request.id}/credentials", by=other).status == 403


def test_the_catalog_says_what_to_send(client: Client) -> None:
    offer = client.get("/v1/catalog").json["offers"][0]

    answer = client.post(
        "/v1/requests",
        {
            "integration": offer["integration"]["id"],
            "items": [
                {
                    "resource_type": offer["resource"]["type"],
                    "resource": offer["resource"]["id"],
                    "permission": offer["permission"]["name"],
                }
            ],
            "justification": "as the catalog says",
        },
    )

    assert answer.status == 201
    assert offer["flow"] == {
        "id": "orders-roles",
        "name": "Orders roles",
        "approvals_needed": 1,
        "default_seconds": 3600,
        "maximum_seconds": 28800,
    }
    assert client.get("/v1/catalog", by=EVE).json == {"offers": []}


def test_whoami_tells_people_who_they_are(client: Client) -> None:
    assert client.get("/v1/whoami", by=ADA).json == {
        "id": ADA.id,
        "issuer": "https://id.example.com",
        "subject": "ada",
        "name": "Ada",
        "email": "ada@example.com",
        "groups": ["admins"],
        "roles": ["admin", "requester"],
    }
