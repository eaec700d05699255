"""Destinations as they are deployed: the real functions, tables, queue and secrets, and a receiver in memory."""

import json
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

import boto3
import pytest

from nightlatch.bootstrap import delivering, destinations
from nightlatch.bootstrap.settings import settings
from nightlatch.domain.destination import KeptSecret
from tests.builders import ADA, HOUR, IVO
from tests.fakes.destinations import FakeReceiver, FakeSenders
from tests.integration.aws.deployed import Deployed, surviving
from tests.integration.aws.outbound import Death, Meanwhile

SIEM = "/v1/destinations/siem"
NEW = {"id": "siem", "kind": "webhook", "name": "SIEM", "settings": {"url": "https://siem.example"}, "secret": "s3cret"}
RING = {"Records": [{"eventSource": "aws:dynamodb", "eventName": "INSERT", "dynamodb": {}}]}


@pytest.fixture
def receiver(nightlatch: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeReceiver]:
    senders, services = FakeSenders(), (delivering.delivering, destinations.destinations)
    for module in (delivering, destinations):
        monkeypatch.setattr(module, "senders", lambda: senders)
    for service in services:
        service.cache_clear()
    assert nightlatch.functions
    rung()
    yield senders.receivers.setdefault("siem", FakeReceiver())
    for service in services:
        service.cache_clear()


def rung() -> list[str]:
    """Take what is in the queue."""
    client, queue, bodies = boto3.client("sqs"), settings().delivery_queue, []
    while messages := client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
    return bodies


def call(nightlatch: Deployed, method: str, path: str, body: Any = None, **headers: str) -> Any:
    answer = nightlatch.call("destinations", method, path, body, by=ADA, **headers)
    assert answer.status < 300, answer.text
    return json.loads(answer.text) if answer.text else None


def deliver(nightlatch: Deployed) -> None:
    """Let the stream ring, and Lambda take what is in the queue."""
    nightlatch.invoke("webhook_delivery", RING)
    for body in rung():
        nightlatch.invoke("webhook_delivery", {"Records": [{"eventSource": "aws:sqs", "body": body}]})


def test_from_the_call_to_the_receiver(nightlatch: Deployed, receiver: FakeReceiver) -> None:
    call(nightlatch, "POST", "/v1/destinations", NEW)
    request_id = nightlatch.submitted()
    nightlatch.sweep()
    deliver(nightlatch)

    sent = [entry for parcel in receiver.taken for entry in parcel.entries]
    told = [entry.event_type for entry in sent if entry.request_id == request_id]
    assert told == nightlatch.told(request_id)
    assert [entry.seq for entry in sent] == sorted(entry.seq for entry in sent)
    shown = call(nightlatch, "GET", SIEM)
    assert (shown["progress"]["behind"], shown["progress"]["delivered"]) == (0, len(sent))
    [line] = call(nightlatch, "GET", f"{SIEM}/deliveries")["deliveries"]
    assert (line["result"], line["entries"]) == ("delivered", len(sent))


def test_the_rest_of_what_administrators_do(nightlatch: Deployed, receiver: FakeReceiver) -> None:
    call(nightlatch, "POST", "/v1/destinations", NEW)
    assert call(nightlatch, "POST", f"{SIEM}/test")["result"] == "delivered"
    nightlatch.sweep()
    deliver(nightlatch)
    taken = len(receiver.taken)
    first = receiver.taken[1].entries[0]
    call(nightlatch, "POST", f"{SIEM}/replay", {"from_entry": first.id})
    deliver(nightlatch)
    assert len(receiver.taken) > taken
    call(nightlatch, "POST", f"{SIEM}/rotate-secret", {"secret": "another"})
    changed = call(nightlatch, "PUT", SIEM, {"name": "Ours", "settings": {"url": "https://s"}}, **{"if-match": '"2"'})
    assert changed["name"] == "Ours"
    assert call(nightlatch, "POST", f"{SIEM}/disable")["is_active"] is False
    assert call(nightlatch, "POST", f"{SIEM}/enable")["is_active"] is True
    call(nightlatch, "DELETE", SIEM, **{"if-match": '"5"'})

    client = boto3.client("secretsmanager")
    listed = client.list_secrets()["SecretList"]
    names = [one["Name"] for one in listed if one["Name"].startswith("nightlatch/destinations/")]
    values = [client.get_secret_value(SecretId=name)["SecretString"] for name in names]
    assert KeptSecret() in [KeptSecret.model_validate_json(value) for value in values]
    assert nightlatch.call("destinations", "GET", SIEM, None, by=IVO).status == 404


def test_the_sweep_finds_what_no_ring_told_of(nightlatch: Deployed, receiver: FakeReceiver) -> None:
    call(nightlatch, "POST", "/v1/destinations", NEW)
    nightlatch.sweep()
    rung()
    nightlatch.invoke("webhook_delivery", {"sweep": True})

    [body] = rung()
    assert json.loads(body) == {"destination": "siem"}
    assert receiver.came == []


def test_a_message_that_is_delivered_twice_sends_nothing_twice(nightlatch: Deployed, receiver: FakeReceiver) -> None:
    """The queue delivers at least once: the second time there is nothing left to send."""
    told = rung_for(nightlatch)
    work_off(nightlatch)
    taken = len(receiver.taken)
    work_off(nightlatch)

    assert (len(receiver.taken), receiver.numbers) == (taken, told)


def test_a_message_that_comes_while_it_is_worked_on_sends_nothing_twice(
    nightlatch: Deployed, receiver: FakeReceiver
) -> None:
    """The queue gives it out again when it took too long: at each call of the first, the second begins."""
    for number in count():
        nightlatch.reset()
        receiver.taken.clear()
        told = rung_for(nightlatch)
        rival = Meanwhile(partial(work_off, nightlatch))
        plan = nightlatch.outbound.arrange(rival, at=number, of="dynamodb.")
        work_off(nightlatch)
        nightlatch.outbound.plans.clear()
        work_off(nightlatch)

        sent = [entry.seq for parcel in receiver.taken for entry in parcel.entries]
        assert sent == told
        if not plan.was_reached:
            break
    assert number > 5


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_a_message_whose_function_dies_comes_again_and_nothing_is_left_out(
    nightlatch: Deployed, receiver: FakeReceiver, *, after_effect: bool
) -> None:
    """Killed at each call: what was sent may come again as the same parcel, so that a receiver can drop it."""
    for number in count():
        nightlatch.reset()
        receiver.taken.clear()
        told = rung_for(nightlatch)
        plan = nightlatch.outbound.arrange(Death(after_effect), at=number)
        with surviving():
            work_off(nightlatch)
        nightlatch.outbound.plans.clear()
        nightlatch.clock.advance(HOUR)
        work_off(nightlatch)

        assert receiver.numbers == told
        if not plan.was_reached:
            break
    assert number > 5


def rung_for(nightlatch: Deployed) -> list[int]:
    """Have a destination and entries that it should get, and return their numbers."""
    call(nightlatch, "POST", "/v1/destinations", NEW)
    nightlatch.submitted()
    nightlatch.sweep()
    rung()
    return [entry.seq for entry in nightlatch.trail()]


def work_off(nightlatch: Deployed) -> None:
    """Let Lambda hand over the message that rings for the destination."""
    nightlatch.invoke("webhook_delivery", {"Records": [{"eventSource": "aws:sqs", "body": '{"destination": "siem"}'}]})
