"""Deciding about the audit trail."""

from typing import Any

import pytest

from tests.builders import ADA, IVO, MAYA, ROBOT, World
from tests.functions.client import Client

PATH = "/v1/settings/audit"
CHOSEN: dict[str, Any] = {
    "retention_days": 180,
    "reads": "all",
    "writers": [{"principal_id": ROBOT.id, "events": ["access.*", "user.updated"]}],
}
DEFAULTS: dict[str, Any] = {"retention_days": 90, "reads": "sensitive", "writers": []}


def put(client: Client, *, if_match: str | None = '"0"', **change: Any) -> Any:
    headers = {"if-match": if_match} if if_match is not None else {}
    return client.put(PATH, CHOSEN | change, by=ADA, headers=headers)


def test_before_anybody_chooses_the_deployments_retention_holds(client: Client) -> None:
    read = client.get(PATH, by=IVO)

    assert (read.status, read.headers["ETag"]) == (200, '"0"')
    assert read.json == {"version": 0, **DEFAULTS}


def test_settings_are_replaced_as_a_whole_and_read_back(client: Client) -> None:
    written, read = put(client), client.get(PATH, by=IVO)

    assert (written.status, written.headers["ETag"]) == (200, '"1"')
    assert written.json == read.json == {"version": 1, **CHOSEN}


def test_the_event_holds_what_was_changed_and_nothing_else(client: Client, world: World) -> None:
    put(client, reads="sensitive", writers=[])

    event = world.events()[-1]
    assert (event.event_type, event.severity, event.actor.id) == ("settings.updated", "info", ADA.id)
    assert (event.resource.type, event.resource.id) == ("settings", "audit")
    assert {name: event.details[name] for name in ("name", "before", "after")} == {
        "name": "audit",
        "before": {"retention_days": 90},
        "after": {"retention_days": 180},
    }


def test_the_same_again_changes_nothing(client: Client, world: World) -> None:
    put(client)
    told = len(world.told())

    again = put(client, if_match=None)

    assert (again.status, again.headers["ETag"], len(world.told())) == (200, '"1"', told)


@pytest.mark.parametrize(("if_match", "status"), [(None, 428), ('"0"', 412), ('"7"', 412)])
def test_settings_are_not_replaced_blindly(client: Client, if_match: str | None, status: int) -> None:
    """C4: stale If-Match."""
    put(client)

    answer = put(client, if_match=if_match, retention_days=30)

    assert answer.status == status
    assert client.get(PATH, by=IVO).json["retention_days"] == 180


WRITER = CHOSEN["writers"][0]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"retention_days": 29}, "/retention_days"),
        ({"retention_days": 366}, "/retention_days"),
        ({"retention_days": 90.5}, "/retention_days"),
        ({"retention_days": "90"}, "/retention_days"),
        ({"retention_days": True}, "/retention_days"),
        ({"retention_days": None}, "/retention_days"),
        ({"reads": "none"}, "/reads"),
        ({"writers": [WRITER | {"principal_id": "robot"}]}, "/writers/0/principal_id"),
        ({"writers": [WRITER | {"events": ["DROP TABLE"]}]}, "/writers/0/events/0"),
        ({"writers": [WRITER | {"admin": True}]}, "/writers/0/admin"),
        ({"writers": [WRITER, WRITER]}, ""),
        ({"retention": 90}, "/retention"),
        ({"version": 7}, "/version"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_changed(client: Client, change: dict[str, Any], pointer: str) -> None:
    """C3: unknown fields on settings."""
    answer = put(client, **change)

    assert (answer.status, set(answer.faults)) == (400, {pointer})
    assert client.get(PATH, by=IVO).json == {"version": 0, **DEFAULTS}


@pytest.mark.parametrize("missing", CHOSEN)
def test_nothing_is_reset_by_being_left_out(client: Client, missing: str) -> None:
    body = {name: value for name, value in CHOSEN.items() if name != missing}

    answer = client.put(PATH, body, by=ADA, headers={"if-match": '"0"'})

    assert set(answer.faults) == {f"/{missing}"}


def test_only_administrators_decide_and_only_auditors_look(client: Client) -> None:
    """C5: an auditor changes something."""
    assert client.put(PATH, CHOSEN, by=IVO, headers={"if-match": '"0"'}).status == 403
    assert client.get(PATH, by=MAYA).status == 403
