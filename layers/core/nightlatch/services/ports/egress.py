"""Calling strangers over HTTP."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True)
class OutgoingCall:
    """An HTTP request to somebody outside. `ca_certificate` (PEM) is trusted instead of the well-known authorities."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    timeout: timedelta
    ca_certificate: str = ""


@dataclass(frozen=True)
class Answer:
    """What was answered: never followed when it points elsewhere, and read no further than `bytes` bound it."""

    status: int
    body: bytes
    took: timedelta
    headers: dict[str, str] = field(default_factory=dict)


class Egress(Protocol):
    """The one way out for HTTP, to strangers.

    Raises EgressBlockedError when policy forbids the call (scheme, port, address), NoAnswerError when nobody answered
    whole and in time.
    """

    def check(self, url: str) -> None:
        """Refuse an address that may never be called, without calling or resolving it; raise EgressBlockedError."""
        ...

    def call(self, call: OutgoingCall) -> Answer:
        """Call, and read the answer."""
        ...
