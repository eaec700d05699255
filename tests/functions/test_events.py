"""The events of `events/`, handed to the functions as `sam local invoke` would."""

import json
from typing import Any

import pytest

from tests.builders import NOA, World, a_call
from tests.functions.client import ROOT, Client
from tests.functions.conftest import Lines

API_EVENTS = sorted(
    path
    for path in (ROOT / "events").glob("*.json")
    if path.stem.startswith(
        (
            "access_requests_",
            "approvals_",
            "access_flows_",
            "integrations_",
            "audit_",
            "exports_",
            "settings_",
            "ingestion_",
            "anomalies_",
        )
    )
)
ID_IN_EVENTS = "req_06h021j1gdo016sqb7d1q6oobk"


def function_of(stem: str) -> str:
    return next(
        name
        for name in (
            "access_requests",
            "access_flows",
            "approvals",
            "integrations",
            "audit",
            "exports",
            "settings",
            "ingestion",
            "anomalies",
        )
        if stem.startswith(name)
    )


def event_of(stem: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{stem}.json").read_text())
    return event


@pytest.mark.parametrize("stem", [path.stem for path in API_EVENTS])
def test_each_event_is_answered_by_its_function_and_logged(client: Client, log: Lines, stem: str) -> None:
    answer = client.send(event_of(stem), to=function_of(stem))

    assert answer.status < 500
    assert answer.text
    assert log()[-1]["message"] == "call answered"


@pytest.mark.parametrize(
    ("stem", "status"),
    [
        ("access_requests_submit", 201),
        ("access_requests_dry_run", 200),
        ("access_requests_bundle", 201),
        ("access_requests_list", 200),
        ("access_requests_health", 200),
        ("access_requests_whoami", 200),
        ("access_requests_catalog", 200),
        ("access_flows_list", 200),
        ("access_flows_put", 200),
        ("approvals_list", 200),
        ("integrations_scan", 200),
        ("audit_feed", 200),
        ("audit_entries", 200),
        ("settings_put", 200),
        ("ingestion_write", 403),
        ("exports_export", 200),
    ],
)
def test_these_events_do_what_they_are_for(client: Client, stem: str, status: int) -> None:
    assert client.send(event_of(stem)).status == status


def test_a_request_is_followed_from_the_event_to_the_timeline(client: Client, world: World) -> None:
    submitted = client.send(event_of("access_requests_submit")).json
    event = event_of("approvals_approve")
    event["rawPath"] = event["rawPath"].replace(ID_IN_EVENTS, submitted["id"])

    approved = client.send(event).json

    assert approved["status"] == "APPROVED"
    world.approvals.waiting(a_call(NOA))
    assert world.told(submitted["id"]) == ["access.requested", "access.role.approved", "access.approved"]
