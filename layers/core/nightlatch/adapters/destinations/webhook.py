"""Webhooks after the Standard Webhooks specification: id, time and signature of every message.

    webhook-signature: v1,base64(HMAC-SHA256(key, "<webhook-id>.<webhook-timestamp>.<body>"))

One event is one message, its JSON the body, as the specification means it; with `batch` the body is `{"events": […]}`.
While the key rotates there are two signatures, parted by a blank. The signature is of the body as it is sent: with
`gzip` of the compressed one.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from secrets import token_bytes
from typing import Annotated, Literal

from pydantic import Field, field_validator

from nightlatch.adapters.destinations.http_sender import HttpSender, HttpSettings, Letter, Tools
from nightlatch.adapters.destinations.oauth import Application
from nightlatch.domain.destination import KeptSecret
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.domain.value import Value
from nightlatch.services.ports.destinations import Bounds, Parcel

KEY_PREFIX = "whsec_"
KEY_BYTES = 32
SHORTEST_KEY, LONGEST_KEY = 24, 64
ONE_BY_ONE = Bounds(entries=1, bytes=256 * 1024)
IN_BATCHES = Bounds(entries=500, bytes=512 * 1024)


class NoAuthorization(Value):
    """The signature is enough."""

    type: Literal["none"] = "none"


class Bearer(Value):
    """A token that the receiver gave: `bearer_token` in the secret."""

    type: Literal["bearer"]


class OAuth(Value):
    """Tokens by client credentials: `client_secret` in the secret."""

    type: Literal["oauth"]
    token_url: str = Field(max_length=2000)
    client_id: str = Field(min_length=1, max_length=500)
    scope: str = Field(default="", max_length=500)


class Settings(HttpSettings):
    """Where it goes."""

    url: str = Field(max_length=2000)
    batch: bool = False
    authorization: Annotated[NoAuthorization | Bearer | OAuth, Field(discriminator="type")] = Field(
        default_factory=NoAuthorization
    )


class Secret(Value):
    """What is secret. As text it is this in JSON, or the signing key alone."""

    signing_key: str = Field(repr=False)
    bearer_token: str = Field(default="", repr=False)
    client_secret: str = Field(default="", repr=False)

    @field_validator("signing_key")
    @classmethod
    def _is_a_key(cls, key: str) -> str:
        key_bytes(key)
        return key

    @classmethod
    def of(cls, text: str) -> "Secret":
        """Read the secret."""
        return cls.model_validate_json(text) if text.startswith("{") else cls(signing_key=text)


def key_bytes(key: str) -> bytes:
    """Read a signing key; raise ValueError when it is none."""
    try:
        read = base64.b64decode(key.removeprefix(KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        read = b""
    if not key.startswith(KEY_PREFIX) or not SHORTEST_KEY <= len(read) <= LONGEST_KEY:
        raise ValueError(f"a signing key is {KEY_PREFIX} and {SHORTEST_KEY} to {LONGEST_KEY} bytes in base64")
    return read


def signature(key: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Sign a message."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key_bytes(key), signed, sha256)).decode()


def check_secret(settings: Settings, secret: str) -> None:
    """Refuse a secret that does not fit; raise ValueError."""
    read = Secret.of(secret)
    if isinstance(settings.authorization, Bearer) and not read.bearer_token:
        raise ValueError("bearer_token is missing")
    if isinstance(settings.authorization, OAuth) and not read.client_secret:
        raise ValueError("client_secret is missing")


def addresses(settings: Settings, _: str) -> Iterator[tuple[str, str]]:
    """List the addresses that would be called, each with the place where it is set."""
    yield "/settings/url", settings.url
    if isinstance(settings.authorization, OAuth):
        yield "/settings/authorization/token_url", settings.authorization.token_url


def whole_secret(secret: str) -> str:
    """Make the signing key when none is given."""
    if not secret:
        return KEY_PREFIX + base64.b64encode(token_bytes(KEY_BYTES)).decode()
    if not secret.startswith("{"):
        return secret
    given = _object(secret)
    return canonical_json({"signing_key": whole_secret(""), **given}).decode() if given else secret


def _object(text: str) -> dict[str, object]:
    """Read a JSON object; what is none is left to `check_secret`."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


class WebhookSender(HttpSender):
    """The way to a webhook."""

    def __init__(self, tools: Tools, settings: Settings) -> None:
        super().__init__(tools, settings)
        self._webhook = settings
        self._application: Application | None = None

    @property
    def bounds(self) -> Bounds:
        """One event is one message, unless batches are asked for."""
        return IN_BATCHES if self._webhook.batch else ONE_BY_ONE

    def row(self, entry: LedgerEntry) -> bytes:
        """Write an event as it is."""
        return canonical_json(self._tools.write(entry))

    def body(self, rows: Sequence[bytes]) -> bytes:
        """Send an event alone, or a list."""
        return b'{"events":[' + b",".join(rows) + b"]}" if self._webhook.batch else rows[0]

    def letter(self, parcel: Parcel, body: bytes, secret: KeptSecret, left: timedelta) -> Letter:
        """Sign it, with every key that is valid now."""
        secrets = [Secret.of(text) for text in secret.valid(parcel.at)]
        timestamp = int(parcel.at.timestamp())
        keys = [valid.signing_key for valid in secrets]
        signatures = [signature(key, message_id=parcel.id, timestamp=timestamp, body=body) for key in keys]
        token = self._token(secrets[0], parcel, left)
        headers = {
            "webhook-id": parcel.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signatures),
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        return Letter(self._webhook.url, headers, secrets=(token, *keys))

    def renew(self) -> bool:
        """Ask for another token, if that is what was not accepted."""
        if self._application is None:
            return False
        self._tools.tokens.forget(self._application)
        return True

    def _token(self, secret: Secret, parcel: Parcel, left: timedelta) -> str:
        match self._webhook.authorization:
            case Bearer():
                return secret.bearer_token
            case OAuth(token_url=url, client_id=client_id, scope=scope):
                ca_certificate = self._webhook.ca_certificate
                self._application = Application(url, client_id, secret.client_secret, scope, ca_certificate)
                return self._tools.tokens.token(self._application, at=parcel.at, timeout=left)
            case _:
                return ""


def sender(tools: Tools, settings: Settings) -> WebhookSender:
    """Make the way to a webhook."""
    return WebhookSender(tools, settings)
