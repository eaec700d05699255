"""Who signed in, and whose token was refused, is told by the API."""

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.ledger import PendingEvent
from nightlatch.domain.tally import Tally
from tests.builders import ADA, MAYA, ROBOT, World
from tests.functions.client import FLOW, Answer, Client, an_api_event, claims_of
from tests.functions.conftest import Lines

ASK = {
    "integration": "orders-db",
    "items": [{"resource_type": "database", "resource": "orders", "permission": "role1"}],
    "justification": "a customer cannot pay",
}


def call(client: Client, path: str = "/v1/whoami", body: object = None, **claims: Any) -> Answer:
    method = "GET" if body is None else "POST"
    return client.send(an_api_event(method, path, claims=claims_of(MAYA) | claims, body=body))


def told(world: World, name: str) -> list[PendingEvent]:
    """Let the windows close, and list the events of a name."""
    world.clock.advance(timedelta(minutes=7))
    world.tallying.tell()
    return [event for event in world.events() if event.event_type == name]


def test_the_first_call_after_a_sign_in_tells_it_with_address_and_user_agent(client: Client, world: World) -> None:
    for _ in range(3):
        call(client, origin_jti="o-1")
    call(client, origin_jti="o-2")

    first, second = told(world, "auth.login.success")

    assert (first.actor.id, first.resource.id) == (MAYA.id, MAYA.id)
    assert (first.ip_address, first.user_agent, first.source) == ("192.0.2.50", "tests/1.0", "api")
    assert first.details["issuer"] == MAYA.issuer
    assert second.id != first.id


def test_who_asks_at_once_has_signed_in_too(client: Client, world: World) -> None:
    assert call(client, "/v1/requests", ASK, origin_jti="o-1").status == 201
    call(client, origin_jti="o-1")

    assert len(told(world, "auth.login.success")) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/requests", 200), ("/v1/approvals", 200), ("/v1/flows", 200), ("/v1/integrations", 403), ("/v1/audit", 403)],
)
def test_a_sign_in_is_told_whatever_is_called_first(client: Client, world: World, path: str, status: int) -> None:
    assert [call(client, path, origin_jti="o-1").status for _ in range(3)] == [status] * 3

    [event] = told(world, "auth.login.success")

    assert event.details["call"] == {"method": "GET", "path": path}


def sign_out(client: Client, *, key: str, session: str = "o-1") -> int:
    claims = claims_of(MAYA) | {"origin_jti": session}
    headers = {"idempotency-key": key}
    return client.send(an_api_event("POST", "/v1/sign-out", claims=claims, headers=headers)).status


def test_a_sign_out_is_told_with_its_session_address_and_user_agent(client: Client, world: World) -> None:
    assert sign_out(client, key="k-1") == 204

    [signed_in], [event] = told(world, "auth.login.success"), told(world, "auth.logout")

    assert (event.actor.id, event.resource.id, event.severity) == (MAYA.id, MAYA.id, "info")
    assert (event.ip_address, event.user_agent) == ("192.0.2.50", "tests/1.0")
    assert event.details["session"] == signed_in.details["session"]
    assert event.details["issuer"] == MAYA.issuer


def test_a_sign_out_that_is_sent_again_is_told_once(client: Client, world: World) -> None:
    assert [sign_out(client, key="k-1") for _ in range(3)] == [204] * 3

    assert len(told(world, "auth.logout")) == 1


def test_a_service_does_not_sign_out(client: Client, world: World) -> None:
    assert client.post("/v1/sign-out", by=ROBOT).status == 403
    assert told(world, "auth.logout") == []


def test_a_service_does_not_sign_in(client: Client, world: World) -> None:
    client.send(an_api_event("GET", "/v1/whoami", claims=claims_of(ROBOT) | {"origin_jti": "o-1"}))

    assert told(world, "auth.login.success") == []


@pytest.mark.parametrize(
    ("path", "claims", "reason"),
    [
        ("/v1/whoami", {"token_use": "id"}, "this is an ID token; send the access token"),
        ("/v1/audit", {"cognito:groups": "[" + "g " * 201 + "]"}, "the token has too many groups"),
        ("/v1/flows", {"cognito:groups": {"admins": True}}, "the token's groups cannot be read"),
        ("/v1/approvals", {"token_use": "id"}, "this is an ID token; send the access token"),
        ("/v1/integrations", {"token_use": "id"}, "this is an ID token; send the access token"),
    ],
)
def test_a_valid_token_that_is_refused_is_told(
    client: Client, world: World, path: str, claims: dict[str, Any], reason: str
) -> None:
    """B3. B4."""
    assert [call(client, path, **claims).status for _ in range(4)] == [401] * 4

    [event] = told(world, "auth.login.failed")

    assert (event.actor.id, event.actor.name, event.severity) == (MAYA.id, "Maya", "warning")
    assert (event.details["attempts"], event.details["reasons"]) == (4, [reason])
    assert (event.ip_address, event.user_agent) == ("192.0.2.50", "tests/1.0")


def test_what_a_refused_caller_sent_is_not_told(client: Client, world: World) -> None:
    call(client, "/v1/requests", ASK, token_use="id")

    [event] = told(world, "auth.login.failed")

    assert event.details["call"] == {"method": "POST", "path": "/v1/requests"}


def test_a_token_is_refused_even_when_that_cannot_be_told(
    client: Client, world: World, log: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Tally) -> None:
        raise StoreUnavailableError("DynamoDB is too busy")

    monkeypatch.setattr(world.store, "count", refuse)

    assert call(client, token_use="id").status == 401
    assert [line["message"] for line in log()] == ["refused token could not be told", "call answered"]


# What was sent


def test_an_event_tells_what_was_sent_and_no_secret_of_it(client: Client, world: World) -> None:
    secret = "hunter2-hunter2"
    body = {"id": "billing-db", "name": "Billing", "kind": "fake", "settings": {"host": "db"}, "secret": secret}
    answer = client.post("/v1/integrations", body, by=ADA)

    assert answer.status == 201
    [event] = told(world, "integration.added")
    assert event.details["call"] == {
        "method": "POST",
        "path": "/v1/integrations",
        "parameters": {
            "/id": "billing-db",
            "/name": "Billing",
            "/kind": "fake",
            "/settings/host": "db",
            "/secret": "[redacted]",
        },
    }
    assert secret not in event.model_dump_json()


def test_the_largest_body_makes_no_large_event(client: Client, world: World) -> None:
    flow = FLOW | {"what": {**FLOW["what"], "names": [f"database-{number:04}" for number in range(500)]}}
    assert client.put("/v1/flows/many", flow, by=ADA).status == 201

    [event] = told(world, "flow.created")

    assert len(str(event.details["call"])) < 4000
