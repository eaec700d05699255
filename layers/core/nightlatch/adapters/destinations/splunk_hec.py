"""Splunk, by its HTTP Event Collector.

As Splunk's pages "Format events for HTTP Event Collector", "HTTP Event Collector REST API endpoints" and "Troubleshoot
HTTP Event Collector" describe it: `POST /services/collector/event`, `Authorization: Splunk <token>`, events that follow
each other without a comma, times in seconds since 1970. Answers are JSON with a `code`; of an event that is at fault
`invalid-event-number` is its place in the body, counted from 0. Indexer acknowledgement is not used: the token must not
require it.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from pydantic import Field

from nightlatch.adapters.destinations.http_sender import HttpSender, HttpSettings, Letter, Tools
from nightlatch.adapters.destinations.secret_text import as_given, must_be_one_word
from nightlatch.domain.destination import KeptSecret
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict
from nightlatch.services.ports.egress import Answer

PATH = "/services/collector/event"
BOUNDS = Bounds(entries=1000, bytes=800_000)
"""Under `max_content_length`, which is 1 MB unless an administrator of Splunk chose more."""

ABOUT_THE_EVENTS = frozenset({5, 6, 12, 13, 15})
"""No data, invalid format, no event field, a blank one, indexed fields that cannot be handled. What else is answered
with 400 (an index that the token may not write to, a channel for acknowledgements, a token) is for administrators."""

BAD_REQUEST = 400


class Settings(HttpSettings):
    """Where it is, and as what the events come in. What is empty is Splunk's own choice, by the token."""

    url: str = Field(max_length=2000, pattern=r"^https://[^/?#]+/?$")
    index: str = Field(default="", max_length=200)
    source: str = Field(default="nightlatch", max_length=200)
    source_type: str = Field(default="_json", max_length=200)
    host: str = Field(default="", max_length=200)


check_secret = must_be_one_word
whole_secret = as_given


def addresses(settings: Settings, _: str) -> Iterator[tuple[str, str]]:
    """List the address that would be called."""
    yield "/settings/url", settings.url


class SplunkSender(HttpSender):
    """The way to Splunk."""

    bounds = BOUNDS

    def __init__(self, tools: Tools, settings: Settings) -> None:
        super().__init__(tools, settings)
        self._url = settings.url.rstrip("/") + PATH
        described = {
            "host": settings.host,
            "index": settings.index,
            "source": settings.source,
            "sourcetype": settings.source_type,
        }
        self._described = {name: text for name, text in described.items() if text}

    def row(self, entry: LedgerEntry) -> bytes:
        """Write an event, and what Splunk is to know of it."""
        event = {**self._described, "time": entry.timestamp.timestamp(), "event": self._tools.write(entry)}
        return canonical_json(event)

    def body(self, rows: Sequence[bytes]) -> bytes:
        """Write one after the other."""
        return b"\n".join(rows)

    def letter(self, _: Parcel, __: bytes, secret: KeptSecret, ___: timedelta) -> Letter:
        """Show the token."""
        return Letter(self._url, {"Authorization": f"Splunk {secret.current}"}, secrets=(secret.current,))

    def understood(self, answer: Answer, outcome: Outcome) -> Outcome:
        """Read the code of an error, and which event is at fault."""
        told = _told(answer)
        code = told.get("code")
        error = f"answered {answer.status}, code {code}" if isinstance(code, int) and outcome.error else outcome.error
        if answer.status != BAD_REQUEST or not isinstance(code, int):
            return outcome._replace(error=error)
        if code not in ABOUT_THE_EVENTS:
            return outcome._replace(error=error, verdict=Verdict.LATER)
        place = told.get("invalid-event-number")
        return outcome._replace(error=error, refused=place if isinstance(place, int) else None)


def sender(tools: Tools, settings: Settings) -> SplunkSender:
    """Make the way to Splunk."""
    return SplunkSender(tools, settings)


def _told(answer: Answer) -> dict[str, Any]:
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
