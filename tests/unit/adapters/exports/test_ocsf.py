"""OCSF 1.8.0: every event of the catalogue, and every other, is an event that the schema admits."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.adapters.exports.ocsf import ACTIVITIES, OTHER, OcsfLines, activity_of, kind_of, ocsf_event
from nightlatch.domain.access_request import Status
from nightlatch.domain.audit_event import SEVERITIES, EventType, ResourceReference, Severity
from nightlatch.domain.identity import SYSTEM, Actor, ActorType
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.local_time import LocalTime
from tests.builders import MAYA, NOON, a_chain, a_history, a_request, an_event
from tests.builders import an_entry as an_entry_of
from tests.unit.adapters.exports.ocsf_schema import activities_of, faults_of

CALL = {"method": "GET", "path": "/v1/audit", "query": "limit=100", "referer": "https://console.example.com"}
COMING = ["auth.login.success", "auth.login.failed", "auth.logout", "auth.account.locked", "audit.read",
          "anomaly.detected", "anomaly.acknowledged", "anomaly.resolved", "settings.updated", "report.created",
          "destination.disabled", "subscription.added", "discovery.vault.error", "x"]  # fmt: skip


def an_entry(event_type: str, **fields: Any) -> LedgerEntry:
    severity = SEVERITIES.get(EventType(event_type), Severity.INFO) if event_type in set(EventType) else Severity.INFO
    return a_chain(1)[0].model_copy(update={"event_type": event_type, "severity": severity, **fields})


@pytest.mark.parametrize("event_type", [*(event.value for event in EventType), *COMING])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {
            "actor": MAYA.as_actor(),
            "details": {"call": CALL, "session_user": "nl_maya", "justification": "INC-1"},
            "ip_address": "192.0.2.50",
            "user_agent": "curl/8",
            "request_id": "req_1",
            "integration": "orders-db",
        },
        {
            "actor": Actor(type=ActorType.SERVICE, id="usr_robot", email="the robot"),
            "details": {"call": "?", "session_user": 1, "items": "?"},
            "ip_address": "2001:db8:85a3::8a2e:370:7334",
        },
        {
            "actor": Actor(type=ActorType.USER, id=""),
            "resource": ResourceReference(type="", id=""),
            "description": "",
            "details": {"items": [1, {}, {"permission": ""}, {"permission": 1}]},
        },
    ],
    ids=["of the system", "by a call", "by a service, with odd details", "of a system that names nothing"],
)
def test_every_event_is_one_that_the_schema_admits(event_type: str, fields: dict[str, Any]) -> None:
    assert faults_of(ocsf_event(an_entry(event_type, **fields))) == []


@pytest.mark.parametrize(
    ("event_type", "type_uid", "status_id"),
    [
        ("access.granted", 300501, 1),
        ("access.grant.failed", 300501, 2),
        ("access.revoked", 300502, 1),
        ("access.expired", 300502, 1),
        ("access.returned", 300502, 1),
        ("access.revoke.failed", 300502, 2),
        ("access.revoking", 300502, 0),
        ("access.extended", 300599, 1),
        ("access.requested", 300401, 1),
        ("access.approved", 300403, 1),
        ("access.approval.refused", 300403, 2),
        ("flow.created", 300401, 1),
        ("flow.updated", 300403, 1),
        ("flow.deleted", 300404, 1),
        ("integration.added", 300401, 1),
        ("discovery.scan.failed", 300499, 2),
        ("auth.login.success", 300201, 1),
        ("auth.login.failed", 300201, 2),
        ("auth.logout", 300202, 1),
        ("auth.account.locked", 300299, 2),
        ("audit.read", 600302, 1),
        ("audit.exported", 600302, 1),
        ("access.credentials.viewed", 600302, 1),
        ("anomaly.detected", 200401, 1),
        ("anomaly.acknowledged", 200402, 2),
        ("anomaly.resolved", 200403, 4),
        ("subscription.added", 300401, 1),
        ("rotation.completed", 300499, 1),
    ],
)
def test_an_event_has_its_class_its_activity_and_its_outcome(event_type: str, type_uid: int, status_id: int) -> None:
    event = ocsf_event(an_entry(event_type))

    assert (event["type_uid"], event["status_id"]) == (type_uid, status_id)


def test_each_event_of_an_access_is_placed_by_name_not_by_chance() -> None:
    told_apart = {"access.extended", "access.drift.detected"}
    assert {event.value for event in EventType if event.startswith("access.")} - told_apart <= ACTIVITIES.keys()


@pytest.mark.parametrize("event_type", ACTIVITIES)
def test_every_activity_that_the_table_names_is_one_of_its_class(event_type: str) -> None:
    kind = kind_of(event_type)

    assert activity_of(event_type, kind)[0] in activities_of(kind.uid) - {OTHER}


def test_privileges_are_those_of_the_account_at_the_target() -> None:
    granted = an_entry("access.granted", details={"session_user": "nl_maya"}, actor=SYSTEM, integration="orders-db")

    event = ocsf_event(granted)

    assert event["user"] == {"name": "nl_maya"}
    assert {"type": "integration", "uid": "orders-db"} in event["resources"]


def test_privileges_are_the_permissions_of_the_items_each_once() -> None:
    items = [{"permission": "write"}, {"permission": "read"}, {"permission": "write"}]

    event = ocsf_event(an_entry("access.revoked", details={"items": items}))

    assert event["privileges"] == ["write", "read"]


@pytest.mark.parametrize("details", [{}, {"items": []}, {"items": [{"resource": "orders"}]}, {"items": None}])
def test_privileges_that_nobody_told_are_unknown(details: dict[str, Any]) -> None:
    assert ocsf_event(an_entry("access.revoked", details=details))["privileges"] == ["Unknown"]


def test_whatever_happens_to_an_access_says_which_privileges_it_is_about() -> None:
    request = a_request("write", "read")
    history = a_history(request)
    granted, expired = history[Status.GRANTED].state, history[Status.EXPIRED].state
    found = granted.missed(at=NOON), expired.drifted(at=NOON, due_at=NOON)
    entries = [an_entry_of(event) for change in (*history.values(), *found) for event in change.events]

    events = [ocsf_event(entry) for entry in entries]

    told = {event["metadata"]["event_code"]: event["privileges"] for event in events if event["class_uid"] == 3005}
    assert set(told) == {
        "access.granted",
        "access.grant.failed",
        "access.revoking",
        "access.expired",
        "access.revoked",
        "access.drift.detected",
    }
    assert all(privileges == ["write", "read"] for privileges in told.values())
    assert [faults_of(event) for event in events] == [[]] * len(events)


def test_a_call_says_where_it_came_from_and_how() -> None:
    event = ocsf_event(an_entry("flow.updated", details={"call": CALL}, ip_address="192.0.2.50", user_agent="curl/8"))

    assert event["src_endpoint"] == {"ip": "192.0.2.50"}
    assert event["http_request"] == {
        "http_method": "GET",
        "url": {"path": "/v1/audit", "query_string": "limit=100"},
        "referrer": "https://console.example.com",
        "user_agent": "curl/8",
    }
    assert "details" not in event["unmapped"]


def test_times_are_milliseconds_of_the_epoch_and_the_entry_can_be_found_again() -> None:
    entry = an_entry("flow.updated")

    event = ocsf_event(entry)

    assert event["time"] == event["metadata"]["logged_time"] == int(NOON.timestamp() * 1000)
    assert (event["metadata"]["uid"], event["metadata"]["sequence"]) == (entry.id, entry.seq)
    assert event["unmapped"]["hash"] == entry.hash


@given(name=st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,3}", fullmatch=True))
def test_names_of_other_systems_have_their_place(name: str) -> None:
    assert faults_of(ocsf_event(an_entry(name))) == []


def test_one_event_is_one_line() -> None:
    entry = an_entry(an_event().event_type, description="a\r\nb\u202e")

    line = OcsfLines(LocalTime(zone="UTC")).row(entry)

    assert line.count("\n") == 1
    assert json.loads(line)["message"] == "a\r\nb\u202e"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("user", None, "$.user: None is not of type 'object'"),
        ("privileges", [1], "$.privileges[0]: 1 is not of type 'string'"),
        ("more", 1, "$: Additional properties are not allowed ('more' was unexpected)"),
        ("type_uid", 300503, "type_name is not that of type_uid"),
        ("severity", "Low", "severity is not that of severity_id"),
    ],
)
def test_the_schema_refuses_what_is_wrong(name: str, value: object, fault: str) -> None:
    assert fault in faults_of({**ocsf_event(an_entry("access.revoked")), name: value})


def test_the_schema_refuses_what_is_incomplete() -> None:
    names = "access.revoked", "auth.logout", "anomaly.resolved"
    revoked, logout, finding = (ocsf_event(an_entry(name)) for name in names)

    assert faults_of(_without("privileges", revoked)) == ["$: 'privileges' is a required property"]
    assert len(faults_of(_without("service", logout))) == 1
    assert len(faults_of({**finding, "metadata": _without("profiles", finding["metadata"])})) == 1


def _without(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {each: value for each, value in values.items() if each != name}
