"""Every route, every role, own things and others'."""

from typing import Any

import pytest

from nightlatch.domain.identity import Principal, Role
from nightlatch.entrypoints.api.authorization import RULES, WITHOUT_TOKEN
from tests.builders import ADA, EVE, IVO, MAYA, NOA, ROBOT, World, an_entry_to_write
from tests.functions.client import Client, an_api_event, claims_of

PEOPLE = {"requester": MAYA, "approver": NOA, "stranger": EVE, "auditor": IVO, "admin": ADA, "service": ROBOT}
BODIES: dict[str, Any] = {
    "POST /v1/requests/{request_id}/revoke": {"reason": "leak"},
    "POST /v1/requests": {
        "integration": "orders-db",
        "items": [{"resource_type": "database", "resource": "orders", "permission": "role1"}],
        "justification": "a customer cannot pay",
    },
    "POST /v1/requests/{request_id}/close": {"reason": "seen to"},
    "POST /v1/requests/{request_id}/extend": {"duration": "PT1H"},
    "POST /v1/revocations": {"requests": ["req_1"], "reason": "leak"},
    "POST /v1/people/{person_id}/stop": {"reason": "leak"},
    "POST /v1/integrations": {"id": "more-db", "name": "More", "kind": "fake", "secret": "s3cret"},
    "PUT /v1/flows/{flow_id}": {
        "name": "Mine",
        "who": {"conditions": [{"attribute": "group", "operator": "is", "values": ["developers"]}]},
        "what": {"integration": "orders-db", "names": ["*"], "permissions": ["*"]},
        "grant": {"default": "PT1H", "maximum": "PT8H"},
        "approve": {"steps": []},
    },
}
BODIES["POST /v1/audit/entries"] = {"entries": [an_entry_to_write().model_dump(mode="json")]}
BODIES["PUT /v1/settings/audit"] = {"retention_days": 30, "reads": "all", "writers": []}
BODIES["POST /v1/destinations"] = {
    "id": "siem",
    "kind": "webhook",
    "name": "SIEM",
    "settings": {"url": "https://siem.example"},
    "secret": "s3cret",
}
BODIES["PUT /v1/destinations/{destination_id}"] = {"name": "SIEM", "settings": {"url": "https://siem.example"}}
BODIES["POST /v1/destinations/{destination_id}/rotate-secret"] = {"secret": "another"}
BODIES["POST /v1/destinations/{destination_id}/replay"] = {"failed": True}
BODIES["POST /v1/anomalies/{anomaly_id}/resolve"] = {"note": "known"}
BODIES["POST /v1/anomalies/{anomaly_id}/revoke"] = {"reason": "leak"}
RULE: dict[str, Any] = {"name": "Mine", "events": {"event_types": ["access.*"]}}
BODIES["POST /v1/alert-rules"] = {**RULE, "id": "mine"}
BODIES["PUT /v1/alert-rules/{rule_id}"] = RULE
BODIES["POST /v1/anomalies/replays"] = {"since": "2026-11-22T00:00:00Z", "dry_run": True}
BODIES["POST /v1/dry-runs"] = BODIES["POST /v1/requests"]
BODIES["POST /v1/bundles"] = {"requests": [BODIES["POST /v1/requests"]]}
UNSEEN = "/v1/requests/req_unknown"


def call(client: Client, route: tuple[str, str], request_id: str, *, by: Principal | None) -> Any:
    method, template = route
    path = (
        template.replace("{request_id}", request_id)
        .replace("{flow_id}", "orders-roles")
        .replace("{integration_id}", "orders-db")
        .replace("{entry_id}", "0199")
        .replace("{destination_id}", "siem")
        .replace("{export_id}", "exp_1")
        .replace("{anomaly_id}", "ano_1")
        .replace("{replay_id}", "rpl_1")
        .replace("{rule_id}", "failed-sign-ins")
        .replace("{person_id}", MAYA.id)
    )
    return client.call(method, path, BODIES.get(f"{method} {template}"), by=by)


@pytest.mark.parametrize("route", RULES, ids=" ".join)
@pytest.mark.parametrize("person", PEOPLE)
def test_only_the_roles_of_the_table_pass(client: Client, world: World, route: tuple[str, str], person: str) -> None:
    """C1: every route and every role, generated from the table."""
    request = world.submitted()
    caller = PEOPLE[person]
    roles = caller.roles - {Role.REQUESTER} if caller.is_service else caller.roles

    answer = call(client, route, request.id, by=caller)

    if roles.isdisjoint(RULES[route]):
        assert (answer.status, answer.json["type"]) == (403, "/problems/not-allowed")
    else:
        assert answer.status != 401
        assert answer.json.get("detail") is None or "this is for" not in answer.json["detail"]


@pytest.mark.parametrize("route", RULES, ids=" ".join)
def test_nobody_passes_without_a_token(client: Client, route: tuple[str, str]) -> None:
    """C1: strangers learn nothing, not even that their body was wrong."""
    answer = call(client, route, "req_1", by=None)

    assert (answer.status, answer.json["type"]) == (401, "/problems/unauthenticated")


def test_the_health_check_needs_no_token(client: Client) -> None:
    assert client.get("/healthz", by=None).json == {"status": "ok"}
    assert len(WITHOUT_TOKEN) == 1


@pytest.mark.parametrize("route", [route for route in RULES if "{request_id}" in route[1]], ids=" ".join)
def test_a_request_out_of_sight_is_answered_as_an_unknown_one(
    client: Client, world: World, route: tuple[str, str]
) -> None:
    """C1, A11: byte for byte, but for the id that was sent."""
    request = world.submitted()

    unseen = call(client, route, request.id, by=EVE)
    unknown = call(client, route, "req_unknown", by=EVE)

    assert unseen.status == unknown.status
    assert unseen.status in {403, 404}
    assert unseen.headers == unknown.headers
    assert unseen.text.replace(request.id, "req_unknown") == unknown.text


def test_a_vote_out_of_sight_changes_nothing_and_leaves_no_trace_that_tells(client: Client, world: World) -> None:
    """A11: a vote on an id of another's request without right."""
    request = world.submitted()

    assert client.post(f"/v1/requests/{request.id}/approve", by=EVE).status == 404
    assert world.store.request(request.id) == request


def test_a_machine_cannot_approve(client: Client, world: World) -> None:
    """A12: machine identity approves."""
    request = world.submitted()

    for verdict in ("approve", "reject"):
        assert client.post(f"/v1/requests/{request.id}/{verdict}", by=ROBOT).status == 403
    assert world.store.request(request.id) == request


def test_nobody_approves_their_own_request_and_the_attempt_is_an_event(client: Client, world: World) -> None:
    """A3: not even an administrator who is in the approvers' group."""
    request = world.submitted(by=MAYA)

    answer = client.post(
        f"/v1/requests/{request.id}/approve", by=MAYA.model_copy(update={"groups": frozenset({"approvers"})})
    )

    assert answer.status == 403
    assert world.told(request.id)[-1] == "access.approval.refused"


CHANGES = [route for route in RULES if route[0] != "GET" and route[1] != "/v1/sign-out"]
"""To sign out changes what is known of oneself."""


@pytest.mark.parametrize("route", CHANGES, ids=" ".join)
def test_an_auditor_changes_nothing(client: Client, world: World, route: tuple[str, str]) -> None:
    """C5: an auditor changes something."""
    request = world.submitted()
    before = dict(world.store.entities)

    answer = call(client, route, request.id, by=IVO)

    assert answer.status == 403 or route[1] == "/v1/dry-runs"
    assert world.store.entities == before


@pytest.mark.parametrize(
    "path",
    [
        "/v1/audit",
        "/v1/audit/entries",
        "/v1/audit/entries/0199",
        "/v1/audit/export?format=csv",
        "/v1/audit/exports/exp_1",
    ],
)
def test_a_requester_does_not_read_the_trail(client: Client, path: str) -> None:
    """C5: a requester exports the trail."""
    assert client.get(path, by=MAYA).status == 403


def test_a_route_that_has_no_rule_does_not_exist(client: Client) -> None:
    """C1: fails closed, even if somebody forgets the rule."""
    answer = client.send(an_api_event("GET", "/v1/requests/x/secrets", claims=claims_of(ADA)))

    assert answer.status == 404


def test_what_was_sent_is_looked_at_after_who_sent_it(client: Client) -> None:
    bodies: list[object] = [{"nonsense": 1}, [], 1]
    for body in bodies:
        assert client.put("/v1/flows/orders-roles", body, by=MAYA).status == 403
