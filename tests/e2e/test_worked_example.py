"""The worked example: two roles, two approvers, a session user that logs in, and a give-back that leaves nothing."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pg8000.native  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.e2e.person import Person

EVENTS = [
    ("access.requested", "session"),
    ("access.role.approved", "role"),
    ("access.role.approved", "role"),
    ("access.approved", "session"),
    ("access.granted", "session"),
    ("access.credentials.viewed", "session"),
    ("access.revoking", "session"),
    ("access.returned", "session"),
]


def _connect(credentials: dict[str, Any]) -> pg8000.native.Connection:
    return pg8000.native.Connection(
        credentials["user"],
        host=credentials["host"],
        port=int(credentials["port"]),
        database=credentials["database"],
        password=credentials["password"],
        timeout=10,
    )


def test_two_roles_are_approved_used_and_given_back(person: Callable[[str], Person]) -> None:
    maya, ada, noa = person("maya"), person("ada"), person("noa")

    request_id = maya.ask("role1", "role3")
    items = {item["permission"]["name"]: item["id"] for item in maya.get(f"/v1/requests/{request_id}")["items"]}
    after_one = ada.command(request_id, "approve", {"items": [items["role3"]], "reason": "on call"})
    noa.command(request_id, "approve", {"items": [items["role1"]]})
    granted = maya.wait_for(request_id, "GRANTED")
    credentials = maya.command(request_id, "credentials")
    session = _connect(credentials)
    roles = session.run("SELECT pg_has_role(current_user, 'role1', 'SET'), pg_has_role(current_user, 'role3', 'SET')")
    maya.command(request_id, "return", {"reason": "done"})
    closed = maya.wait_for(request_id, "CANCELED")
    events = maya.timeline(request_id, count=len(EVENTS))

    assert after_one["status"] == "PENDING"
    assert granted["session_user"] == credentials["user"]
    assert roles == [[True, True]]
    assert closed["end_reason"] == "canceled"
    assert [(event["event_type"], event["scope"]) for event in events] == EVENTS
    assert [event["details"].get("permission") for event in events[1:3]] == ["role3", "role1"]
    assert all("start" not in event["details"] for event in events[1:3])
    assert events[3]["details"]["session_user"] == "TBD"
    assert events[4]["details"]["session_user"] == credentials["user"]
    with pytest.raises((pg8000.native.InterfaceError, pg8000.native.DatabaseError)):
        session.run("SELECT 1")
    with suppress(pg8000.native.InterfaceError):  # it says good-bye to a server that has hung up
        session.close()
    with pytest.raises(pg8000.native.DatabaseError):
        _connect(credentials)


def test_credentials_are_shown_to_the_requester_only_and_gone_at_the_end(person: Callable[[str], Person]) -> None:
    maya, ada = person("maya"), person("ada")
    request_id = maya.ask("reporting_read")
    maya.wait_for(request_id, "GRANTED")

    by_an_admin = ada.post(f"/v1/requests/{request_id}/credentials")
    ada.command(request_id, "revoke", {"reason": "drill"})
    maya.wait_for(request_id, "REVOKED")
    afterwards = maya.post(f"/v1/requests/{request_id}/credentials")

    assert by_an_admin.status_code == 403
    assert afterwards.status_code == 409


def test_two_steps_are_two_people_in_their_order(person: Callable[[str], Person]) -> None:
    maya, noa, omar, ada = (person(name) for name in ("maya", "noa", "omar", "ada"))
    request_id = maya.ask("orders_admin", duration="PT30M")

    noa.command(request_id, "approve")
    again = noa.command(request_id, "approve")
    before = maya.get(f"/v1/requests/{request_id}")["status"]
    not_asked = omar.post(f"/v1/requests/{request_id}/approve")
    ada.command(request_id, "approve")
    maya.wait_for(request_id, "GRANTED")
    maya.command(request_id, "return")

    assert again["items"][0]["approvals"] == 1
    assert before == "PENDING"
    assert not_asked.status_code == 409
