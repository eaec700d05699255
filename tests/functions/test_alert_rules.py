"""Alert rules through the API, and what they then find."""

from typing import Any

import pytest

from nightlatch.domain.alert_rule import MOST_RULES
from nightlatch.domain.anomaly import Anomaly, AnomalyType
from nightlatch.domain.audit_event import EventType
from tests.builders import ADA, IVO, MAYA, World
from tests.functions.client import Answer, Client

RULES = "/v1/alert-rules"
MINE = f"{RULES}/mine"
CHOSEN: dict[str, Any] = {"name": "Mine", "events": {"event_types": ["access.requested"]}}


def made(client: Client, **more: object) -> Answer:
    answer = client.post(RULES, {**CHOSEN, "id": "mine", **more}, by=ADA)
    assert answer.status == 201, answer.text
    return answer


def edited(client: Client, etag: str, path: str = MINE, **more: object) -> Answer:
    return client.put(path, {**CHOSEN, **more}, by=ADA, headers={"if-match": etag})


def matched(world: World) -> list[Anomaly]:
    return [one for one in world.detected() if one.finding.type is AnomalyType.ALERT_RULE]


def test_a_rule_is_made_and_finds_what_it_asks_for(client: Client, world: World) -> None:
    answer = made(client, severity="high")
    world.submitted()

    [anomaly] = matched(world)

    assert (answer.headers["Location"], answer.headers["ETag"]) == (MINE, '"1"')
    shown = client.get(f"/v1/anomalies/{anomaly.id}", by=IVO).json
    assert (shown["type"], shown["severity"], shown["rule"]) == ("alert_rule", "high", "mine")
    assert shown["_links"]["rule"]["href"] == MINE
    assert shown["requester"]["id"] == MAYA.id


def test_a_rule_that_is_off_or_gone_finds_nothing(client: Client, world: World) -> None:
    made(client, is_active=False)
    world.submitted()
    assert not matched(world)

    assert edited(client, '"1"').status == 200
    assert client.call("DELETE", MINE, by=ADA, headers={"if-match": '"2"'}).status == 204
    world.submitted("role3")
    assert not matched(world)
    assert client.get(MINE, by=ADA).status == 404


def test_failed_sign_ins_are_found_without_anybody_making_a_rule(client: Client, world: World) -> None:
    for _ in range(5):
        world.sign_ins.attempted(MAYA, client="cli")
    world.clock.advance(world.clock.now - world.clock.now.replace(hour=0))
    world.tallying.tell()

    [anomaly] = matched(world)

    assert (anomaly.finding.rule, anomaly.finding.evidence.values["count"]) == ("failed-sign-ins", 5)
    assert client.get(f"{RULES}/failed-sign-ins", by=IVO).headers["ETag"] == '"0"'


def test_what_comes_with_nightlatch_can_be_changed_and_switched_off_but_not_removed(client: Client) -> None:
    path = f"{RULES}/failed-sign-ins"
    assert [(one["id"], one["is_active"]) for one in client.get(RULES, by=IVO).json["alert_rules"]] == [
        ("failed-sign-ins", True),
        ("settings-out-of-hours", False),
    ]

    assert edited(client, '"0"', path, is_active=False).headers["ETag"] == '"1"'
    assert client.call("DELETE", path, by=ADA, headers={"if-match": '"1"'}).status == 409
    assert client.post(RULES, {**CHOSEN, "id": "failed-sign-ins"}, by=ADA).status == 409
    assert [one["version"] for one in client.get(RULES, by=IVO).json["alert_rules"]] == [1, 0]


def test_a_change_names_the_version_that_it_replaces(client: Client) -> None:
    """C4: a stale If-Match."""
    made(client)

    assert client.put(MINE, {**CHOSEN, "count": 2}, by=ADA).status == 428
    assert edited(client, '"7"', count=2).status == 412
    assert client.call("DELETE", MINE, by=ADA).status == 428
    assert client.call("DELETE", MINE, by=ADA, headers={"if-match": '"7"'}).status == 412
    assert edited(client, '"1"', count=2).headers["ETag"] == '"2"'
    assert edited(client, '"2"', count=2).headers["ETag"] == '"2"'


def test_each_change_is_an_event_with_before_and_after(client: Client, world: World) -> None:
    made(client)
    edited(client, '"1"', count=2)
    client.call("DELETE", MINE, by=ADA, headers={"if-match": '"2"'})

    created, updated, deleted = [event for event in world.events() if event.resource.type == "alert_rule"]

    assert (created.event_type, created.details["before"]) == (EventType.ALERT_RULE_CREATED, None)
    assert (updated.details["before"], updated.details["after"]) == ({"count": 1}, {"count": 2})
    assert (deleted.event_type, deleted.details["after"]) == (EventType.ALERT_RULE_DELETED, None)
    assert isinstance(deleted.details["before"], dict)
    assert deleted.details["before"]["count"] == 2


def test_what_exists_is_not_made_twice_and_there_are_not_too_many(client: Client) -> None:
    again = {"idempotency-key": "1"}
    for _ in range(2):
        assert client.post(RULES, {**CHOSEN, "id": "mine"}, by=ADA, headers=again).status == 201
    assert client.post(RULES, {**CHOSEN, "id": "mine"}, by=ADA).status == 409
    for number in range(3, MOST_RULES):
        made(client, id=f"rule-{number}")
    assert client.post(RULES, {**CHOSEN, "id": "more"}, by=ADA).status == 429


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"count": 0}, "/count"),
        ({"count": 51}, "/count"),
        ({"window_minutes": 1441}, "/window_minutes"),
        ({"per": "planet"}, "/per"),
        ({"severity": "info"}, "/severity"),
        ({"events": {"event_types": ["NO"]}}, "/events/event_types/0"),
        ({"events": {"colour": "red"}}, "/events/colour"),
        ({"hours": {"hours": {"zone": "Mars"}}}, "/hours/hours/zone"),
        ({"colour": "red"}, "/colour"),
        ({"id": "Not A Slug"}, "/id"),
    ],
)
def test_what_is_wrong_is_named(client: Client, wrong: dict[str, Any], place: str) -> None:
    """C3: unknown fields too."""
    answer = client.post(RULES, {**CHOSEN, "id": "mine", **wrong}, by=ADA)

    assert (answer.status, list(answer.faults)) == (400, [place])
