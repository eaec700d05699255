"""Destinations through the API: made, changed, tested, stopped, and let deliver again."""

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.destination import KeptSecret
from nightlatch.services.destinations import MOST_DESTINATIONS, OLD_SECRET_KEPT
from tests.builders import ADA, IVO, World
from tests.fakes.destinations import LATER, REFUSED, welcoming
from tests.functions.client import Answer, Client
from tests.functions.conftest import Lines
from tests.unit.services.deliveries import happen, progress_of, receiver_of, sweep, work_off, work_off_rung

SIEM = "/v1/destinations/siem"
CHOSEN: dict[str, Any] = {"name": "SIEM", "settings": {"url": "https://siem.example"}}
NEW = {**CHOSEN, "id": "siem", "kind": "webhook", "secret": "hunter2-hunter2"}


def made(client: Client, **more: object) -> Answer:
    answer = client.post("/v1/destinations", {**NEW, **more}, by=ADA)
    assert answer.status == 201
    return answer


def edited(client: Client, etag: str = '"1"', **more: object) -> Answer:
    return client.put(SIEM, {**CHOSEN, **more}, by=ADA, headers={"if-match": etag})


def test_a_destination_is_made_and_its_secret_is_seen_nowhere(client: Client, world: World, log: Lines) -> None:
    answer = made(client, headers={"X-Api-Key": "hunter2-too"})

    assert (answer.headers["Location"], answer.json["new_secret"]) == (SIEM, None)
    [kept] = world.secrets.kept.values()
    assert KeptSecret.model_validate_json(kept) == KeptSecret(current="hunter2-hunter2")
    listed = client.get("/v1/destinations", by=IVO).text
    shown = [answer.text, client.get(SIEM, by=IVO).text, listed, str(log()), str(world.events())]
    assert "hunter2" not in "".join(shown)


def test_a_secret_that_is_made_here_is_told_once(client: Client, world: World) -> None:
    answer = client.post("/v1/destinations", {**NEW, "secret": ""}, by=ADA, headers={"idempotency-key": "1"})
    again = client.post("/v1/destinations", {**NEW, "secret": ""}, by=ADA, headers={"idempotency-key": "1"})

    assert (answer.json["new_secret"], again.json["new_secret"]) == ("made-here", None)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "made-here" not in client.get(SIEM, by=ADA).text + str(world.events())


def test_what_exists_is_not_made_twice_and_there_are_not_too_many(client: Client) -> None:
    made(client)
    assert client.post("/v1/destinations", NEW, by=ADA).status == 409
    for number in range(1, MOST_DESTINATIONS):
        made(client, id=f"siem-{number}")
    assert client.post("/v1/destinations", {**NEW, "id": "more"}, by=ADA).status == 429


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"kind": "pigeon"}, "/kind"),
        ({"settings": {}}, "/settings/url"),
        ({"secret": "weak"}, "/secret"),
        ({"format": "template", "template": "{{"}, "/template"),
        ({"secret": ["hunter2"]}, "/secret"),
        ({"headers": {"Host": "other"}}, "/headers"),
        ({"timeout": 31}, "/timeout"),
        ({"colour": "red"}, "/colour"),
        ({"selection": {"colour": "red"}}, "/selection/colour"),
        ({"from_entry": "1"}, "/from_entry"),
    ],
)
def test_what_is_wrong_is_named(client: Client, wrong: dict[str, Any], place: str) -> None:
    """C3: unknown fields too."""
    answer = client.post("/v1/destinations", {**NEW, **wrong}, by=ADA)

    assert (answer.status, list(answer.faults)) == (400, [place])
    assert "hunter2" not in answer.text


def test_a_destination_may_begin_at_an_entry_or_at_a_time(client: Client, world: World) -> None:
    numbers = happen(world, 5)
    third, at = world.store.ledger[numbers[2]], world.store.ledger[numbers[3]].recorded_at

    assert made(client, from_entry=third.id).json["progress"]["next_seq"] == third.seq
    begun = made(client, id="timed", since=at.isoformat()).json["progress"]
    assert begun["next_seq"] == next(seq for seq in numbers if world.store.ledger[seq].recorded_at >= at)
    both = client.post("/v1/destinations", {**NEW, "from_entry": third.id, "since": at.isoformat()}, by=ADA)
    assert both.status == 400


def test_a_change_names_the_version_that_it_replaces(client: Client, world: World) -> None:
    """C4: a stale If-Match."""
    made(client)

    assert client.put(SIEM, {**CHOSEN, "name": "Ours"}, by=ADA).status == 428
    assert edited(client, '"7"', name="Ours").status == 412
    answer = edited(client, name="Ours")
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert edited(client, '"2"', name="Ours").headers["ETag"] == '"2"'
    told = world.events()[-1].details
    assert (told["before"], told["after"]) == ({"name": "SIEM"}, {"name": "Ours"})


def test_a_header_that_is_not_shown_stays_as_it_was_when_it_is_sent_back(client: Client, world: World) -> None:
    made(client, headers={"X-Api-Key": "k1", "X-Team": "a"})
    shown = client.get(SIEM, by=ADA).json["headers"]
    assert shown == {"X-Api-Key": "[redacted]", "X-Team": "a"}

    edited(client, headers={**shown, "X-Team": "b"})

    [standing] = world.store.standings()
    assert standing.destination.headers == {"X-Api-Key": "k1", "X-Team": "b"}


def test_a_change_lets_what_failed_be_tried_at_once(client: Client, world: World) -> None:
    made(client)
    happen(world, 1)
    receiver_of(world).answering = lambda _: LATER
    work_off(world)
    receiver_of(world).answering = welcoming
    world.delivery_queue.rung.clear()

    edited(client, timeout=20)
    work_off_rung(world)

    assert progress_of(world).live.retry_at is None
    assert receiver_of(world).taken


def test_a_new_secret_is_valid_beside_the_old_one_for_a_day(client: Client, world: World) -> None:
    made(client)
    assert client.post(f"{SIEM}/rotate-secret", {"secret": "weak"}, by=ADA).status == 400
    assert client.post(f"{SIEM}/rotate-secret", {"secret": "second-one"}, by=ADA).status == 200

    [kept] = world.secrets.kept.values()
    secret, now = KeptSecret.model_validate_json(kept), world.clock.now
    assert secret.valid(now) == ("second-one", "hunter2-hunter2")
    assert secret.valid(now + OLD_SECRET_KEPT) == ("second-one",)
    assert world.events()[-1].details["after"] == {"secret": "new"}


def test_a_call_that_is_repeated_gives_a_new_secret_once(client: Client, world: World) -> None:
    made(client)
    for _ in range(2):
        key = {"idempotency-key": "1"}
        assert client.post(f"{SIEM}/rotate-secret", {"secret": "second-one"}, by=ADA, headers=key).status == 200

    [kept] = world.secrets.kept.values()
    assert KeptSecret.model_validate_json(kept).previous == "hunter2-hunter2"
    assert world.told().count("destination.updated") == 1


def test_what_comes_while_it_is_disabled_waits(client: Client, world: World) -> None:
    made(client)
    happen(world)
    work_off(world)
    answer = client.post(f"{SIEM}/disable", {"reason": "moving"}, by=ADA)
    assert (answer.json["is_active"], answer.json["disabled_because"]) == (False, "")
    numbers = happen(world, 3)
    sweep(world)
    assert client.get(SIEM, by=IVO).json["progress"]["behind"] == 4  # and that it was disabled

    client.post(f"{SIEM}/enable", by=ADA)
    work_off_rung(world)

    assert set(numbers) <= set(receiver_of(world).numbers)
    assert world.told().count("destination.disabled") == 1


def test_a_destination_that_is_removed_gets_nothing_more_and_its_secret_is_gone(client: Client, world: World) -> None:
    made(client)
    assert client.call("DELETE", SIEM, by=ADA).status == 428
    assert client.call("DELETE", SIEM, by=ADA, headers={"if-match": '"1"'}).status == 204

    happen(world, 1)
    work_off(world)

    assert receiver_of(world).came == []
    assert "hunter2" not in str(world.secrets.kept)
    assert client.get(SIEM, by=ADA).status == 404
    assert world.store.standings() == []


def test_a_test_is_sent_at_once_marked_and_logged_and_is_no_event(client: Client, world: World) -> None:
    made(client, selection={"event_types": ["auth.*"]})
    head = world.store.chain.seq

    answer = client.post(f"{SIEM}/test", by=ADA)

    [parcel] = receiver_of(world).came
    [entry] = parcel.entries
    assert (entry.event_type, entry.details, entry.seq) == ("destination.test", {"test": True}, 0)
    assert (answer.json["result"], answer.json["status"], answer.json["is_test"]) == ("delivered", 200, True)
    assert client.get(f"{SIEM}/deliveries", by=IVO).json["deliveries"] == [answer.json]
    assert world.store.chain.seq == head
    assert "destination.test" not in world.told()


def test_a_test_that_fails_says_how(client: Client, world: World) -> None:
    made(client)
    receiver_of(world).answering = lambda _: LATER

    answer = client.post(f"{SIEM}/test", by=ADA).json

    assert (answer["result"], answer["status"], answer["answer"], answer["error"]) == (
        "failed",
        503,
        "busy",
        "answered 503",
    )
    assert progress_of(world).failing_since is None


def test_the_log_is_read_a_page_at_a_time(client: Client) -> None:
    """C2: a cursor of another list is refused."""
    made(client)
    for _ in range(5):
        client.post(f"{SIEM}/test", by=ADA)

    first = client.get(f"{SIEM}/deliveries?limit=2", by=IVO).json
    cursor = first["next_cursor"]
    second = client.get(f"{SIEM}/deliveries?limit=2&cursor={cursor}", by=IVO).json
    ids = [one["id"] for page in (first, second) for one in page["deliveries"]]
    assert len(set(ids)) == 4
    assert ids == sorted(ids, reverse=True)
    made(client, id="other")
    assert client.get(f"/v1/destinations/other/deliveries?cursor={cursor}", by=IVO).status == 400
    assert client.get(f"{SIEM}/deliveries?cursor={cursor}", by=ADA).status == 400


def test_what_was_refused_is_delivered_again(client: Client, world: World) -> None:
    made(client, selection={"event_types": ["access.*"]})
    assert client.post(f"{SIEM}/replay", {"failed": True}, by=ADA).status == 409
    numbers = happen(world, 2)
    receiver_of(world).answering = lambda _: REFUSED
    work_off(world)
    receiver_of(world).answering = welcoming

    answer = client.post(f"{SIEM}/replay", {"failed": True}, by=ADA)
    work_off_rung(world)

    assert answer.json["progress"]["lost"] == []
    assert receiver_of(world).numbers == numbers
    lines = client.get(f"{SIEM}/deliveries", by=IVO).json["deliveries"]
    assert [line["replay"] for line in lines if line["result"] == "delivered"] == [1]
    assert world.told()[-1] == "destination.replayed"


def test_one_delivery_is_delivered_again_under_another_id(client: Client, world: World) -> None:
    made(client)
    happen(world, 3)
    work_off(world)
    [line] = client.get(f"{SIEM}/deliveries", by=IVO).json["deliveries"]

    client.post(f"{SIEM}/replay", {"delivery": line["id"]}, by=ADA)
    work_off_rung(world)

    one, other = receiver_of(world).taken[:2]
    assert one.entries == other.entries
    assert one.id != other.id


def test_a_stretch_is_delivered_again_beside_what_is_new(client: Client, world: World) -> None:
    made(client, selection={"event_types": ["access.*"]})
    numbers = happen(world, 10)
    work_off(world)
    first, last = world.store.ledger[numbers[2]], world.store.ledger[numbers[4]]
    receiver_of(world).taken.clear()

    client.post(f"{SIEM}/replay", {"from_entry": first.id, "to_entry": last.id}, by=ADA)
    new = happen(world, 1)
    work_off(world)

    assert receiver_of(world).numbers == [*new, *numbers[2:5]]
    assert progress_of(world).replays == ()


def test_a_replay_of_what_was_not_delivered_yet_is_none(client: Client, world: World) -> None:
    made(client)
    numbers = happen(world, 2)
    entry = world.store.ledger[numbers[1]]

    assert client.post(f"{SIEM}/replay", {"from_entry": entry.id}, by=ADA).status == 409


@pytest.mark.parametrize(
    "body", [{}, {"failed": True, "delivery": "dlv_1"}, {"failed": True, "since": "2026-11-22T12:00:00Z"}]
)
def test_a_replay_has_one_choice(client: Client, body: dict[str, Any]) -> None:
    made(client)
    assert client.post(f"{SIEM}/replay", body, by=ADA).status == 400


def test_a_test_is_not_replayed(client: Client) -> None:
    made(client)
    test = client.post(f"{SIEM}/test", by=ADA).json

    assert client.post(f"{SIEM}/replay", {"delivery": test["id"]}, by=ADA).status == 409
    assert client.post(f"{SIEM}/replay", {"delivery": "dlv_unknown"}, by=ADA).status == 404


def test_how_long_it_has_failed_is_shown(client: Client, world: World) -> None:
    made(client)
    happen(world, 1)
    receiver_of(world).answering = lambda _: LATER
    work_off(world)

    progress = client.get(SIEM, by=IVO).json["progress"]

    assert progress["failing_since"]
    assert progress["retry_at"] > progress["failing_since"]
    assert (progress["attempts"], progress["behind"]) == (1, 2)
    world.clock.advance(timedelta(minutes=20))
    assert world.delivering.sweep().failing == 1
