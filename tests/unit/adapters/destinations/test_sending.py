"""What goes wrong with an attempt is told in its outcome, and never raised."""

import json
from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import pytest

from nightlatch.adapters.destinations.http_sender import Letter
from nightlatch.adapters.destinations.oauth import Application
from nightlatch.adapters.destinations.registry import MODULES, SenderRegistry
from nightlatch.adapters.destinations.webhook import Secret
from nightlatch.adapters.egress import DirectEgress
from nightlatch.domain.destination import Destination, DestinationKind, Format, KeptSecret
from nightlatch.domain.errors import InvalidInputError, NotFoundError, StoreUnavailableError
from nightlatch.services.ports.destinations import Verdict
from nightlatch.services.ports.egress import OutgoingCall
from tests.builders import NOON
from tests.fakes.receiver import Received, reply
from tests.unit.adapters.destinations.places import OpenPlace, a_parcel
from tests.unit.adapters.destinations.roles import no_roles

TOKEN = "4f0c7a10-splunk-token"
HOST = "siem.example"
SETTINGS = {"url": f"https://{HOST}"}
SPLUNK = DestinationKind.SPLUNK_HEC


def a_destination(settings: dict[str, Any] = SETTINGS, **fields: object) -> Destination:
    known = {"id": "dst_1", "name": "SIEM", "kind": SPLUNK, "created_at": NOON, "updated_at": NOON}
    return Destination.model_validate({**known, "settings": settings, "secret_reference": "secret:1", **fields})


class Store:
    """A secret store that holds one text, or raises an error."""

    def __init__(self, kept: str | Exception) -> None:
        self.kept = kept
        self.reads = 0

    def put(self, name: str, secret: str) -> str:
        raise AssertionError(f"{name} was written")

    def get(self, reference: str) -> str:
        self.reads += 1
        if isinstance(self.kept, Exception):
            raise self.kept
        return self.kept


@pytest.mark.parametrize(
    ("kept", "error"),
    [
        (NotFoundError("gone"), "is gone"),
        (StoreUnavailableError("throttled"), "cannot be read now"),
        ("no JSON", "is gone"),
        ('{"token":"x"}', "is gone"),
    ],
)
def test_without_its_secret_a_destination_waits(kept: str | Exception, error: str) -> None:
    senders = SenderRegistry(secrets=Store(kept), egress=DirectEgress(), roles=no_roles())
    outcome = senders.sender(a_destination()).send(a_parcel())

    assert outcome.verdict is Verdict.LATER
    assert error in outcome.error


def test_a_secret_that_does_not_fit_lets_a_destination_wait() -> None:
    store = Store(KeptSecret(current="no key").model_dump_json())
    webhook = a_destination({"url": f"https://{HOST}/"}, kind=DestinationKind.WEBHOOK)
    outcome = SenderRegistry(secrets=store, egress=DirectEgress(), roles=no_roles()).sender(webhook).send(a_parcel())

    assert (outcome.verdict, outcome.error) == (Verdict.LATER, "the secret of the destination does not fit")


def test_a_secret_is_read_when_it_is_needed_and_once(place: OpenPlace) -> None:
    at = place(lambda _: reply(200), HOST)
    store = Store(KeptSecret(current=TOKEN).model_dump_json())
    sender = SenderRegistry(secrets=store, egress=at.senders._egress, roles=no_roles()).sender(a_destination())
    assert store.reads == 0

    for _ in range(3):
        assert sender.send(a_parcel()).verdict is Verdict.DELIVERED
    assert store.reads == 1


@pytest.mark.parametrize(
    "destination",
    [
        a_destination({}),
        a_destination({"url": "https://siem.example", "an": "old setting"}),
        a_destination(kind=DestinationKind.SLACK),
        a_destination(format=Format.TEMPLATE),
    ],
    ids=["no address", "an unknown setting", "a kind without a module", "a format without a writer"],
)
def test_a_destination_that_does_not_fit_waits_until_it_is_mended(destination: Destination) -> None:
    sender = SenderRegistry(secrets=Store(""), egress=DirectEgress(), roles=no_roles()).sender(destination)
    parcel = a_parcel()
    outcome = sender.send(parcel)

    assert (outcome.verdict, sender.bounds.entries) == (Verdict.LATER, 1)
    assert outcome.error
    assert sender.weigh(parcel.entries[0]) <= sender.bounds.bytes


@pytest.mark.parametrize("kind", list(DestinationKind))
def test_every_kind_has_a_way_of_its_own(kind: DestinationKind) -> None:
    senders = SenderRegistry(secrets=Store(""), egress=DirectEgress(), roles=no_roles())
    with pytest.raises(InvalidInputError, match="/settings/unheard_of"):
        senders.validate(kind, {"unheard_of": 1}, "")


def test_policy_refuses_at_every_call() -> None:
    """G1: a name that was fine when the destination was set may resolve inside today."""
    store = Store(KeptSecret(current=TOKEN).model_dump_json())
    senders = SenderRegistry(secrets=store, egress=DirectEgress(resolve=lambda _, __: ["10.0.0.1"]), roles=no_roles())
    outcome = senders.sender(a_destination()).send(a_parcel())

    assert (outcome.verdict, outcome.status) == (Verdict.BLOCKED, None)
    assert "10.0.0.1" in outcome.error


def test_nobody_there_is_for_later() -> None:
    def fails(_: str, __: int) -> list[str]:
        raise OSError

    store = Store(KeptSecret(current=TOKEN).model_dump_json())
    outcome = (
        SenderRegistry(secrets=store, egress=DirectEgress(resolve=fails), roles=no_roles())
        .sender(a_destination())
        .send(a_parcel())
    )

    assert (outcome.verdict, outcome.error) == (Verdict.LATER, f"the name {HOST} cannot be resolved")


def test_a_redirect_fails_and_is_tried_again(place: OpenPlace) -> None:
    """G2: not followed."""
    at = place(lambda _: reply(307, location=f"https://{HOST}/elsewhere"), HOST)
    outcome = at.sender(SPLUNK, SETTINGS, TOKEN).send(a_parcel())

    assert (outcome.verdict, outcome.error) == (Verdict.LATER, "answered 307")
    assert len(at.receiver.requests) == 1


@pytest.mark.parametrize(("length", "verdict"), [(2, Verdict.TOO_LARGE), (1, Verdict.REFUSED)])
def test_too_large_is_halved_until_there_is_one(place: OpenPlace, length: int, verdict: Verdict) -> None:
    at = place(lambda _: reply(413), HOST)

    assert at.sender(SPLUNK, SETTINGS, TOKEN).send(a_parcel(length)).verdict is verdict


def test_how_long_to_wait_is_handed_on(place: OpenPlace) -> None:
    at = place(lambda _: reply(503, retry_after="90"), HOST)

    assert at.sender(SPLUNK, SETTINGS, TOKEN).send(a_parcel()).retry_after == timedelta(seconds=90)


def test_what_is_kept_of_an_answer_is_harmless_and_holds_no_secret(place: OpenPlace) -> None:
    """F3: a receiver that repeats the token in red."""
    at = place(lambda _: reply(500, f"\x1b[31m{TOKEN}\r\n".encode()), HOST)

    outcome = at.sender(SPLUNK, SETTINGS, TOKEN).send(a_parcel())

    assert outcome.answer == r"\x1b[31m[hidden]\r\n"
    assert TOKEN not in str(outcome)


def test_the_timeout_is_for_an_attempt_as_a_whole(place: OpenPlace) -> None:
    """G2: asking for a token, and again, prolongs nothing."""

    def slow(request: Received) -> bytes:
        sleep(0.5)
        return reply(200, b'{"access_token":"t"}') if request.path == "/token" else reply(401)

    key = "whsec_" + "a" * 44
    oauth = {"type": "oauth", "token_url": f"https://{HOST}/token", "client_id": "nightlatch"}
    settings = {"url": f"https://{HOST}/", "authorization": oauth}
    secret = json.dumps({"signing_key": key, "client_secret": "s3cret"})
    at = place(slow, HOST)

    began = monotonic()
    outcome = at.sender(DestinationKind.WEBHOOK, settings, secret, timeout=1).send(a_parcel())

    assert outcome.verdict is Verdict.LATER
    assert len(at.receiver.requests) < 4
    assert monotonic() - began < 1.9


@pytest.mark.parametrize("kind", MODULES)
def test_every_kind_offers_what_the_registry_asks_for(place: OpenPlace, kind: DestinationKind) -> None:
    at = place(lambda _: reply(200), HOST)

    assert at.senders.whole_secret(kind, TOKEN) == TOKEN
    with pytest.raises(InvalidInputError):
        at.senders.validate(kind, {"unknown": True}, TOKEN)


def test_secrets_are_in_no_representation() -> None:
    secrets = [
        KeptSecret(current=TOKEN, previous=TOKEN),
        Secret(signing_key="whsec_" + "a" * 44, bearer_token=TOKEN, client_secret=TOKEN),
        Application("https://login.example/", "nightlatch", TOKEN),
        Letter("https://siem.example/", {"Authorization": TOKEN}, secrets=(TOKEN,)),
        OutgoingCall("POST", "https://siem.example/", {"Authorization": TOKEN}, TOKEN.encode(), timedelta(1)),
    ]

    assert not [secret for secret in secrets if TOKEN in repr(secret) or "whsec_" in repr(secret)]


WRONG: list[Callable[[], object]] = [
    lambda: a_destination(headers={"Authorization": "Basic x"}),
    lambda: a_destination(headers={"HOST": "x"}),
    lambda: a_destination(headers={"webhook-id": "x"}),
    lambda: a_destination(headers={"Webhook-Anything": "x"}),
    lambda: a_destination(headers={"transfer-encoding": "chunked"}),
    lambda: a_destination(headers={"Content-Length": "0"}),
    lambda: a_destination(headers={"Connection": "close"}),
    lambda: a_destination(headers={"Proxy-Authorization": "x"}),
    lambda: a_destination(headers={"DD-API-KEY": "x"}),
    lambda: a_destination(headers={"X-Sumo-Category": "x"}),
    lambda: a_destination(headers={"X-A": "1\r\nX-B: 2"}),
    lambda: a_destination(headers={"X-A": "1\n 2"}),
    lambda: a_destination(headers={"X-A\r\nX-B": "1"}),
    lambda: a_destination(headers={"X A": "1"}),
    lambda: a_destination(headers={"": "1"}),
    lambda: a_destination(headers={"X-A": "ü"}),
    lambda: a_destination(headers={"X-A": "x" * 1001}),
    lambda: a_destination(headers={f"X-{number}": "x" for number in range(21)}),
]


@pytest.mark.parametrize("make", WRONG)
def test_headers_that_are_ours_or_would_be_several_cannot_be_set(make: Callable[[], object]) -> None:
    """F3: no header of ours is replaced, and none is added by a line break."""
    with pytest.raises(ValueError, match=r"header|at most 20 items"):
        make()


def test_headers_of_a_sender_win_whatever_was_stored(place: OpenPlace) -> None:
    at = place(lambda _: reply(200), HOST)
    stored = a_destination().model_copy(
        update={"headers": {"authorization": "Basic x"}, "secret_reference": at.keep(TOKEN)}
    )

    at.senders.sender(stored).send(a_parcel())

    assert at.request.headers["authorization"] == f"Splunk {TOKEN}"
