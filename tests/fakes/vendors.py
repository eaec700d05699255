"""Receivers that behave as their vendors say: what they take, what they refuse, and in which words.

Each is called with a request and returns the answer as it goes over the wire. `events` is what it has taken.
"""

import gzip
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.receiver import Received, reply


def content(request: Received) -> bytes:
    """Read a body, which may be compressed."""
    return gzip.decompress(request.body) if request.headers.get("content-encoding") == "gzip" else request.body


def as_json(status: int, told: object, **headers: str) -> bytes:
    """Answer with JSON."""
    return reply(status, json.dumps(told).encode(), content_type="application/json", **headers)


def _first(*refusals: tuple[bool, bytes]) -> bytes | None:
    return next((answer for applies, answer in refusals if applies), None)


def _azure_error(status: int, code: str, **headers: str) -> bytes:
    return as_json(status, {"error": {"code": code, "message": code}}, **headers)


@dataclass
class SplunkCollector:
    """HTTP Event Collector. The token may write to `indexes`; `is_busy` fills its queues."""

    token: str
    indexes: frozenset[str] = frozenset({"main"})
    most_bytes: int = 1_000_000
    is_disabled: bool = False
    is_busy: bool = False
    needs_channel: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Received) -> bytes:
        """Answer a request."""
        if refusal := self._refusal(request):
            return refusal
        body = content(request).decode()
        if not body:
            return as_json(400, {"text": "No data", "code": 5})
        return self._read(body)

    def _refusal(self, request: Received) -> bytes | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        where = (request.method, request.path)
        has_channel = "x-splunk-request-channel" in request.headers
        return _first(
            (where != ("POST", "/services/collector/event"), as_json(404, {"text": "Not found", "code": 404})),
            (not token, as_json(401, {"text": "Token is required", "code": 2})),
            (scheme != "Splunk", as_json(401, {"text": "Invalid authorization", "code": 3})),
            (token != self.token, as_json(403, {"text": "Invalid token", "code": 4})),
            (self.is_disabled, as_json(403, {"text": "Token disabled", "code": 1})),
            (self.is_busy, as_json(503, {"text": "Server is busy", "code": 9})),
            (self.needs_channel and not has_channel, as_json(400, {"text": "Data channel is missing", "code": 10})),
            (len(content(request)) > self.most_bytes, reply(413, b"Content-Length too large")),
        )

    def _read(self, body: str) -> bytes:
        """Read event after event; what stood before one at fault has been taken."""
        decoder, at, number = json.JSONDecoder(), 0, 0
        while at < len(body):
            try:
                event, at = decoder.raw_decode(body, at)
            except ValueError:
                return as_json(400, {"text": "Invalid data format", "code": 6, "invalid-event-number": number})
            if fault := self._fault(event):
                return as_json(400, {**fault, "invalid-event-number": number})
            self.events.append(event)
            number, at = number + 1, at + len(body[at:]) - len(body[at:].lstrip())
        return as_json(200, {"text": "Success", "code": 0})

    def _fault(self, event: dict[str, Any]) -> dict[str, Any] | None:
        if "event" not in event:
            return {"text": "Event field is required", "code": 12}
        if event["event"] in ("", {}):
            return {"text": "Event field cannot be blank", "code": 13}
        if event.get("index", "main") not in self.indexes:
            return {"text": "Incorrect index", "code": 7}
        return None


@dataclass
class AzureMonitor:
    """Microsoft Entra and the Logs Ingestion API, in one: the hosts differ by the header Host."""

    client_secret: str
    columns: frozenset[str] = frozenset({"TimeGenerated", "event_type", "id"})
    tokens: list[str] = field(default_factory=list)
    retry_after: str = ""
    has_role: bool = True
    events: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Received) -> bytes:
        """Answer a request."""
        return self._token(request) if request.headers["host"].startswith("login.") else self._ingest(request)

    def revoke(self) -> None:
        """Let no token that was given be valid any longer."""
        self.tokens = [f"revoked {token}" for token in self.tokens]

    def _token(self, request: Received) -> bytes:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form["grant_type"] != "client_credentials" or not form["scope"].endswith("/.default"):
            return as_json(400, {"error": "invalid_scope", "error_description": "AADSTS70011"})
        if form["client_secret"] != self.client_secret:
            told = f"AADSTS7000215: Invalid client secret provided: {form['client_secret']}"
            return as_json(401, {"error": "invalid_client", "error_description": told})
        self.tokens.append(f"token-of-entra-{len(self.tokens) + 1}")
        return as_json(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": self.tokens[-1]})

    def _ingest(self, request: Received) -> bytes:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        stream = "/dataCollectionRules/dcr-1/streams/Custom-Nightlatch?api-version=2023-01-01"
        refusal = _first(
            (token not in self.tokens, _azure_error(401, "AuthenticationFailed")),
            (not self.has_role, _azure_error(403, "OperationFailed")),
            (request.path != stream, _azure_error(404, "NotFound")),
            (bool(self.retry_after), _azure_error(429, "TooManyRequests", retry_after=self.retry_after)),
            (len(content(request)) > 1024 * 1024, _azure_error(413, "ContentLengthLimitExceeded")),
        )
        return refusal or self._take(request)

    def _take(self, request: Received) -> bytes:
        rows = json.loads(content(request))
        if not isinstance(rows, list):
            return reply(204)  # a single object is taken, and dropped
        self.events += [{name: row[name] for name in row if name in self.columns} for row in rows]
        return reply(204)


@dataclass
class DatadogIntake:
    """The intake of logs."""

    key: str
    is_slow: bool = False
    is_throttled: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Received) -> bytes:
        """Answer a request."""
        body = content(request)
        if "dd-api-key" not in request.headers:
            return as_json(401, {"errors": [{"status": "401", "title": "Unauthorized"}]})
        if request.headers["dd-api-key"] != self.key:
            return as_json(403, {"errors": [{"status": "403", "title": "Forbidden"}]})
        if self.is_slow or self.is_throttled:
            return as_json(408 if self.is_slow else 429, {"errors": []})
        if request.path != "/api/v2/logs":
            return as_json(404, {"errors": []})
        if len(body) > 5_000_000:
            return as_json(413, {"errors": [{"status": "413", "title": "Request Entity Too Large"}]})
        return self._read(body)

    def _read(self, body: bytes) -> bytes:
        try:
            logs = json.loads(body)
        except ValueError:
            return as_json(400, {"errors": [{"status": "400", "title": "Bad Request"}]})
        if len(logs) > 1000 or not all("message" in log for log in logs):
            return as_json(400, {"errors": [{"status": "400", "title": "Bad Request"}]})
        self.events += logs
        return as_json(202, {})


@dataclass
class SumoSource:
    """An HTTP source: its path is what lets one in."""

    path: str
    is_throttled: bool = False
    events: list[str] = field(default_factory=list)

    def __call__(self, request: Received) -> bytes:
        """Answer a request."""
        if request.path != self.path:
            return reply(401)
        if self.is_throttled:
            return reply(429)
        self.events += content(request).decode().splitlines()
        return reply(200)
