"""Destinations on the running stack: signed, in order, each once, through what happens to receivers."""

import gzip
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import trustme
from standardwebhooks.webhooks import Webhook

from nightlatch.entrypoints.local.facts import StackFacts
from tests.e2e.conftest import Cli, free_port
from tests.e2e.person import JsonObject, Person, until
from tests.e2e.places import PATH, SOON, Inbox, a_key, destination, reached, wait_for_attempt
from tests.fakes.receiver import LOOPBACK, Received, answering, listening, reply, silent

ASKED_AND_CANCELED = ["access.requested", "access.canceled"]


def ask_and_cancel(someone: Person) -> str:
    """Make two events, and wait until they are in the ledger. Of what is found in them there may be more events."""
    request_id = someone.ask("role1")
    someone.command(request_id, "cancel")
    until(lambda: {"recorded": recorded(someone, request_id)}, lambda seen: len(seen["recorded"]) == 2, within=SOON)
    return request_id


def recorded(someone: Person, request_id: str) -> list[JsonObject]:
    """Read what was asked for and canceled from the ledger."""
    events = someone.get(f"/v1/requests/{request_id}/timeline")["events"]
    return [event for event in events if event["event_type"] in ASKED_AND_CANCELED]


def test_an_administrator_runs_a_destination_from_the_command_line(cli: Cli, newcomer: Person) -> None:
    cli("login", "ada")
    run, name, inbox = partial(cli, "destinations"), f"siem-{uuid4().hex[:8]}", Inbox()
    with listening(answering(inbox.take), "localhost") as receiver:
        to = [word for key, value in reached(receiver).items() for word in ("--set", f"{key}={value}")]
        made = run("add", name, "--kind", "webhook", *to, "--event", "access.*", "--secret-stdin")
        inbox.key = made["new_secret"]

        tested = run("test", name)
        first = ask_and_cancel(newcomer)
        inbox.wait_for(lambda message: message["request_id"] == first, count=2)
        run("disable", name, "--reason", "the receiver moves")
        second = ask_and_cancel(newcomer)
        waiting, sent_meanwhile = run("show", name), inbox.of(second)
        run("enable", name)
        inbox.wait_for(lambda message: message["request_id"] == second, count=2)
        delivery = until(lambda: run("log", name), lambda log: len(log["deliveries"]) >= 5, within=SOON)["deliveries"][
            0
        ]
        run("replay", name, "--delivery", delivery["id"])
        again = inbox.wait_for(lambda message: message["seq"] == delivery["first_seq"], count=2)
        run("replay", name, "--from", inbox.of(first)[0]["id"], "--to", inbox.of(second)[-1]["id"])
        inbox.wait_for(lambda message: message["request_id"] == first, count=4)
        run("remove", name, "--yes")

    assert (tested["result"], tested["is_test"], tested["status"]) == ("delivered", True, 204)
    assert inbox.messages[0][1]["event_type"] == "destination.test"
    assert [message["event_type"] for message in inbox.of(first)[:2]] == ASKED_AND_CANCELED
    assert (waiting["is_active"], sent_meanwhile) == (False, [])
    assert waiting["progress"]["behind"] >= 2
    assert again[0] == again[1]
    assert len({identifier for identifier, _ in inbox.messages}) == len(inbox.messages)
    assert not inbox.refused
    assert name not in {one["id"] for one in run("list")["destinations"]}


def test_what_a_receiver_missed_while_it_was_down_comes_once_each_and_in_order(
    person: Callable[[str], Person], newcomer: Person
) -> None:
    ada, inbox, port, authority = person("ada"), Inbox(), free_port(), trustme.CA()
    pem = authority.cert_pem.bytes().decode()
    there = {"url": f"https://localhost:{port}/events", "ca_certificate": pem}
    with destination(ada, "webhook", there, "access.*", secret=inbox.key) as name:
        requests = [ask_and_cancel(newcomer)]
        failed = wait_for_attempt(ada, name, "retrying")
        with listening(answering(inbox.take), "localhost", authority=authority, port=port):
            requests += [ask_and_cancel(newcomer) for _ in range(3)]
            inbox.wait_for(lambda message: message["request_id"] in requests, count=8)
            progress = until(
                lambda: ada.get(f"{PATH}/{name}")["progress"], lambda seen: seen["failing_since"] is None, within=SOON
            )

    ledger = [event for request_id in requests for event in recorded(newcomer, request_id)]
    assert failed["status"] is None
    assert failed["error"]
    assert [message["id"] for message in inbox.of(*requests)] == [event["id"] for event in ledger]
    assert len({identifier for identifier, _ in inbox.messages}) == len(inbox.messages)
    assert (progress["undelivered"], progress["lost"]) == (0, [])


def test_a_receiver_that_fails_or_redirects_is_tried_again_with_the_same_message(
    person: Callable[[str], Person], newcomer: Person
) -> None:
    """The first attempt is redirected to where nobody may be sent; it is not followed."""
    ada, inbox = person("ada"), Inbox()
    calls: list[Received] = []

    def decide(request: Received) -> bytes:
        calls.append(request)
        return inbox.take(request) if len(calls) > 1 else reply(307, location="http://169.254.169.254/")

    with (
        listening(answering(decide), "localhost") as receiver,
        destination(ada, "webhook", reached(receiver), "access.*", secret=inbox.key) as name,
    ):
        request_id = ask_and_cancel(newcomer)
        inbox.wait_for(lambda message: message["request_id"] == request_id, count=2)
        log = until(lambda: ada.get(f"{PATH}/{name}/deliveries"), lambda log: len(log["deliveries"]) >= 3, within=SOON)[
            "deliveries"
        ]

    assert [line["result"] for line in reversed(log)] == ["retrying", "delivered", "delivered"]
    assert [(line["status"], line["attempt"]) for line in reversed(log)][:2] == [(307, 1), (204, 2)]
    assert calls[0].headers["webhook-id"] == calls[1].headers["webhook-id"] != calls[2].headers["webhook-id"]


def test_a_receiver_that_hangs_delays_no_other(person: Callable[[str], Person], newcomer: Person) -> None:
    ada, inbox = person("ada"), Inbox()
    with (
        listening(silent, "localhost") as hanging,
        listening(answering(inbox.take), "localhost") as prompt,
        destination(ada, "webhook", reached(hanging), "access.*", timeout=30) as stuck,
        destination(ada, "webhook", reached(prompt), "access.*", secret=inbox.key),
    ):
        until(lambda: {"request": ask_and_cancel(newcomer)}, lambda _: bool(hanging.requests), within=SOON)
        request_id = ask_and_cancel(newcomer)
        inbox.wait_for(lambda message: message["request_id"] == request_id, count=2)
        attempts = ada.get(f"{PATH}/{stuck}/deliveries")["deliveries"]

    assert (len(hanging.requests), attempts) == (1, [])


def test_while_a_secret_rotates_both_keys_verify_what_is_sent(
    person: Callable[[str], Person], newcomer: Person, cli: Cli
) -> None:
    ada, old, new = person("ada"), a_key(), a_key()
    cli("login", "ada")
    with (
        listening(answering(lambda _: reply(204)), "localhost") as receiver,
        destination(ada, "webhook", reached(receiver), "access.*", secret=old) as name,
    ):
        rotated = cli("destinations", "rotate-secret", name, "--secret-stdin", typed=new)
        request_id = ask_and_cancel(newcomer)
        [sent, *_] = until(lambda: {"sent": receiver.requests}, lambda seen: len(seen["sent"]) >= 2, within=SOON)[
            "sent"
        ]
        by_old, by_new = (Webhook(key).verify(sent.body, sent.headers) for key in (old, new))

    assert by_old == by_new
    assert by_new["request_id"] == request_id
    assert len(sent.headers["webhook-signature"].split()) == 2
    assert rotated["new_secret"] is None
    assert not [key for key in (old, new) if key in json.dumps(rotated)]


def test_an_archive_is_written_in_a_role_that_trusts_this_destination_only(
    person: Callable[[str], Person], newcomer: Person, facts: StackFacts, client: Callable[[str], Any]
) -> None:
    ada, s3 = person("ada"), client("s3")
    mark = uuid4().hex[:8]
    bucket, other = f"archive-{mark}", f"elsewhere-{mark}"
    s3.create_bucket(Bucket=bucket)
    role = _role(client("iam"), facts, bucket=bucket, name=f"nightlatch-destination-{mark}", trusts=bucket)
    settings = {"bucket": bucket, "region": facts.region, "role_arn": role}
    with destination(ada, "s3", settings, "access.*", id=bucket), destination(ada, "s3", settings, id=other):
        [mine, theirs] = [ada.post(f"{PATH}/{name}/test").json() for name in (bucket, other)]
        request_id = ask_and_cancel(newcomer)
        kept = until(
            lambda: {"lines": _lines(s3, bucket)},
            lambda seen: sum(line["request_id"] == request_id for line in seen["lines"]) >= 2,
            within=SOON,
        )["lines"]

    assert mine["result"] == "delivered"
    assert (theirs["result"], theirs["status"]) == ("failed", 403)
    assert "AssumeRole" in theirs["error"]
    written = [line for line in kept if line["request_id"] == request_id]
    assert [line["event_type"] for line in written] == ASKED_AND_CANCELED
    assert [line["id"] for line in written] == [event["id"] for event in recorded(newcomer, request_id)]


def _role(iam: Any, facts: StackFacts, *, bucket: str, name: str, trusts: str) -> str:
    """Make a role as the documentation says. The emulator takes the name of a role's session for the role's own."""
    account = "000000000000"
    ours = [f"arn:aws:iam::{account}:role/{facts.stack}-*", f"arn:aws:sts::{account}:assumed-role/{facts.stack}-*"]
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"sts:ExternalId": trusts},
            "ArnLike": {"aws:PrincipalArn": ours},
        },
    }
    may = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/nightlatch/*"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName=name, PolicyName="archive", PolicyDocument=_policy(may))
    return str(made["Role"]["Arn"])


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _lines(s3: Any, bucket: str) -> list[dict[str, Any]]:
    keys = sorted(each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ()))
    bodies = [gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "https://10.0.0.8/events",
        "https://2130706433/",
        "http://siem.example.com/events",
        f"http://{LOOPBACK}:4566/",
        "https://siem.example.com:8088/",
    ],
)
def test_an_address_that_may_not_be_called_is_refused_when_it_is_set(person: Callable[[str], Person], url: str) -> None:
    """G1: by the deployed function, too."""
    ada, name = person("ada"), f"blocked-{uuid4().hex[:8]}"

    refused = ada.post(PATH, {"id": name, "name": name, "kind": "webhook", "settings": {"url": url}})

    assert refused.status_code == 400, refused.text
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/settings/url"]
    assert ada.api.get(f"{PATH}/{name}").status_code == 404


def test_nothing_is_sent_to_our_own_api(person: Callable[[str], Person], facts: StackFacts) -> None:
    """G3."""
    host = facts.browser_url.removeprefix("http://")
    body = {"id": "ourselves", "name": "Ourselves", "kind": "webhook", "settings": {"url": f"https://{host}/v1/audit"}}

    assert person("ada").post(PATH, body).status_code == 400


def test_only_administrators_say_where_events_go(person: Callable[[str], Person]) -> None:
    body = {"id": "mine", "name": "Mine", "kind": "webhook", "settings": {"url": "https://example.com/"}}

    answers = {name: person(name).post(PATH, body).status_code for name in ("maya", "noa", "ivo")}

    assert answers == {"maya": 403, "noa": 403, "ivo": 403}
    assert person("ivo").api.get(PATH).status_code == 200
