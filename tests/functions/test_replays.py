"""Replays through the API: the past is looked through once more, or settings and rules are tried on it."""

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.anomaly import AnomalyType
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection_lane import MOST_EXAMPLES
from nightlatch.domain.value import rfc3339
from nightlatch.services.ports.anomalies import AnomalyFilter
from nightlatch.services.replays import MOST_UNDER_WAY
from tests.builders import ADA, IVO, MAYA, NOA, NOON, World, a_call
from tests.functions.client import Answer, Client

REPLAYS = "/v1/anomalies/replays"
LONG_AGO = rfc3339(NOON - timedelta(days=1))
FIRST_REQUESTS = {"inactive_user": 1}
ASKING_NOA = NOA.model_copy(update={"groups": frozenset({"developers"})})
RULE: dict[str, Any] = {"id": "mine", "name": "Mine", "events": {"event_types": ["access.requested"]}, "count": 2}


def begun(client: Client, **more: object) -> Answer:
    answer = client.post(REPLAYS, {"since": LONG_AGO, "dry_run": True, **more}, by=ADA)
    assert answer.status == 202, answer.text
    return answer


def worked_off(client: Client, world: World, answer: Answer) -> Any:
    """Let a worker do what it was woken for, and read what came of it."""
    for lane_id in world.detection_workers.woken:
        while world.detection.step(lane_id):
            pass
    return client.get(answer.headers["Location"], by=IVO).json


def ask(world: World, *roles: str) -> None:
    for role in roles:
        world.submitted(role)
    world.events()


def kept(world: World) -> int:
    return len(list(world.anomalies.candidates(AnomalyFilter())))


def test_a_dry_run_counts_and_shows_what_it_finds_and_keeps_none_of_it(client: Client, world: World) -> None:
    ask(world, "role1", "role3")

    answer = begun(client)
    assert (answer.json["state"], answer.json["progress_percent"]) == ("running", 0)
    done = worked_off(client, world, answer)

    assert (done["state"], done["progress_percent"], done["counts"]) == ("done", 100, FIRST_REQUESTS)
    [example] = done["examples"]
    assert (example["type"], "first time ever" in example["reason"]) == ("inactive_user", True)
    assert kept(world) == 0
    assert EventType.ANOMALY_DETECTED not in {event.event_type for event in world.events()}


def test_what_a_replay_finds_is_kept_and_told_once_however_often_it_is_repeated(client: Client, world: World) -> None:
    ask(world, "role1")
    for _ in range(2):
        done = worked_off(client, world, begun(client, dry_run=False))
        assert (done["counts"], done["examples"]) == (FIRST_REQUESTS, [])
    world.detected()

    assert kept(world) == 1
    assert [event.event_type for event in world.events()].count(EventType.ANOMALY_DETECTED) == 1


def test_settings_can_be_tried(client: Client, world: World) -> None:
    ask(world, "role1")

    none = worked_off(client, world, begun(client, choices={"inactive_user": {"enabled": False}}))

    assert none["counts"] == {}


def test_a_rule_can_be_tried_by_itself(client: Client, world: World) -> None:
    ask(world, "role1", "role3")

    done = worked_off(client, world, begun(client, rule=RULE))

    assert (done["rule"], done["counts"]) == ("mine", {"alert_rule": 1})
    assert client.get("/v1/alert-rules/mine", by=ADA).status == 404


def test_only_what_is_between_the_two_times_is_found_but_what_was_before_is_remembered(
    client: Client, world: World
) -> None:
    ask(world, "role1")
    world.clock.advance(timedelta(hours=1))
    since = rfc3339(world.clock.now)
    ask(world, "role3")
    world.submitted(by=ASKING_NOA)
    world.events()
    world.clock.advance(timedelta(hours=1))
    until = rfc3339(world.clock.now)
    world.submitted("role3", by=ASKING_NOA)
    world.events()

    done = worked_off(client, world, begun(client, since=since, until=until))

    assert (done["first_seq"], done["counts"]) == (1, FIRST_REQUESTS)
    assert NOA.name in done["examples"][0]["reason"]


def test_a_rule_that_is_tried_remembers_a_window_of_what_was_before(client: Client, world: World) -> None:
    ask(world, "role1")
    world.clock.advance(timedelta(hours=1))
    ask(world, "role3")
    world.clock.advance(timedelta(minutes=5))
    since = rfc3339(world.clock.now)
    world.submitted("role1", by=ASKING_NOA)
    world.events()

    done = worked_off(client, world, begun(client, since=since, rule={**RULE, "per": "all"}))

    assert (done["first_seq"] > 1, done["counts"]) == (True, {"alert_rule": 1})


def test_there_are_not_more_examples_than_people_read(client: Client, world: World) -> None:
    for _ in range(MOST_EXAMPLES + 1):
        world.requests.cancel(world.submitted().id, a_call(MAYA))
    world.events()

    rule = {**RULE, "count": 1, "per": "resource"}
    done = worked_off(client, world, begun(client, rule=rule))

    assert (done["counts"], len(done["examples"])) == ({"alert_rule": MOST_EXAMPLES + 1}, MOST_EXAMPLES)


def test_a_replay_that_nobody_could_be_woken_for_is_found_by_the_sweep(client: Client, world: World) -> None:
    ask(world, "role1")
    world.detection_workers.is_down = True

    answer = begun(client)

    assert answer.json["id"] in world.detection.unfinished()


def test_that_somebody_looks_through_the_past_is_an_event(client: Client, world: World) -> None:
    ask(world, "role1")
    begun(client, rule=RULE)

    [told] = [event for event in world.events() if event.event_type == EventType.ANOMALIES_REPLAYED]

    assert (told.actor.id, told.details["dry_run"], told.details["since"]) == (ADA.id, True, LONG_AGO)
    assert isinstance(told.details["rule"], dict)


def test_the_same_call_again_begins_no_other(client: Client, world: World) -> None:
    """C4: the same Idempotency-Key."""
    ask(world, "role1")
    body, again = {"since": LONG_AGO, "dry_run": True}, {"idempotency-key": "1"}

    answers = [client.post(REPLAYS, body, by=ADA, headers=again) for _ in range(2)]

    assert answers[0].json == answers[1].json
    assert len(world.anomalies.lanes()) == 1


def test_only_so_many_are_under_way_at_once(client: Client, world: World) -> None:
    ask(world, "role1")
    for _ in range(MOST_UNDER_WAY):
        last = begun(client)
    body = {"since": LONG_AGO, "dry_run": True}
    assert client.post(REPLAYS, body, by=ADA).status == 429

    worked_off(client, world, last)
    assert client.post(REPLAYS, body, by=ADA).status == 202


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"since": "2026-11-22T00:00"}, "/since"),
        ({"since": "2030-01-01T00:00:00Z"}, "/since"),
        ({"dry_run": "yes"}, "/dry_run"),
        ({"dry_run": False, "rule": RULE}, ""),
        ({"choices": {}, "rule": RULE}, ""),
        ({"rule": {**RULE, "count": 0}}, "/rule/count"),
        ({"choices": {"inactive_user": {"days": 0}}}, "/choices/inactive_user/days"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_what_is_wrong_is_named(client: Client, world: World, wrong: dict[str, Any], place: str) -> None:
    """C3: unknown fields too."""
    ask(world, "role1")
    answer = client.post(REPLAYS, {"since": LONG_AGO, "dry_run": True, **wrong}, by=ADA)

    assert (answer.status, list(answer.faults)) == (400, [place])


def test_the_live_lane_is_no_replay(client: Client, world: World) -> None:
    ask(world, "role1")
    world.detected()

    for name in ("live", "rpl_none"):
        assert client.get(f"{REPLAYS}/{name}", by=ADA).status == 404


def test_a_replay_finds_nothing_of_other_kinds_while_a_rule_is_tried(client: Client, world: World) -> None:
    ask(world, "role1")

    done = worked_off(client, world, begun(client, rule={**RULE, "count": 1}))

    assert set(done["counts"]) == {AnomalyType.ALERT_RULE}
