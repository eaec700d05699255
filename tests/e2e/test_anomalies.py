"""Anomalies on the running stack: real requests, seen in the ledger, a signed delivery, Slack, the API and the CLI."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
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
from nightlatch.services.ports.egress import OutgoingCall
from tests.e2e.conftest import Cli
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
        return self.told({"type": kind, **finding}, requester=who)

    def told(self, finding: dict[str, str], *, requester: str | None = None) -> JsonObject:
        """Wait until what is found so is told everywhere."""
        event = until(lambda: self._recorded(finding, requester), lambda seen: bool(seen["events"]), within=SOON)[
            "events"
        ][0]
        self.inbox.wait_for(lambda message: message == event)
        until(lambda: {"told": self._messages(event)}, lambda seen: bool(seen["told"]), within=SOON)
        return dict(event)

    def _recorded(self, wanted: dict[str, str], requester: str | None) -> JsonObject:
        entries = self.auditor.get("/v1/audit/entries", event_type="anomaly.detected", limit=200)["entries"]
        told = [entry for entry in entries if wanted.items() <= entry["details"]["finding"].items()]
        return {"events": [entry for entry in told if _is_of(entry, requester)]}

    def _messages(self, event: JsonObject) -> list[JsonObject]:
        return [each for each in self.slack.messages if each["blocks"][1]["text"]["text"] == event["description"]]


def _is_of(entry: JsonObject, requester: str | None) -> bool:
    who = entry["details"]["finding"]["requester"]
    return requester is None or bool(who and who["id"] == requester)


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


def test_somebody_who_asks_for_the_first_time_is_told_and_looked_up(watch: Watch, newcomer: Person, cli: Cli) -> None:
    first = newcomer.ask("role1")
    newcomer.command(first, "cancel")
    second = newcomer.ask("role1")
    newcomer.command(second, "cancel")

    event = watch.found("inactive_user", newcomer)

    finding = event["details"]["finding"]
    assert (finding["request_id"], finding["severity"]) == (first, "medium")
    assert "the first time ever" in finding["reason"]
    assert (event["actor"]["type"], event["request_id"], event["severity"]) == ("system", first, "warning")
    shown = looked_up(watch.auditor, cli, event)
    assert (shown["recommended"], shown["actor"]) == (["Validate that the person should be granted access."], None)


def test_what_is_approved_after_a_rejection_is_told_and_looked_up(
    watch: Watch, newcomer: Person, person: Callable[[str], Person], cli: Cli
) -> None:
    noa, omar = person("noa"), person("omar")
    refused = newcomer.ask("role1")
    noa.command(refused, "reject", {"reason": "not without a ticket"})
    newcomer.wait_for(refused, "REJECTED")
    request_id = newcomer.ask("role1", "role3")
    omar.command(request_id, "approve")
    newcomer.wait_for(request_id, "GRANTED")

    event = watch.found("approved_after_rejection", newcomer)
    shown = looked_up(watch.auditor, cli, event)
    approver = omar.get("/v1/whoami")["id"]
    [by_approver] = watch.auditor.get("/v1/anomalies", user=approver, request_id=request_id)["anomalies"]
    newcomer.command(request_id, "return")
    newcomer.wait_for(request_id, "CANCELED")

    finding = event["details"]["finding"]
    assert (finding["request_id"], finding["severity"]) == (request_id, "medium")
    values = finding["evidence"]["values"]
    assert (values["rejected_request"], values["rejected_by"], values["permission"]) == (refused, "Noa Levi", "role1")
    assert len(finding["evidence"]["entries"]) == 2
    assert (by_approver["id"], shown["actor"]["id"]) == (shown["id"], approver)
    assert "revoke" in shown["_links"]
    assert "Consider revoking the access." in shown["recommended"]


def test_a_burst_of_requests_is_told_though_it_says_it_comes_from_a_browser(
    watch: Watch, newcomer: Person, cli: Cli
) -> None:
    newcomer.api.headers["user-agent"] = BROWSER
    for pause in _uneven(10):
        newcomer.command(newcomer.ask("role1"), "cancel")
        sleep(pause)

    event = watch.found("access_automation", newcomer)
    shown = looked_up(watch.auditor, cli, event)

    finding = event["details"]["finding"]
    values = finding["evidence"]["values"]
    assert (finding["severity"], values["user_agent"]) == ("low", BROWSER)
    assert values["burst"] == {"requests": 10}
    assert not {"regular", "client"} & set(values)
    assert len(shown["evidence"]["entries"]) == 10
    assert shown["evidence"]["thresholds"]["burst_requests"] == 10
    assert "revoke" not in shown["_links"]


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


def test_an_anomaly_is_read_by_an_auditor_and_judged_by_an_administrator_only(
    watch: Watch, newcomer: Person, person: Callable[[str], Person], risky: str
) -> None:
    ada, ivo, maya = person("ada"), person("ivo"), person("maya")
    request_id = ask_for_customers(newcomer, risky)
    newcomer.wait_for(request_id, "GRANTED")
    event = watch.found("high_risk_access", newcomer)

    [listed] = ivo.get("/v1/anomalies", integration=risky, type="high_risk_access", last="1h")["anomalies"]
    path = f"/v1/anomalies/{listed['id']}"
    shown, unseen = ivo.get(path), maya.api.get(path).status_code
    refused = [someone.post(f"{path}/revoke", {"reason": "why not"}).status_code for someone in (ivo, maya)]
    revoked = ada.post(f"{path}/revoke", {"reason": "nobody knows of it"})
    newcomer.wait_for(request_id, "REVOKED")

    assert (listed["id"], listed["state"], listed["request_id"]) == (event["resource"]["id"], "open", request_id)
    assert _linked(ivo, shown) == {"self": 200, "request": 200, "timeline": 200, "flow": 200}
    assert (refused, unseen) == ([403, 403], 403)
    assert revoked.is_success, revoked.text
    assert "revoke" in shown["_links"]
    assert "revoke" not in ivo.get(path)["_links"]


def test_an_anomaly_is_seen_to_from_the_command_line(watch: Watch, newcomer: Person, risky: str, cli: Cli) -> None:
    request_id = ask_for_customers(newcomer, risky)
    newcomer.wait_for(request_id, "GRANTED")
    watch.found("high_risk_access", newcomer)
    cli("login", "ada")
    run = partial(cli, "anomalies")

    [listed] = run("list", "--integration", risky, "--type", "high_risk_access", "--state", "open", "--last", "1h")[
        "anomalies"
    ]
    run("acknowledge", listed["id"], "--note", "looking")
    run("revoke", listed["id"], "--reason", "nobody knows of it")
    run("resolve", listed["id"], "--note", "a drill")
    shown = run("show", listed["id"])
    counted = run("replay", "--since", "1h", "--dry-run")
    newcomer.wait_for(request_id, "REVOKED")

    assert (shown["state"], shown["note"], shown["resolved_by"]["name"]) == ("resolved", "a drill", "Ada Berg")
    assert counted["state"] == "done"
    assert counted["counts"]["high_risk_access"] >= 1
    judged = watch.inbox.wait_for(lambda message: _is_judgement(message, of=listed["id"]), count=2)
    assert [message["event_type"] for message in judged] == ["anomaly.acknowledged", "anomaly.resolved"]


def test_an_alert_rule_of_ones_own_is_told_like_all_others(watch: Watch, newcomer: Person, cli: Cli) -> None:
    cli("login", "ada")
    run, rule = partial(cli, "alert-rules"), f"withdrawn-{uuid4().hex[:8]}"
    run("add", rule, "--event", "access.canceled", "--count", "2", "--within", "10m", "--severity", "high")
    for _ in range(2):
        newcomer.command(newcomer.ask("role1"), "cancel")

    finding = watch.told({"type": "alert_rule", "rule": rule})["details"]["finding"]
    tried = run("try", rule, "--since", "1h", "--count", "3")
    run("remove", rule)

    assert finding["severity"] == "high"
    assert len(finding["evidence"]["entries"]) == 2
    assert tried["state"] == "done"


def looked_up(auditor: Person, cli: Cli, event: JsonObject) -> JsonObject:
    """Look an anomaly up by filters, and itself, at the API and from the command line, which must agree; return it."""
    found = event["details"]["finding"]
    narrow = {
        "type": found["type"],
        "severity": found["severity"],
        "state": "open",
        "user": found["requester"]["id"],
        "integration": found["integration"],
        "last": "1h",
    }
    options = [f"--{name}={value}" for name, value in narrow.items()]
    cli("login", "ivo")
    run = partial(cli, "anomalies")

    [listed] = auditor.get("/v1/anomalies", request_id=found["request_id"], resource="orders", **narrow)["anomalies"]
    [typed] = run("list", *options, "--request", found["request_id"])["anomalies"]
    shown = auditor.get(f"/v1/anomalies/{listed['id']}")

    assert listed["id"] == event["resource"]["id"]
    assert (typed, run("show", listed["id"])) == (listed, shown)
    assert not auditor.get("/v1/anomalies", **narrow | {"severity": "high"})["anomalies"]
    assert _linked(auditor, shown) == {"self": 200, "request": 200, "timeline": 200, "flow": 200}
    evidence = shown["evidence"]
    assert [auditor.get(entry["href"])["id"] for entry in evidence["entries"]] == found["evidence"]["entries"]
    assert all(evidence[part] == found["evidence"][part] for part in ("values", "thresholds"))
    assert (shown["recommended"], shown["reason"]) == (found["recommended"], found["reason"])
    return shown


def _is_judgement(message: JsonObject, *, of: str) -> bool:
    return bool(message["resource"]["id"] == of and message["event_type"] != "anomaly.detected")


def _linked(someone: Person, anomaly: JsonObject) -> dict[str, int]:
    """Follow what can be read."""
    links: dict[str, Any] = anomaly["_links"]
    return {name: someone.api.get(link["href"]).status_code for name, link in links.items() if name != "revoke"}
