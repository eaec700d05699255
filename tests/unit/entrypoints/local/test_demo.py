"""The demo's data fits the domain, and adding it again changes nothing."""

import json
from typing import Any

import httpx
import pytest

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.entrypoints.local import demo
from nightlatch.entrypoints.local.accounts import ACCOUNTS
from nightlatch.entrypoints.local.database import Passwords
from nightlatch.entrypoints.local.errors import StepFailedError
from nightlatch.entrypoints.local.facts import DatabaseFacts, StackFacts

PASSWORDS = Passwords(superuser="s3cret", connector="c0nnector")
FACTS = StackFacts(
    api_url="http://api",
    browser_url="http://api",
    issuer="https://issuer",
    client_id="cli",
    user_pool_id="pool",
    login_url="http://login",
    sign_in_page="http://login/page",
    emulator_url="http://127.0.0.1:4566",
    stack="nightlatch",
    state_table="State",
    ledger_table="Ledger",
    database=DatabaseFacts(host="127.0.0.1", port=54329, name="orders"),
)


class FakeApi:
    """Keeps what is written to it, by path."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.writes: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "GET":
            return httpx.Response(200 if path in self.kept else 404, json=self.kept.get(path, {}))
        body = json.loads(request.content)
        self.writes.append(f"{request.method} {path}")
        if path.endswith("/scan"):
            self.kept[path.removesuffix("/scan")]["scanned_at"] = "2026-11-22T02:12:05.123Z"
        else:
            self.kept[f"{path}/{body['id']}" if request.method == "POST" else path] = body
        return httpx.Response(200, json={})

    def client(self) -> httpx.Client:
        return httpx.Client(base_url="http://api", transport=httpx.MockTransport(self))


@pytest.mark.parametrize("flow", demo.flows(), ids=lambda flow: str(flow["id"]))
def test_every_demo_flow_is_a_valid_definition(flow: dict[str, Any]) -> None:
    definition = FlowDefinition.model_validate({name: value for name, value in flow.items() if name != "id"})

    assert definition.name == flow["name"]


def test_the_demo_connects_the_database_scans_it_and_writes_the_flows() -> None:
    api = FakeApi()
    with api.client() as client:
        demo.write(client, FACTS, PASSWORDS)
    assert api.writes == [
        "POST /v1/integrations",
        "POST /v1/integrations/orders-db/scan",
        "PUT /v1/flows/reporting-automatic",
        "PUT /v1/flows/orders-roles",
        "PUT /v1/flows/orders-admin",
    ]
    integration = api.kept["/v1/integrations/orders-db"]
    where = {"host": "127.0.0.1", "port": 54329, "database": "orders", "user": "nightlatch", "tls": "disable"}
    assert integration["settings"] == where
    assert integration["secret"] == "c0nnector"


def test_adding_the_demo_again_changes_nothing() -> None:
    api = FakeApi()
    with api.client() as client:
        demo.write(client, FACTS, PASSWORDS)
        api.writes.clear()
        demo.write(client, FACTS, PASSWORDS)
    assert api.writes == []


def test_a_database_that_was_never_scanned_is_scanned() -> None:
    api = FakeApi()
    with api.client() as client:
        demo.write(client, FACTS, PASSWORDS)
        del api.kept["/v1/integrations/orders-db"]["scanned_at"]
        api.writes.clear()
        demo.write(client, FACTS, PASSWORDS)
    assert api.writes == ["POST /v1/integrations/orders-db/scan"]


def test_an_answer_that_is_an_error_is_told_with_what_was_asked() -> None:
    broken = httpx.MockTransport(lambda _: httpx.Response(500, text="boom"))
    with (
        httpx.Client(base_url="http://api", transport=broken) as client,
        pytest.raises(StepFailedError, match="GET /v1/integrations/orders-db answered 500: boom"),
    ):
        demo.write(client, FACTS, PASSWORDS)


def definitions() -> list[FlowDefinition]:
    """Read the demo's flows without their ids."""
    bodies = ({name: value for name, value in flow.items() if name != "id"} for flow in demo.flows())
    return [FlowDefinition.model_validate(body) for body in bodies]


@pytest.mark.parametrize("definition", definitions(), ids=lambda definition: definition.name)
def test_every_flow_is_open_to_somebody_who_does_not_approve(definition: FlowDefinition) -> None:
    assert any(
        definition.who.selects("usr_anybody", groups=[account.group])
        and not any(step.names("usr_anybody", groups=[account.group]) for step in definition.approve.steps)
        for account in ACCOUNTS
    )


@pytest.mark.parametrize("definition", definitions(), ids=lambda definition: definition.name)
def test_there_are_enough_people_for_every_step(definition: FlowDefinition) -> None:
    asked = [
        {account.username for account in ACCOUNTS if step.names("usr_anybody", groups=[account.group])}
        for step in definition.approve.steps
    ]
    assert all(
        len(people) >= len(step.places(without=()))
        for step, people in zip(definition.approve.steps, asked, strict=True)
    )


def test_the_demo_shows_an_automatic_flow_steps_and_extensions() -> None:
    automatic, roles, prod = definitions()
    assert automatic.approve.is_automatic
    assert roles.grant.extensions
    assert len(prod.approve.steps) == 2
