"""The identity provider: found by its issuer, asked with forms, and read without trusting what it is not asked for."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from nightlatch.adapters.loopback import Loopback
from nightlatch.adapters.openid import OpenIdProvider
from nightlatch.domain.errors import AuthenticationError, EgressBlockedError, NoAnswerError
from nightlatch.services.ports.egress import Answer, OutgoingCall

ISSUER = "https://id.example.com/tenant"
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
TOKEN = "https://id.example.com/token"
DESCRIPTION = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://id.example.com/authorize?tenant=1",
    "token_endpoint": TOKEN,
}


def a_jwt(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


@dataclass
class FakeEgress:
    """Answers addresses with what a test lays there."""

    answers: dict[str, tuple[int, Any]]
    calls: list[OutgoingCall] = field(default_factory=list)

    def check(self, url: str) -> None:
        """Let everything pass."""

    def call(self, call: OutgoingCall) -> Answer:
        """Answer."""
        self.calls.append(call)
        status, body = self.answers[call.url]
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(status, text, timedelta(milliseconds=1))


def a_provider(**answers: tuple[int, Any]) -> tuple[OpenIdProvider, FakeEgress]:
    known = {DISCOVERY: answers.get("discovery", (200, DESCRIPTION)), TOKEN: answers.get("token", (200, {}))}
    egress = FakeEgress(known)
    return OpenIdProvider(issuer=ISSUER, egress=egress), egress


def test_the_page_is_the_one_that_the_issuer_names_and_keeps_its_own_query() -> None:
    provider, _ = a_provider()

    assert provider.page({"state": "s"}) == "https://id.example.com/authorize?tenant=1&state=s"


def test_the_issuer_is_asked_once() -> None:
    provider, egress = a_provider()
    for _ in range(3):
        provider.page({})

    assert [call.url for call in egress.calls] == [DISCOVERY]


def test_a_code_is_exchanged_by_a_form_and_the_tokens_are_read() -> None:
    tokens = {"id_token": a_jwt(sub="maya", nonce="n"), "access_token": a_jwt(sub="maya", groups=["a"])}
    provider, egress = a_provider(token=(200, tokens))

    read = provider.redeem({"code": "c 1"})

    assert (read.id_claims, read.access_claims) == ({"sub": "maya", "nonce": "n"}, {"sub": "maya", "groups": ["a"]})
    assert (egress.calls[-1].method, egress.calls[-1].body) == ("POST", b"code=c+1")
    assert egress.calls[-1].headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "discovery",
    [
        (200, {**DESCRIPTION, "issuer": "https://evil.example.com"}),
        (200, {**DESCRIPTION, "issuer": f"{ISSUER}/"}),
        (404, {}),
        (200, b"<html>"),
        (200, []),
    ],
)
def test_a_description_that_is_not_the_issuers_is_refused(discovery: tuple[int, Any]) -> None:
    provider, _ = a_provider(discovery=discovery)

    with pytest.raises(AuthenticationError):
        provider.page({})


@pytest.mark.parametrize(
    "token",
    [
        (400, {"error": "invalid_grant"}),
        (200, {}),
        (200, {"id_token": a_jwt(sub="maya"), "access_token": "opaque"}),
        (200, {"id_token": "a.b.c", "access_token": a_jwt(sub="maya")}),
        (200, {"id_token": "a.ÿ.c", "access_token": a_jwt(sub="maya")}),
    ],
)
def test_tokens_that_cannot_be_read_are_refused(token: tuple[int, Any]) -> None:
    provider, _ = a_provider(token=token)

    with pytest.raises(AuthenticationError):
        provider.redeem({})


def test_what_the_issuer_says_is_cut_short_and_its_tokens_are_never_told() -> None:
    provider, _ = a_provider(token=(400, {"error": "x" * 5000}))

    with pytest.raises(AuthenticationError) as refused:
        provider.redeem({"code": "a secret"})
    assert len(str(refused.value)) < 200
    assert "secret" not in str(refused.value)


def test_a_page_that_is_given_is_not_asked_for() -> None:
    egress = FakeEgress({"http://127.0.0.1:1/oauth2/token": (200, {"id_token": a_jwt(), "access_token": a_jwt()})})
    page = "http://127.0.0.1:1/oauth2/authorize"
    provider = OpenIdProvider(issuer=ISSUER, egress=egress, sign_in_page=page)

    assert provider.page({"a": "b"}) == f"{page}?a=b"
    assert provider.redeem({}).id_claims == {}


@pytest.mark.parametrize(
    "url", ["http://localhost:1/", "https://127.0.0.1/", "http://10.0.0.1/", "http://127.0.0.1.evil/"]
)
def test_only_this_machine_is_called_without_tls(url: str) -> None:
    with pytest.raises(EgressBlockedError):
        Loopback().call(a_post(url))


def test_this_machine_is_called_and_answers() -> None:
    with listening() as port:
        answer = Loopback().call(a_post(f"http://127.0.0.1:{port}/oauth2/token"))

    assert (answer.status, answer.body) == (200, b"code=1")


def test_a_machine_that_does_not_listen_gives_no_answer() -> None:
    with listening() as port:
        pass
    with pytest.raises(NoAnswerError):
        Loopback().call(a_post(f"http://127.0.0.1:{port}/"))


def a_post(url: str) -> OutgoingCall:
    return OutgoingCall("POST", url, {}, b"code=1", timedelta(seconds=2))


class _Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.rfile.read(int(self.headers["content-length"])))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        pass


@contextmanager
def listening() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Echo) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
