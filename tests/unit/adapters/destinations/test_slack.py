"""The Slack audit channel: one message for each event, and what Slack's answers mean."""

import json
from typing import Any

import pytest

from nightlatch.adapters.destinations.registry import SenderRegistry
from nightlatch.adapters.destinations.slack_message import message
from nightlatch.domain.destination import Destination, DestinationKind, KeptSecret
from nightlatch.domain.errors import InvalidInputError
from nightlatch.services.ports.destinations import Outcome, Parcel, Sender, Verdict
from tests.builders import NOON, SECOND, a_chain
from tests.fakes.aws import FakeSecrets
from tests.fakes.slack import API, CHANNEL, TOKEN, WEBHOOK, FakeSlack
from tests.unit.adapters.destinations.roles import no_roles


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack()


def a_registry(slack: FakeSlack, secrets: FakeSecrets | None = None) -> SenderRegistry:
    return SenderRegistry(secrets=secrets or FakeSecrets(), egress=slack, roles=no_roles())


def a_sender(slack: FakeSlack, *, secret: str = WEBHOOK, **settings: Any) -> Sender:
    secrets = FakeSecrets()
    reference = secrets.put("dst_1", KeptSecret(current=secret).model_dump_json())
    known = {"id": "dst_1", "name": "audit", "kind": DestinationKind.SLACK, "created_at": NOON, "updated_at": NOON}
    destination = Destination.model_validate({**known, "settings": settings, "secret_reference": reference})
    return a_registry(slack, secrets).sender(destination)


def a_bot(slack: FakeSlack, *, secret: str = TOKEN, channel: str = CHANNEL) -> Sender:
    return a_sender(slack, secret=secret, channel=channel)


def a_parcel() -> Parcel:
    return Parcel(id="msg_1", entries=tuple(a_chain(1)), attempt=1, at=NOON)


def answered(slack: FakeSlack, sender: Sender, status: int, body: str) -> Outcome:
    slack.fails = [(status, body)]
    return sender.send(a_parcel())


def test_a_webhook_is_sent_the_message(slack: FakeSlack) -> None:
    outcome = a_sender(slack).send(a_parcel())
    assert (outcome.verdict, outcome.status, outcome.answer, outcome.error) == (Verdict.DELIVERED, 200, "ok", "")
    assert slack.messages == [message(a_chain(1)[0])]


def test_a_bot_posts_the_message_into_its_channel(slack: FakeSlack) -> None:
    assert a_bot(slack).send(a_parcel()).verdict is Verdict.DELIVERED
    assert slack.messages == [{**message(a_chain(1)[0]), "channel": CHANNEL}]
    assert [call.url for call in slack.calls] == [f"{API}/chat.postMessage"]


def test_govslack_is_another_address_of_the_api(slack: FakeSlack) -> None:
    a_sender(slack, secret=TOKEN, channel=CHANNEL, api_url="https://slack-gov.com/api/").send(a_parcel())
    assert [call.url for call in slack.calls] == ["https://slack-gov.com/api/chat.postMessage"]


def test_each_event_is_a_message_of_its_own(slack: FakeSlack) -> None:
    assert a_sender(slack).bounds.entries == 1


@pytest.mark.parametrize(
    ("sender", "word"),
    [
        (lambda slack: a_bot(slack, secret="xoxb-stolen"), "invalid_auth"),
        (lambda slack: a_bot(slack, channel="C404"), "channel_not_found"),
    ],
)
def test_what_is_set_wrong_waits_until_it_is_mended(slack: FakeSlack, sender: Any, word: str) -> None:
    outcome = sender(slack).send(a_parcel())
    assert (outcome.verdict, outcome.status) == (Verdict.LATER, 200)
    assert outcome.error == f"answered 200: {word}"


@pytest.mark.parametrize(
    ("status", "word", "verdict"),
    [
        (400, "invalid_payload", Verdict.REFUSED),
        (400, "invalid_blocks", Verdict.REFUSED),
        (400, "no_text", Verdict.REFUSED),
        (400, "user_not_found", Verdict.LATER),
        (403, "action_prohibited", Verdict.LATER),
        (403, "invalid_token", Verdict.LATER),
        (404, "channel_not_found", Verdict.LATER),
        (404, "no_service", Verdict.GONE),
        (404, "no_team", Verdict.GONE),
        (410, "channel_is_archived", Verdict.GONE),
        (410, "no_service", Verdict.GONE),
        (413, "", Verdict.REFUSED),
        (429, "rate_limited", Verdict.LATER),
        (500, "rollup_error", Verdict.LATER),
        (302, "", Verdict.LATER),
        (200, "<html>sign in</html>", Verdict.LATER),
    ],
)
def test_a_webhooks_answer_is_judged_by_its_word(slack: FakeSlack, status: int, word: str, verdict: Verdict) -> None:
    assert answered(slack, a_sender(slack), status, word).verdict is verdict


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        ("ratelimited", Verdict.LATER),
        ("rate_limited", Verdict.LATER),
        ("invalid_auth", Verdict.LATER),
        ("token_revoked", Verdict.LATER),
        ("account_inactive", Verdict.LATER),
        ("missing_scope", Verdict.LATER),
        ("not_in_channel", Verdict.LATER),
        ("is_archived", Verdict.LATER),
        ("internal_error", Verdict.LATER),
        ("msg_too_long", Verdict.REFUSED),
        ("msg_blocks_too_long", Verdict.REFUSED),
        ("invalid_blocks", Verdict.REFUSED),
        ("something new", Verdict.LATER),
    ],
)
def test_the_apis_answer_is_judged_by_its_error_though_its_status_is_200(
    slack: FakeSlack, word: str, verdict: Verdict
) -> None:
    outcome = answered(slack, a_bot(slack), 200, json.dumps({"ok": False, "error": word}))
    assert outcome.verdict is verdict


@pytest.mark.parametrize("body", ["", "[]", '{"ok": "true"}', '{"ok": 1}', "{}", "[" * 5000, "ok\nnot"])
def test_an_answer_that_is_none_of_slacks_is_no_yes(slack: FakeSlack, body: str) -> None:
    outcome = answered(slack, a_bot(slack), 200, body)
    assert (outcome.verdict, outcome.error) == (Verdict.LATER, "answered 200: no word")


def test_how_long_to_wait_is_heard(slack: FakeSlack) -> None:
    assert answered(slack, a_sender(slack), 429, "rate_limited").retry_after == 30 * SECOND


@pytest.mark.parametrize("body", [TOKEN, json.dumps({"ok": False, "error": TOKEN})])
def test_an_answer_that_repeats_the_token_does_not_make_it_known(slack: FakeSlack, body: str) -> None:
    outcome = answered(slack, a_bot(slack), 200, body)
    assert TOKEN not in repr(outcome)


@pytest.mark.parametrize(
    ("settings", "secret", "place"),
    [
        ({}, "", "/secret"),
        ({}, TOKEN, "/secret"),
        ({"channel": CHANNEL}, WEBHOOK, "/secret"),
        ({"channel": CHANNEL}, "xoxp-of-a-person", "/secret"),
        ({"channel": CHANNEL}, "xoxb-a\r\nx-evil: 1", "/secret"),
        ({}, "http://hooks.slack.com/services/x", "/secret"),
        ({"channel": CHANNEL, "api_url": "http://slack.com/api"}, TOKEN, "/settings/api_url"),
        ({"channel": "#general"}, TOKEN, "/settings/channel"),
        ({"channel": CHANNEL, "gzip": True}, TOKEN, "/settings/gzip"),
        ({"username": "x"}, WEBHOOK, "/settings/username"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_is_set(
    slack: FakeSlack, settings: dict[str, Any], secret: str, place: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        a_registry(slack).validate(DestinationKind.SLACK, settings, secret)
    assert [fault.pointer for fault in raised.value.faults] == [place]
    assert not secret or secret not in str(raised.value)


def test_what_fits_is_completed(slack: FakeSlack) -> None:
    completed = a_registry(slack).validate(DestinationKind.SLACK, {"channel": CHANNEL}, TOKEN)
    assert completed == {"gzip": False, "ca_certificate": "", "channel": CHANNEL, "api_url": API}
    assert a_registry(slack).validate(DestinationKind.SLACK, {}, WEBHOOK)["channel"] == ""
