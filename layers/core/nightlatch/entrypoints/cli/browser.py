"""Sign in with a browser: OpenID Connect's code flow with PKCE, answered to a listener on this machine (RFC 8252)."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from nightlatch.entrypoints.cli.errors import CliError, NotSignedInError, UnreachableError
from nightlatch.entrypoints.cli.session import Stack, Tokens

PORT = 8976
"""Registered with the issuer as part of the redirect URI, so it cannot be just any."""

WAIT_SECONDS = 180.0
SCOPES = "openid email profile"

_LISTEN_ON = "127.0.0.1"
_PATH = "/callback"
_GOOD_PAGE = b"<!doctype html><title>Nightlatch</title><p>You are signed in. You may close this window."
_BAD_PAGE = b"<!doctype html><title>Nightlatch</title><p>This is not the answer that was waited for."


@dataclass(frozen=True)
class Endpoints:
    """Where an issuer signs people in, hands out tokens, and takes them back (RFC 7009), if it does."""

    authorization: str
    token: str
    revocation: str | None = None


@dataclass(frozen=True)
class Challenge:
    """The secrets of one sign-in: only who began it can end it."""

    state: str
    verifier: str

    @classmethod
    def new(cls) -> "Challenge":
        """Draw one at random."""
        return cls(state=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(64))

    @property
    def s256(self) -> str:
        """The verifier as the issuer is told at first: its SHA-256 (RFC 7636)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass
class _Callback:
    """What the browser brought back."""

    code: str | None = None
    error: str | None = None

    @property
    def is_there(self) -> bool:
        return bool(self.code or self.error)


def sign_in_with_browser(
    http: httpx.Client,
    stack: Stack,
    *,
    open_browser: Callable[[str], bool],
    say: Callable[[str], None],
    now: Callable[[], int],
    is_fresh: bool = False,
    port: int = PORT,
    wait_seconds: float = WAIT_SECONDS,
) -> Tokens:
    """Open the issuer's page, wait for the person to sign in there, and fetch the tokens."""
    where, challenge = endpoints(http, stack), Challenge.new()
    # Cognito accepts http for the name `localhost` only, never for the number.
    redirect_uri = f"http://localhost:{port}{_PATH}"
    page = authorization_url(where, stack, challenge, redirect_uri=redirect_uri, is_fresh=is_fresh)
    with _Listener(port, challenge.state) as (server, callback):
        say(page)
        open_browser(page)
        _wait_for(server, callback, wait_seconds)
    if callback.code is None:
        raise NotSignedInError(f"not signed in: {callback.error}")
    form = {
        "grant_type": "authorization_code",
        "client_id": stack.client_id,
        "code": callback.code,
        "redirect_uri": redirect_uri,
        "code_verifier": challenge.verifier,
    }
    return tokens_from(http, where.token, form, now=now(), kept=None)


def authorization_url(
    where: Endpoints, stack: Stack, challenge: Challenge, *, redirect_uri: str, is_fresh: bool = False
) -> str:
    """Write the address of the page where the person signs in; anew, if it is to be fresh."""
    query = {
        "response_type": "code",
        "client_id": stack.client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "state": challenge.state,
        "code_challenge": challenge.s256,
        "code_challenge_method": "S256",
        **({"prompt": "login", "max_age": "0"} if is_fresh else {}),
    }
    return f"{where.authorization}{'&' if '?' in where.authorization else '?'}{urlencode(query)}"


def endpoints(http: httpx.Client, stack: Stack) -> Endpoints:
    """Ask the issuer where to go; the local stack's cannot be asked, so its page is known."""
    if stack.sign_in_page:
        return Endpoints(stack.sign_in_page, stack.sign_in_page.removesuffix("authorize") + "token")
    address = stack.issuer.rstrip("/") + "/.well-known/openid-configuration"
    known = _json(_fetch(lambda: http.get(address), address), address)
    if known.get("issuer", "").rstrip("/") != stack.issuer.rstrip("/"):
        raise NotSignedInError(f"{address} speaks for another issuer: {known.get('issuer')}")
    return Endpoints(known["authorization_endpoint"], known["token_endpoint"], known.get("revocation_endpoint"))


def tokens_from(http: httpx.Client, address: str, form: Mapping[str, str], *, now: int, kept: str | None) -> Tokens:
    """Exchange a code or a refresh token for tokens; `kept` stays when the issuer gives no new refresh token."""
    given = _json(_fetch(lambda: http.post(address, data=dict(form)), address), address)
    return Tokens(
        access_token=given["access_token"],
        refresh_token=given.get("refresh_token") or kept,
        expires_at=now + int(given.get("expires_in", 300)),
    )


def take_back(http: httpx.Client, stack: Stack, refresh_token: str) -> None:
    """Let the issuer end a session, where it offers that."""
    address = endpoints(http, stack).revocation
    if address is None:
        return
    form = {"token": refresh_token, "token_type_hint": "refresh_token", "client_id": stack.client_id}
    answer = _fetch(lambda: http.post(address, data=form), address)
    if answer.is_error:
        raise UnreachableError(f"{address} answered {answer.status_code}")


class _Listener:
    """Listen for the browser's return, on this machine only."""

    def __init__(self, port: int, state: str) -> None:
        self._port = port
        self._state = state

    def __enter__(self) -> tuple[HTTPServer, _Callback]:
        callback = _Callback()
        try:
            self._server = HTTPServer((_LISTEN_ON, self._port), _handler(callback, self._state))
        except OSError as error:
            raise CliError(f"port {self._port} is taken; the browser could not come back: {error}") from error
        return self._server, callback

    def __exit__(self, *_: object) -> None:
        self._server.server_close()


def _handler(callback: _Callback, state: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # somebody who connects and says nothing must not hold the listener

        def do_GET(self) -> None:
            """Take the answer, if it belongs to the sign-in that we began."""
            address = urlsplit(self.path)
            given = {name: values[0] for name, values in parse_qs(address.query).items()}
            is_ours = address.path == _PATH and secrets.compare_digest(given.get("state", "").encode(), state.encode())
            if is_ours:
                callback.code = given.get("code")
                callback.error = given.get("error_description") or given.get("error") or "the issuer gave no code"
            self._answer(_GOOD_PAGE if is_ours and callback.code else _BAD_PAGE)

        def _answer(self, page: bytes) -> None:
            self.send_response(200 if page is _GOOD_PAGE else 400)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", "default-src 'none'")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Say nothing: the address holds the code."""

    return Handler


def _wait_for(server: HTTPServer, callback: _Callback, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not callback.is_there:
        server.timeout = deadline - time.monotonic()
        if server.timeout <= 0:
            raise NotSignedInError("nobody signed in within the time; start again with: nightlatch login")
        server.handle_request()


def _fetch(call: Callable[[], httpx.Response], address: str) -> httpx.Response:
    try:
        return call()
    except httpx.TransportError as error:
        raise UnreachableError(f"{address} does not answer: {error}") from error


def _json(answer: httpx.Response, address: str) -> dict[str, Any]:
    try:
        known = answer.json()
    except ValueError:
        known = {}
    if answer.is_error or not isinstance(known, dict):
        why = known.get("error_description") or known.get("error") if isinstance(known, dict) else None
        raise NotSignedInError(f"not signed in: {address} answered {why or answer.status_code}")
    return known
