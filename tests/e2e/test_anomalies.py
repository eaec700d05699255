"""Anomalies on the running stack: real requests, seen in the ledger, a signed delivery, Slack and the API."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from time import sleep
from typing import Any
from uuid import uuid4

import httpx
import pytest

from nightlatch.entrypoints.local import database
from nightlatch.entrypoints.local.database import Passwords
from nightlatch.entrypoints.local.facts import StackFacts
from nightlatch.entrypoints.local.layout import layout
from nightlatch.services.ports.destinations import OutgoingCall
from tests.e2e.person import JsonObject, Person, until
from tests.e2e.places import SOON, Inbox, destination, reached
from tests.fakes.receiver import Received, answering, listening, reply
from tests.fakes.slack import API, CHANNEL, TOKEN, FakeSlack

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True)
class Watch:
    """Whoever is told of anomalies: the ledger's reader, a receiver of webhooks, and a channel."""

    auditor: Person
    inbox: Inbox
    slack: FakeSlack

    def found(self, kind: str, requester: Person, **finding: str) -> JsonObject:
        """Wait until an anomaly is in the ledger, in a signed delivery and in the channel; return its event."""
        who = requester.get("/v1/whoami")["id"]
        wanted = {"type": kind, **finding}
        event = until(lambda: self._recorded(who, wanted), lambda seen: bool(seen["events"]), within=SOON)["events"][0]
        self.inbox.wait_for(lambda message: message == event)
        until(lambda: {"told": self._messages(event)}, lambda seen: bool(seen["told"]), within=SOON)
        return dict(event)

    def _recorded(self, requester: str, wanted: dict[str, str]) -> JsonObject:
        entries = self.auditor.get("/v1/audit/entries", event_type="anomaly.detected", limit=200)["entries"]
        told = [entry for entry in entries if entry["details"]["finding"]["requester"]["id"] == requester]
        return {"events": [entry for entry in told if wanted.items() <= entry["details"]["finding"].items()]}

    def _messages(self, event: JsonObject) -> list[JsonObject]:
        return [each for each in self.slack.messages if each["blocks"][1]["text"]["text"] == event["description"]]


@pytest.fixture(scope="module")
def watch(person: Callable[[str], Person]) -> Iterator[Watch]:
    """Send anomalies to a webhook and to Slack, while these tests run."""
    watching = Watch(person("ivo"), Inbox(), FakeSlack())
    with ExitStack() as places:
        siem = places.enter_context(listening(answering(watching.inbox.take), "localhost"))
        slack = places.enter_context(listening(answering(lambda call: _posted(call, watching.slack)), "localhost"))
        there = {"channel": CHANNEL, "api_url": slack.url("localhost", "/api"), "ca_certificate": slack.pem}
        selected = ("anomaly.*",)
        ada = person("ada")
        places.enter_context(destination(ada, "webhook", reached(siem), *selected, secret=watching.inbox.key))
        places.enter_context(destination(ada, "slack", there, *selected, secret=TOKEN))
        yield watching
    assert not watching.inbox.refused
    assert not watching.slack.obeyed


def _posted(request: Received, slack: FakeSlack) -> bytes:
    """Let the fake of Slack answer what came over the wire."""
    assert request.path == "/api/chat.postMessage"
    headers = {name.title(): text for name, text in request.headers.items()}
    answer = slack.call(OutgoingCall("POST", f"{API}/chat.postMessage", headers, request.body, timedelta(seconds=5)))
    return reply(answer.status, answer.body, **answer.headers)


@pytest.fixture
def risky(person: Callable[[str], Person], facts: StackFacts, home: Path) -> Iterator[str]:
    """Connect the server once more, with a database of customers that its administrators' role is given at once."""
    ada, name = person("ada"), f"customers_{uuid4().hex[:8]}"
    integration = name.replace("_", "-")
    passwords = Passwords.model_validate_json(layout(home).secrets.read_text())
    server = database.connect(facts.database.port, passwords)
    server.run(f"CREATE DATABASE {name}")
    settings = {"host": "127.0.0.1", "port": facts.database.port, "database": facts.database.name, "user": "nightlatch"}
    ada.post(
        "/v1/integrations",
        {"id": integration, "name": integration, "kind": "postgresql", "secret": passwords.connector}
        | {"settings": {**settings, "tls": "disable"}},
    ).raise_for_status()
    ada.post(f"/v1/integrations/{integration}/scan").raise_for_status()
    flow = {
        "name": integration,
        "who": {"conditions": [{"attribute": "group", "operator": "is", "values": ["developers"]}]},
        "what": {"integration": integration, "names": [name], "permissions": ["orders_admin"]},
        "grant": {"default": "PT1H", "maximum": "PT1H"},
        "approve": {"steps": []},
    }
    ada.api.put(f"/v1/flows/{integration}", json=flow).raise_for_status()
    yield integration
    ada.api.delete(f"/v1/flows/{integration}", headers={"if-match": '"1"'}).raise_for_status()
    server.run(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


def ask_for_customers(someone: Person, integration: str) -> str:
    item = {"resource_type": "database", "resource": integration.replace("-", "_"), "permission": "orders_admin"}
    body = {"integration": integration, "items": [item], "justification": "INC-2291 duplicate charges"}
    answer = someone.post("/v1/requests", body)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    return str(answer.json()["id"])


def test_elevated_access_to_a_sensitive_resource_is_told(watch: Watch, newcomer: Person, risky: str) -> None:
    request_id = ask_for_customers(newcomer, risky)

    finding = watch.found("high_risk_access", newcomer)["details"]["finding"]
    newcomer.wait_for(request_id, "GRANTED")
    newcomer.command(request_id, "return")
    newcomer.wait_for(request_id, "CANCELED")

    assert (finding["request_id"], finding["severity"], finding["integration"]) == (request_id, "high", risky)
    assert [(one["type"], one["permission"]) for one in finding["resources"]] == [("database", "orders_admin")]


def test_somebody_who_asks_for_the_first_time_is_told(watch: Watch, newcomer: Person) -> None:
    first = newcomer.ask("role1")
    newcomer.command(first, "cancel")
    second = newcomer.ask("role1")
    newcomer.command(second, "cancel")

    event = watch.found("inactive_user", newcomer)

    finding = event["details"]["finding"]
    assert (finding["request_id"], finding["severity"]) == (first, "medium")
    assert "the first time ever" in finding["reason"]
    assert (event["actor"]["type"], event["request_id"], event["severity"]) == ("system", first, "warning")


def test_what_is_approved_after_a_rejection_is_told(
    watch: Watch, newcomer: Person, person: Callable[[str], Person]
) -> None:
    noa, omar = person("noa"), person("omar")
    refused = newcomer.ask("role1")
    noa.command(refused, "reject", {"reason": "not without a ticket"})
    newcomer.wait_for(refused, "REJECTED")
    request_id = newcomer.ask("role1", "role3")
    omar.command(request_id, "approve")
    newcomer.wait_for(request_id, "GRANTED")

    finding = watch.found("approved_after_rejection", newcomer)["details"]["finding"]
    newcomer.command(request_id, "return")
    newcomer.wait_for(request_id, "CANCELED")

    assert (finding["request_id"], finding["severity"]) == (request_id, "medium")
    values = finding["evidence"]["values"]
    assert (values["rejected_request"], values["rejected_by"], values["permission"]) == (refused, "Noa Levi", "role1")
    assert len(finding["evidence"]["entries"]) == 2


def test_a_burst_of_requests_is_told_though_it_says_it_comes_from_a_browser(watch: Watch, newcomer: Person) -> None:
    newcomer.api.headers["user-agent"] = BROWSER
    for pause in _uneven(10):
        newcomer.command(newcomer.ask("role1"), "cancel")
        sleep(pause)

    finding = watch.found("access_automation", newcomer)["details"]["finding"]

    values = finding["evidence"]["values"]
    assert (finding["severity"], values["user_agent"]) == ("low", BROWSER)
    assert values["burst"] == {"requests": 10}
    assert not {"regular", "client"} & set(values)


def test_a_program_becomes_more_urgent_with_a_second_sign(watch: Watch, newcomer: Person) -> None:
    requests = []
    for pause in _uneven(10):
        requests.append(newcomer.ask("role1"))
        newcomer.command(requests[-1], "cancel")
        sleep(pause)

    early = watch.found("access_automation", newcomer, severity="low")["details"]["finding"]
    late = watch.found("access_automation", newcomer, severity="medium")["details"]["finding"]

    assert early["request_id"] == requests[2]
    assert early["evidence"]["values"]["client"] == {"requests": 3}
    assert late["request_id"] == requests[9]
    assert set(late["evidence"]["values"]) == {"client", "burst", "user_agent"}


def _uneven(count: int) -> list[float]:
    """Pauses that nobody takes for a clock's."""
    return [pause for pause, _ in zip(cycle((0.0, 0.0, 1.5)), range(count), strict=False)]


def test_an_anomaly_is_listed_judged_and_its_access_ended(
    watch: Watch, newcomer: Person, person: Callable[[str], Person], risky: str
) -> None:
    ada, ivo, maya = person("ada"), person("ivo"), person("maya")
    request_id = ask_for_customers(newcomer, risky)
    newcomer.wait_for(request_id, "GRANTED")
    event = watch.found("high_risk_access", newcomer)

    [listed] = ivo.get("/v1/anomalies", integration=risky, type="high_risk_access", last="1h")["anomalies"]
    shown = ivo.get(f"/v1/anomalies/{listed['id']}")
    ada.post(f"/v1/anomalies/{listed['id']}/acknowledge").raise_for_status()
    refused = [someone.post(f"/v1/anomalies/{listed['id']}/revoke").status_code for someone in (ivo, maya)]
    revoked = ada.post(f"/v1/anomalies/{listed['id']}/revoke", {"reason": "nobody knows of it"})
    newcomer.wait_for(request_id, "REVOKED")
    resolved = ada.post(f"/v1/anomalies/{listed['id']}/resolve", {"note": "a drill"}).json()
    afterwards = ivo.get(f"/v1/anomalies/{listed['id']}")

    assert (listed["id"], listed["state"], listed["request_id"]) == (event["resource"]["id"], "open", request_id)
    assert _linked(ivo, shown) == {"self": 200, "request": 200, "timeline": 200, "flow": 200}
    assert revoked.is_success, revoked.text
    assert refused == [403, 403]
    assert (resolved["state"], resolved["note"], resolved["resolved_by"]["name"]) == ("resolved", "a drill", "Ada Berg")
    assert "revoke" not in afterwards["_links"]
    judged = watch.inbox.wait_for(lambda message: _is_judgement(message, of=listed["id"]), count=2)
    assert [message["event_type"] for message in judged] == ["anomaly.acknowledged", "anomaly.resolved"]


def _is_judgement(message: JsonObject, *, of: str) -> bool:
    return bool(message["resource"]["id"] == of and message["event_type"] != "anomaly.detected")


def _linked(someone: Person, anomaly: JsonObject) -> dict[str, int]:
    """Follow what can be read."""
    links: dict[str, Any] = anomaly["_links"]
    return {name: someone.api.get(link["href"]).status_code for name, link in links.items() if name != "revoke"}
