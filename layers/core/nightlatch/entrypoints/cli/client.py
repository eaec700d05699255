"""The HTTP API as commands see it: JSON in, JSON out, problems as errors.

A call is repeated when no answer came, or one that says "later". Repeating is safe: a POST carries one
Idempotency-Key for all its attempts. A PUT or DELETE is not repeated, because If-Match would refuse its own success.
"""

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from nightlatch.entrypoints.cli.errors import ProblemError, UnreachableError, faults, headline, refused_token
from nightlatch.entrypoints.cli.shapes import Json

PAUSES = (0.5, 1.0, 2.0)
"""Seconds before each repetition of a call."""

TIMEOUT = httpx.Timeout(35.0, connect=5.0)
"""A little longer than the API's own 30 seconds."""

PROBLEM = "application/problem+json"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

Query = Mapping[str, str | int | list[str] | None]


@dataclass(frozen=True)
class Answer:
    """What the API answered, when it matters more than its body."""

    status: int
    etag: str | None
    body: Json


@dataclass(frozen=True)
class File:
    """What the API answered as it is: a file, or JSON that says where one will be."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Api:
    """The API of one stack, called in one person's name."""

    def __init__(self, http: httpx.Client, *, token: Callable[[], str], sleep: Callable[[float], None]) -> None:
        self._http = http
        self._token = token
        self._sleep = sleep

    def get(self, path: str, query: Query | None = None) -> Json:
        """Read something."""
        return self.read(path, query).body

    def read(self, path: str, query: Query | None = None) -> Answer:
        """Read something together with its ETag."""
        given = {name: value for name, value in (query or {}).items() if value not in (None, [])}
        return self._repeated(lambda: self._http.build_request("GET", path, params=given))

    def file(self, path: str, query: Query) -> File:
        """Read something that is handed out as it is."""
        given = {name: value for name, value in query.items() if value not in (None, [])}
        answer = self._answered(lambda: self._http.build_request("GET", path, params=given))
        if not answer.is_success:
            _understood(answer)
        return File(answer.status_code, answer.headers, answer.content)

    def fetch(self, address: str) -> Iterator[bytes]:
        """Read what lies at an address that needs no token: none is sent."""
        try:
            with self._http.stream("GET", address) as answer:
                if not answer.is_success:
                    raise UnreachableError(f"the file cannot be fetched: its store answered {answer.status_code}")
                yield from answer.iter_bytes()
        except httpx.TransportError as error:
            raise UnreachableError(f"the file cannot be fetched: {error or type(error).__name__}") from error

    def get_link(self, href: str) -> Json:
        """Follow a link of ours. Only its path and query count: a token never goes to another host."""
        parts = urlsplit(href)
        path = "/v1/" + parts.path.partition("/v1/")[2]
        return self.get(path, dict(parse_qs(parts.query)))

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Do something, once, however often it has to be sent."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return self._repeated(lambda: self._http.build_request("POST", path, json=dict(body or {}), headers=key)).body

    def put(self, path: str, body: Mapping[str, Any], *, if_match: str | None) -> Answer:
        """Write something over the version that was read, or anew."""
        condition = {"If-Match": if_match} if if_match else {}
        return _understood(self._sent(self._http.build_request("PUT", path, json=dict(body), headers=condition)))

    def delete(self, path: str, *, if_match: str | None) -> None:
        """Delete something in the version that was read."""
        condition = {"If-Match": if_match} if if_match else {}
        _understood(self._sent(self._http.build_request("DELETE", path, headers=condition)))

    def _repeated(self, make: Callable[[], httpx.Request]) -> Answer:
        return _understood(self._answered(make))

    def _answered(self, make: Callable[[], httpx.Request]) -> httpx.Response:
        for pause in PAUSES:
            try:
                answer = self._sent(make())
            except UnreachableError:
                self._sleep(pause)
                continue
            if not _says_later(answer):
                return answer
            self._sleep(pause)
        return self._sent(make())

    def _sent(self, request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        try:
            return self._http.send(request)
        except httpx.TransportError as error:
            host = request.url.copy_with(path="/", query=None)
            raise UnreachableError(f"the API at {host} does not answer: {error or type(error).__name__}") from error


def http_client(base_url: str, *, version: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Make the client that everything here sends with. This machine's own addresses go through no proxy."""
    return httpx.Client(
        base_url=base_url,
        headers={"User-Agent": f"nightlatch-cli/{version}", "X-Nightlatch-Client": "cli", "Accept": "application/json"},
        timeout=TIMEOUT,
        trust_env=not is_loopback(base_url),
        transport=transport,
    )


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def _says_later(answer: httpx.Response) -> bool:
    # A 502 that is a problem of ours is a target that refused, a 429 of ours a limit: asking again would not help.
    passing = {httpx.codes.BAD_GATEWAY, httpx.codes.TOO_MANY_REQUESTS}
    return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE or _is_the_gateways(answer, passing)


def _is_the_gateways(answer: httpx.Response, codes: Collection[int]) -> bool:
    """Say whether the gateway before the API answered with one of these."""
    return answer.status_code in codes and not answer.headers.get("content-type", "").startswith(PROBLEM)


def _understood(answer: httpx.Response) -> Answer:
    body = _json(answer)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise refused_token(body)
    if answer.is_server_error or _is_the_gateways(answer, {httpx.codes.TOO_MANY_REQUESTS}):
        raise UnreachableError(headline(answer.status_code, body), lines=faults(body))
    if not answer.is_success:
        raise ProblemError(answer.status_code, body)
    return Answer(answer.status_code, answer.headers.get("etag"), body)


def _json(answer: httpx.Response) -> Json:
    if answer.status_code == httpx.codes.NO_CONTENT:
        return {}
    try:
        body = answer.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    if answer.is_success:
        raise UnreachableError(f"{answer.request.url} answered something that is not the API's JSON")
    return {}
