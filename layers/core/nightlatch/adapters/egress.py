"""The one way out: every HTTP call to somebody outside goes through here, and only to where it may go.

    address ── read ──> host, port ── resolve ──> addresses ── judge all ──> connect to one of these, to no other
                                                                                 │
                  answer <── 64 KiB at most <── request <── TLS, verified against the host's name

Between judging and connecting nothing is resolved again: a name that answers otherwise a moment later changes nothing.
Nothing is followed, nothing is inflated, no proxy is asked, and one deadline bounds it all: a byte now and then does
not prolong it, as it does where each read has a timeout of its own. A client library (urllib3 is there, with botocore)
would have to be told all that against its habits; http.client on a connection of our own has no such habits.
"""

import re
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from nightlatch.adapters.egress_policy import Address, Target, literal, target_of
from nightlatch.domain.errors import EgressBlockedError, NoAnswerError
from nightlatch.services.ports.egress import Answer, OutgoingCall

MOST_READ = 64 * 1024
"""So many bytes of an answer are read, and no more."""

Resolve = Callable[[str, int], Sequence[str]]
"""Finds the addresses of a host; raises OSError when it cannot."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t -~]*")


class DirectEgress:
    """Calls over HTTPS, straight to an address that was judged.

    `exceptions` are hosts (`siem.internal`, or with a port `siem.internal:8088`) that may be called inside and at other
    ports. `own` is the address of our own API. `resolve` finds addresses.
    """

    def __init__(self, *, exceptions: Collection[str] = (), own: str = "", resolve: Resolve | None = None) -> None:
        self._exceptions = frozenset(exception.lower() for exception in exceptions)
        self._own = urlsplit(own).hostname or ""
        self._resolve = resolve or system_addresses

    def check(self, url: str) -> None:
        """Refuse an address that may never be called, without calling or resolving it; raise EgressBlockedError."""
        self._target(url)

    def call(self, call: OutgoingCall) -> Answer:
        """Call, and read the answer. Every status is an answer, a redirect too."""
        target = self._target(call.url)
        headers = _headers(call, target)
        tls = _tls(call.ca_certificate)
        deadline = _Deadline(call.timeout)
        with _told(target):
            addresses = literal(target.host) or _resolved(self._resolve, target, deadline)
            target.judge(addresses)
            with _connected(addresses, target, deadline) as plain, _secured(plain, target, tls, deadline) as secured:
                return _exchange(call, target, headers, secured)

    def _target(self, url: str) -> Target:
        return target_of(url, exceptions=self._exceptions, own=self._own)


def system_addresses(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class _Deadline:
    """When it must be over."""

    def __init__(self, span: timedelta) -> None:
        self._began = monotonic()
        self._seconds = span.total_seconds()

    @property
    def took(self) -> timedelta:
        """How long it has taken."""
        return timedelta(seconds=monotonic() - self._began)

    def left(self) -> float:
        """Count the seconds that are left; raise TimeoutError when there are none."""
        left = self._seconds - self.took.total_seconds()
        if left <= 0:
            raise TimeoutError
        return left


class _HurriedSocket(ssl.SSLSocket):
    """A TLS connection whose every step has only what is left of the time."""

    deadline: _Deadline

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 - as the library names it
        """Read within the deadline."""
        self.settimeout(self.deadline.left())
        return super().read(len, buffer)

    def send(self, data: Any, flags: int = 0) -> int:
        """Write within the deadline."""
        self.settimeout(self.deadline.left())
        return super().send(data, flags)


def _resolved(resolve: Resolve, target: Target, deadline: _Deadline) -> Sequence[Address]:
    """Ask the resolver, in a thread: it has no timeout of its own."""
    answers: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(target.host, target.port))
        except (OSError, UnicodeError) as error:
            answers.put(OSError(*error.args))

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except Empty as error:
        raise NoAnswerError(f"the name {target.host} was not resolved in time") from error
    if isinstance(answer, OSError) or not answer:
        raise NoAnswerError(f"the name {target.host} cannot be resolved")
    return [ip_address(address) for address in dict.fromkeys(answer)]


def _connected(addresses: Sequence[Address], target: Target, deadline: _Deadline) -> socket.socket:
    """Connect to the first address that takes the call; each has its share of the time that is left."""
    failure: OSError = TimeoutError()
    for tried, address in enumerate(addresses):
        share = deadline.left() / (len(addresses) - tried)
        try:
            return socket.create_connection((str(address), target.port), timeout=share)
        except OSError as error:
            failure = error
    raise failure


def _secured(plain: socket.socket, target: Target, tls: ssl.SSLContext, deadline: _Deadline) -> _HurriedSocket:
    """Talk TLS, to the one that the host's name certifies."""
    plain.settimeout(deadline.left())
    secured = tls.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)
    assert isinstance(secured, _HurriedSocket)  # noqa: S101 - the context was told to make these
    secured.deadline = deadline
    try:
        secured.do_handshake()
    except OSError:
        secured.close()
        raise
    return secured


def _exchange(call: OutgoingCall, target: Target, headers: dict[str, str], secured: _HurriedSocket) -> Answer:
    http = HTTPConnection(target.host, target.port)
    http.sock = secured
    http.request(call.method, target.path, body=call.body, headers=headers)
    with http.getresponse() as response:
        body = _body(response)
        told = {name.lower(): text for name, text in response.getheaders()}
        return Answer(status=response.status, body=body, took=secured.deadline.took, headers=told)


def _body(response: HTTPResponse) -> bytes:
    """Read the beginning of the answer. One that ends before its own length is none."""
    body = response.read(MOST_READ)
    if response.length and len(body) < MOST_READ:
        raise ConnectionError("the answer was cut off")
    return body


@lru_cache(maxsize=32)
def _tls(ca_certificate: str) -> ssl.SSLContext:
    """Trust the well-known authorities, or only the given one. Kept, because reading them takes milliseconds."""
    made = trust_in(ca_certificate)
    made.sslsocket_class = _HurriedSocket
    return made


def trust_in(ca_certificate: str) -> ssl.SSLContext:
    """Make what verifies certificates; raise EgressBlockedError when the authority's own cannot be read."""
    try:
        return ssl.create_default_context(cadata=ca_certificate or None)
    except (ssl.SSLError, ValueError) as error:
        raise EgressBlockedError("the certificate of the authority cannot be read") from error


def _headers(call: OutgoingCall, target: Target) -> dict[str, str]:
    """Add what the call itself needs. A line break would begin another header."""
    for name, text in call.headers.items():
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(text)):
            raise EgressBlockedError(f"the header {name!r} cannot be sent")
    ours = {"Host": target.authority, "Accept-Encoding": "identity", "Connection": "close", "User-Agent": "Nightlatch"}
    names = {name.lower() for name in ours}
    return {**{name: text for name, text in call.headers.items() if name.lower() not in names}, **ours}


@contextmanager
def _told(target: Target) -> Iterator[None]:
    """Say in our own words what went wrong: a library's may hold what the other side sent."""
    try:
        yield
    except TimeoutError as error:
        raise NoAnswerError(f"{target.host} did not answer in time") from error
    except ssl.SSLCertVerificationError as error:
        raise NoAnswerError(f"the certificate of {target.host} is not trusted: {error.verify_message}") from error
    except (OSError, HTTPException) as error:
        raise NoAnswerError(f"{target.host} gave no whole answer: {type(error).__name__}") from error
