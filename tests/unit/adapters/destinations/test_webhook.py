"""Webhooks, verified by the specification's own library as an independent receiver."""

import base64
import gzip
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from nightlatch.adapters.destinations.webhook import KEY_PREFIX, key_bytes
from nightlatch.domain.destination import DestinationKind, Format, KeptSecret
from nightlatch.domain.errors import InvalidInputError
from nightlatch.services.ports.destinations import Verdict
from tests.builders import NOON
from tests.fakes.receiver import Received, reply
from tests.fakes.vendors import as_json
from tests.unit.adapters.destinations.places import OpenPlace, Place, a_parcel

HOST = "hooks.example"
SETTINGS = {"url": f"https://{HOST}/nightlatch?team=security"}
KEY = KEY_PREFIX + base64.b64encode(b"k" * 32).decode()
OLD_KEY = KEY_PREFIX + base64.b64encode(b"o" * 32).decode()
WEBHOOK = DestinationKind.WEBHOOK


def now() -> datetime:
    """The library refuses what is older than five minutes."""
    return datetime.now(UTC)


def ok(_: Received) -> bytes:
    return reply(204)


def verified(key: str, request: Received) -> Any:
    return Webhook(key).verify(request.body, request.headers)


def test_an_event_is_one_message_that_the_receiver_can_verify(place: OpenPlace) -> None:
    at = place(ok, HOST)
    parcel = a_parcel(at=now())

    outcome = at.sender(WEBHOOK, SETTINGS, KEY).send(parcel)

    assert (outcome.verdict, outcome.status, outcome.error) == (Verdict.DELIVERED, 204, "")
    assert verified(KEY, at.request) == parcel.entries[0].model_dump(mode="json")
    assert (at.request.method, at.request.path) == ("POST", "/nightlatch?team=security")
    assert at.request.headers["content-type"] == "application/json"
    assert at.request.headers["webhook-id"] == parcel.id
    assert at.request.headers["webhook-timestamp"] == str(int(parcel.at.timestamp()))


def test_another_key_does_not_verify_it(place: OpenPlace) -> None:
    at = place(ok, HOST)
    at.sender(WEBHOOK, SETTINGS, KEY).send(a_parcel(at=now()))

    with pytest.raises(WebhookVerificationError):
        verified(OLD_KEY, at.request)


def test_while_the_key_rotates_both_keys_verify_it(place: OpenPlace) -> None:
    at = place(ok, HOST)
    rotating = KeptSecret(current=OLD_KEY).replaced(KEY, until=now() + timedelta(hours=1))

    at.sender(WEBHOOK, SETTINGS, rotating).send(a_parcel(at=now()))

    assert verified(KEY, at.request) == verified(OLD_KEY, at.request)
    assert at.request.headers["webhook-signature"].count("v1,") == 2


def test_after_the_rotation_only_the_new_key_verifies_it(place: OpenPlace) -> None:
    at = place(ok, HOST)
    rotated = KeptSecret(current=OLD_KEY).replaced(KEY, until=now() - timedelta(seconds=1))

    at.sender(WEBHOOK, SETTINGS, rotated).send(a_parcel(at=now()))

    assert verified(KEY, at.request)
    with pytest.raises(WebhookVerificationError):
        verified(OLD_KEY, at.request)


def test_every_attempt_has_the_id_of_the_first_and_a_time_of_its_own(place: OpenPlace) -> None:
    at = place(lambda _: reply(500), HOST)
    sender = at.sender(WEBHOOK, SETTINGS, KEY)

    sender.send(a_parcel(at=NOON))
    sender.send(a_parcel(attempt=2, at=NOON + timedelta(seconds=5)))

    first, second = at.receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 5
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_a_batch_is_a_list_of_events(place: OpenPlace) -> None:
    at = place(ok, HOST)
    parcel = a_parcel(3, at=now())
    sender = at.sender(WEBHOOK, {**SETTINGS, "batch": True}, KEY)

    sender.send(parcel)

    assert verified(KEY, at.request) == {"events": [entry.model_dump(mode="json") for entry in parcel.entries]}
    assert sender.bounds.entries > 1
    assert at.sender(WEBHOOK, SETTINGS, KEY).bounds.entries == 1


def test_an_event_weighs_what_it_adds(place: OpenPlace) -> None:
    at = place(ok, HOST)
    parcel = a_parcel(2, at=now())
    sender = at.sender(WEBHOOK, {**SETTINGS, "batch": True}, KEY)

    sender.send(parcel)

    weight = sum(map(sender.weigh, parcel.entries))
    assert len(at.request.body) - len('{"events":[]}') <= weight <= len(at.request.body)


def test_an_event_goes_as_ocsf_when_asked_for(place: OpenPlace) -> None:
    at = place(ok, HOST)

    at.sender(WEBHOOK, SETTINGS, KEY, format=Format.OCSF).send(a_parcel(at=now()))

    assert verified(KEY, at.request)["metadata"]["version"] == "1.8.0"


def test_a_compressed_body_is_signed_as_it_is_sent(place: OpenPlace) -> None:
    at = place(ok, HOST)
    parcel = a_parcel(at=now())

    at.sender(WEBHOOK, {**SETTINGS, "gzip": True}, KEY).send(parcel)

    assert at.request.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(at.request.body))["id"] == parcel.entries[0].id
    signed = f"{parcel.id}.{at.request.headers['webhook-timestamp']}.".encode() + at.request.body
    expected = base64.b64encode(hmac.new(b"k" * 32, signed, "sha256").digest()).decode()
    assert at.request.headers["webhook-signature"] == f"v1,{expected}"  # the library knows only text, not these bytes


def test_headers_of_the_administrator_go_along_and_replace_none_of_ours(place: OpenPlace) -> None:
    at = place(ok, HOST)

    at.sender(WEBHOOK, SETTINGS, KEY, headers={"X-Team": "security"}).send(a_parcel(at=now()))

    assert at.request.headers["x-team"] == "security"


def test_a_bearer_token_is_shown(place: OpenPlace) -> None:
    at = place(ok, HOST)
    secret = json.dumps({"signing_key": KEY, "bearer_token": "t0ken-of-the-siem"})

    at.sender(WEBHOOK, {**SETTINGS, "authorization": {"type": "bearer"}}, secret).send(a_parcel(at=now()))

    assert at.request.headers["authorization"] == "Bearer t0ken-of-the-siem"
    assert verified(KEY, at.request)


class TokenServer:
    """A receiver with a token server before it."""

    def __init__(self, lifetime: object = 3600) -> None:
        self.lifetime = lifetime
        self.given = 0
        self.is_valid = True
        self.forms: list[str] = []

    def __call__(self, request: Received) -> bytes:
        if request.path == "/token":
            self.given += 1
            self.is_valid = True
            self.forms.append(request.body.decode())
            return as_json(200, {"access_token": f"token-{self.given}", "expires_in": self.lifetime})
        is_let_in = self.is_valid and request.headers.get("authorization") == f"Bearer token-{self.given}"
        return reply(200 if is_let_in else 401)


OAUTH = {"type": "oauth", "token_url": f"https://{HOST}/token", "client_id": "nightlatch", "scope": "events"}
WITH_OAUTH = {**SETTINGS, "authorization": OAUTH}
OAUTH_SECRET = json.dumps({"signing_key": KEY, "client_secret": "s3cret of the client"})


def test_a_token_is_asked_for_once_and_used_again(place: OpenPlace) -> None:
    server = TokenServer()
    at = place(server, HOST)
    outcomes = [at.sender(WEBHOOK, WITH_OAUTH, OAUTH_SECRET).send(a_parcel()).verdict for _ in range(3)]

    assert outcomes == [Verdict.DELIVERED] * 3
    assert server.forms == [
        "grant_type=client_credentials&client_id=nightlatch&client_secret=s3cret+of+the+client&scope=events"
    ]


def test_a_token_is_asked_for_again_before_it_ends(place: OpenPlace) -> None:
    server = TokenServer(lifetime=3600)
    sender = place(server, HOST).sender(WEBHOOK, WITH_OAUTH, OAUTH_SECRET)

    for minutes in (0, 58, 59):
        assert sender.send(a_parcel(at=NOON + timedelta(minutes=minutes))).verdict is Verdict.DELIVERED

    assert server.given == 2


def test_a_token_that_is_not_accepted_is_replaced_once(place: OpenPlace) -> None:
    server = TokenServer()
    sender = place(server, HOST).sender(WEBHOOK, WITH_OAUTH, OAUTH_SECRET)
    sender.send(a_parcel())
    server.is_valid = False

    assert sender.send(a_parcel()).verdict is Verdict.DELIVERED
    assert server.given == 2


def test_a_receiver_that_accepts_no_token_is_asked_twice_and_no_more(place: OpenPlace) -> None:
    def accepts_none(request: Received) -> bytes:
        return as_json(200, {"access_token": "t"}) if request.path == "/token" else reply(401)

    at = place(accepts_none, HOST)
    outcome = at.sender(WEBHOOK, WITH_OAUTH, OAUTH_SECRET).send(a_parcel())

    assert (outcome.verdict, outcome.status) == (Verdict.LATER, 401)
    assert [request.path for request in at.receiver.requests].count("/token") == 2
    assert len(at.receiver.requests) == 4


@pytest.mark.parametrize(
    "answer",
    [
        as_json(401, {"error": "invalid_client"}),
        reply(200, b"no JSON"),
        as_json(200, ["no object"]),
        as_json(200, {"token": "t"}),
        as_json(200, {"access_token": "t", "expires_in": "soon"}),
        as_json(200, {"access_token": "t", "expires_in": 10**30}),
        reply(302, location="https://elsewhere.example/"),
    ],
)
def test_without_a_token_nothing_is_sent(place: OpenPlace, answer: bytes) -> None:
    at = place(lambda _: answer, HOST)
    outcome = at.sender(WEBHOOK, WITH_OAUTH, OAUTH_SECRET).send(a_parcel())

    assert outcome.verdict is Verdict.LATER
    assert outcome.error.startswith("the token server answered")
    assert [request.path for request in at.receiver.requests] == ["/token"]


def test_a_token_with_a_line_break_adds_no_header(place: OpenPlace) -> None:
    """F3: the token server is a stranger too."""
    at = place(lambda _: as_json(200, {"access_token": "t\r\nX-Admin: 1"}), HOST)

    outcome = at.sender(WEBHOOK, WITH_OAUTH, OAUTH_SECRET).send(a_parcel())

    assert (outcome.verdict, len(at.receiver.requests)) == (Verdict.BLOCKED, 1)


def validated(place: Place, settings: dict[str, Any], secret: str = KEY) -> dict[str, Any]:
    return place.senders.validate(WEBHOOK, settings, secret)


def test_settings_come_back_in_full(place: OpenPlace) -> None:
    assert validated(place(ok), SETTINGS) == {
        **SETTINGS,
        "batch": False,
        "gzip": False,
        "ca_certificate": "",
        "authorization": {"type": "none"},
    }


FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no address": ({}, KEY, "/settings/url"),
    "an unknown setting": ({**SETTINGS, "proxy": "x"}, KEY, "/settings/proxy"),
    "an address inside": ({"url": "https://10.0.0.1/"}, KEY, "/settings/url"),
    "plain http": ({"url": f"http://{HOST}/"}, KEY, "/settings/url"),
    "tokens from inside": (
        {**SETTINGS, "authorization": {**OAUTH, "token_url": "https://169.254.169.254/"}},
        OAUTH_SECRET,
        "/settings/authorization/token_url",
    ),
    "an unknown authorization": ({**SETTINGS, "authorization": {"type": "basic"}}, KEY, "/settings/authorization"),
    "an authority that is none": ({**SETTINGS, "ca_certificate": "nobody"}, KEY, "/settings/ca_certificate"),
    "no key": (SETTINGS, "", "/secret"),
    "a key without its prefix": (SETTINGS, KEY.removeprefix(KEY_PREFIX), "/secret"),
    "a key that is too short": (SETTINGS, KEY_PREFIX + base64.b64encode(b"short").decode(), "/secret"),
    "a key that is too long": (SETTINGS, KEY_PREFIX + base64.b64encode(b"k" * 65).decode(), "/secret"),
    "a key that is no base64": (SETTINGS, KEY_PREFIX + "!" * 40, "/secret"),
    "broken JSON": (SETTINGS, '{"signing_key"', "/secret"),
    "JSON without a key": (SETTINGS, '{"bearer_token":"t"}', "/secret"),
    "no bearer token": ({**SETTINGS, "authorization": {"type": "bearer"}}, KEY, "/secret"),
    "no client secret": (WITH_OAUTH, KEY, "/secret"),
}


@pytest.mark.parametrize(("settings", "secret", "pointer"), FAULTS.values(), ids=FAULTS)
def test_what_does_not_fit_is_named_and_never_repeated(
    place: OpenPlace, settings: dict[str, Any], secret: str, pointer: str
) -> None:
    with pytest.raises(InvalidInputError) as told:
        validated(place(ok), settings, secret)

    assert all(fault.pointer.startswith(pointer) for fault in told.value.faults)
    assert not secret or secret not in str(told.value)


def test_a_key_is_made_when_none_is_given(place: OpenPlace) -> None:
    senders = place(ok).senders
    made = {senders.whole_secret(WEBHOOK, "") for _ in range(3)}

    assert len(made) == 3
    assert {len(key_bytes(key)) for key in made} == {32}


def test_a_key_is_made_beside_what_is_given(place: OpenPlace) -> None:
    at = place(ok)
    whole = at.senders.whole_secret(WEBHOOK, '{"bearer_token":"t"}')

    assert json.loads(whole)["bearer_token"] == "t"
    assert validated(at, {**SETTINGS, "authorization": {"type": "bearer"}}, whole)


@pytest.mark.parametrize("given", [KEY, json.dumps({"signing_key": KEY}), '{"broken', "[]"])
def test_what_is_whole_or_broken_stays_as_it_is(place: OpenPlace, given: str) -> None:
    whole = place(ok).senders.whole_secret(WEBHOOK, given)

    assert whole == given or json.loads(whole) == json.loads(given)
