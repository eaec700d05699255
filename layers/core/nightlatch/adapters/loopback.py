"""Calls to this machine itself, over plain HTTP: what the local stack's identity provider speaks."""

from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from time import monotonic
from urllib.parse import urlsplit

from nightlatch.domain.errors import EgressBlockedError, NoAnswerError
from nightlatch.services.ports.egress import Answer, OutgoingCall

HOST = "127.0.0.1"


class Loopback:
    """Calls 127.0.0.1, and refuses everything else."""

    def check(self, url: str) -> None:
        """Refuse every address that is not this machine's."""
        parts = urlsplit(url)
        if (parts.scheme, parts.hostname) != ("http", HOST):
            raise EgressBlockedError(f"only {HOST} is called here")

    def call(self, call: OutgoingCall) -> Answer:
        """Call, and read the answer."""
        self.check(call.url)
        parts, began = urlsplit(call.url), monotonic()
        http = HTTPConnection(HOST, parts.port or 80, timeout=call.timeout.total_seconds())
        try:
            http.request(call.method, parts.path, body=call.body, headers=call.headers)
            response = http.getresponse()
            return Answer(response.status, response.read(), timedelta(seconds=monotonic() - began))
        except (OSError, HTTPException) as error:
            raise NoAnswerError(f"{HOST} gave no answer: {type(error).__name__}") from error
        finally:
            http.close()
