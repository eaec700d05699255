"""Deciding by what anomalies are found."""

from typing import Any

import pytest

from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.entrypoints.api.views.settings import AnomalySettingsView
from tests.builders import ADA, IVO, MAYA, ROBOT, World
from tests.functions.client import Client

PATH = "/v1/settings/anomalies"
DELIVERED: dict[str, Any] = AnomalyChoices().model_dump(mode="json")


def put(client: Client, *, if_match: str | None = '"0"', **change: Any) -> Any:
    headers = {"if-match": if_match} if if_match is not None else {}
    return client.put(PATH, DELIVERED | change, by=ADA, headers=headers)


def changed(section: str, **fields: Any) -> dict[str, Any]:
    return {section: DELIVERED[section] | fields}


def test_before_anybody_chooses_everything_is_as_delivered(client: Client) -> None:
    read = client.get(PATH, by=IVO)

    assert (read.status, read.headers["ETag"]) == (200, '"0"')
    assert read.json == {"version": 0, **DELIVERED}


def test_every_setting_is_shown() -> None:
    assert set(AnomalySettingsView.__annotations__) == {"version", *AnomalyChoices.model_fields}


def test_settings_are_replaced_and_read_back(client: Client) -> None:
    change = changed("inactive_user", days=30, exempt=[ROBOT.id]) | changed("words", sensitive=["ledger"])
    written, read = put(client, **change), client.get(PATH, by=IVO)

    assert (written.status, written.headers["ETag"]) == (200, '"1"')
    assert written.json == read.json == {"version": 1, **DELIVERED, **change}


def test_what_is_left_out_is_as_delivered(client: Client) -> None:
    put(client, **changed("inactive_user", days=30))
    answer = client.put(PATH, {"access_automation": {"enabled": False}}, by=ADA, headers={"if-match": '"1"'})

    assert answer.json == {"version": 2, **DELIVERED, **changed("access_automation", enabled=False)}


def test_the_event_holds_what_was_changed_and_nothing_else(client: Client, world: World) -> None:
    put(client, **changed("inactive_user", days=30))

    event = world.events()[-1]
    assert (event.event_type, event.actor.id) == ("settings.updated", ADA.id)
    assert (event.resource.type, event.resource.id) == ("settings", "anomalies")
    assert {name: event.details[name] for name in ("name", "before", "after")} == {
        "name": "anomalies",
        "before": {"inactive_user": DELIVERED["inactive_user"]},
        "after": changed("inactive_user", days=30),
    }


def test_the_same_again_changes_nothing(client: Client, world: World) -> None:
    put(client, **changed("inactive_user", days=30))
    told = len(world.told())

    again = put(client, if_match=None, **changed("inactive_user", days=30))

    assert (again.status, again.headers["ETag"], len(world.told())) == (200, '"1"', told)


@pytest.mark.parametrize(("if_match", "status"), [(None, 428), ('"0"', 412), ('"7"', 412)])
def test_settings_are_not_replaced_blindly(client: Client, if_match: str | None, status: int) -> None:
    """C4: stale If-Match."""
    put(client, **changed("inactive_user", days=30))

    answer = put(client, if_match=if_match)

    assert answer.status == status
    assert client.get(PATH, by=IVO).json["inactive_user"]["days"] == 30


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (changed("inactive_user", days=0), "/inactive_user/days"),
        (changed("inactive_user", days="90"), "/inactive_user/days"),
        (changed("inactive_user", enabled="yes"), "/inactive_user/enabled"),
        (changed("inactive_user", exempt=["robot"]), "/inactive_user/exempt/0"),
        (changed("inactive_user", weeks=3), "/inactive_user/weeks"),
        (changed("words", sensitive=["-"]), "/words/sensitive/0"),
        (changed("high_risk_access", severity="urgent"), "/high_risk_access/severity"),
        (changed("access_automation", renewals=1), "/access_automation/renewals"),
        (changed("access_automation", regular_gaps=31), "/access_automation/regular_gaps"),
        ({"version": 7}, "/version"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_changed(client: Client, change: dict[str, Any], pointer: str) -> None:
    """C3: unknown fields on settings."""
    answer = put(client, **change)

    assert (answer.status, set(answer.faults)) == (400, {pointer})
    assert client.get(PATH, by=IVO).json == {"version": 0, **DELIVERED}


def test_only_administrators_decide_and_only_auditors_look(client: Client) -> None:
    """C5: an auditor changes something."""
    assert client.put(PATH, DELIVERED, by=IVO, headers={"if-match": '"0"'}).status == 403
    assert client.get(PATH, by=MAYA).status == 403
