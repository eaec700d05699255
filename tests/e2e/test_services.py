"""A service: its token from the user pool's own endpoint, what it may write, and what it may not do."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from nightlatch.entrypoints.local.facts import StackFacts
from nightlatch.entrypoints.local.layout import layout
from tests.e2e.conftest import Cli
from tests.e2e.person import Person, until

PATH = "/v1/audit/entries"


@pytest.fixture(scope="module")
def service(facts: StackFacts, home: Path, open_for_all: ExitStack) -> Person:
    """Exchange the id and secret that `nightlatch up` wrote for a token."""
    credentials = httpx.NetRCAuth(str(layout(home).service))
    form = {"grant_type": "client_credentials", "scope": "nightlatch/call"}
    answer = httpx.post(f"{facts.login_url}/oauth2/token", data=form, auth=credentials, trust_env=False)
    assert answer.status_code == 200, answer.text
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    api = httpx.Client(base_url=facts.api_url, headers=headers, trust_env=False, timeout=30)
    return Person(open_for_all.enter_context(api))


@pytest.fixture
def settings(cli: Cli) -> Cli:
    """Run `nightlatch settings …` as the demo's administrator."""
    cli("login", "ada")
    return partial(cli, "settings")


@pytest.fixture
def writer(service: Person, settings: Cli) -> Iterator[str]:
    """Name the service a writer, for as long as the test needs."""
    identifier = str(service.get("/v1/whoami")["id"])
    settings("writers", "add", identifier)
    yield identifier
    settings("writers", "remove", identifier)


def an_entry(number: str) -> dict[str, Any]:
    return {
        "id": f"bill-{number}",
        "timestamp": "2026-11-22T10:00:00Z",
        "event_type": "subscription.added",
        "resource": {"type": "subscription", "id": number, "name": "Team"},
        "description": "Lena Vogt added a seat to Team",
    }


def test_a_service_that_is_a_writer_writes_and_is_named_as_a_service(
    person: Callable[[str], Person], service: Person, writer: str
) -> None:
    number = uuid4().hex

    answer = service.post(PATH, {"entries": [an_entry(number)]})

    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "known": 0})
    [told] = until(lambda: _told(person("ivo"), number), lambda found: bool(found["entries"]), within=60)["entries"]
    assert (told["actor"]["type"], told["actor"]["id"]) == ("service", writer)


def _told(auditor: Person, number: str) -> dict[str, Any]:
    entries = auditor.get(PATH, event_type="subscription.added", limit=100)["entries"]
    return {"entries": [entry for entry in entries if entry["resource"]["id"] == number]}


def test_a_service_that_nobody_named_writes_nothing(service: Person) -> None:
    answer = service.post(PATH, {"entries": [an_entry(uuid4().hex)]})

    assert answer.status_code == 403


def test_a_service_asks_and_reads_but_never_approves(person: Callable[[str], Person], service: Person) -> None:
    """A12: with a real token of client credentials."""
    maya = person("maya")
    request_id = maya.ask("role1")

    refused = [service.post(f"/v1/requests/{request_id}/{verdict}").status_code for verdict in ("approve", "reject")]
    status = maya.get(f"/v1/requests/{request_id}")["status"]
    maya.command(request_id, "cancel")

    assert (refused, status) == ([403, 403], "PENDING")
    assert service.get("/v1/whoami")["roles"] == ["service"]


def test_a_service_with_a_wrong_secret_gets_no_token(facts: StackFacts, home: Path) -> None:
    client_id = layout(home).service.read_text().split()[3]

    form = {"grant_type": "client_credentials"}
    answer = httpx.post(f"{facts.login_url}/oauth2/token", data=form, auth=(client_id, "guess"), trust_env=False)

    assert answer.is_client_error
    assert "access_token" not in answer.json()
