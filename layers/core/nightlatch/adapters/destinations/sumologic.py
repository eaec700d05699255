"""Sumo Logic, by an HTTP Logs and Metrics Source.

As Sumo Logic's pages "HTTP Logs and Metrics Source", "Upload Logs" and "Troubleshooting HTTP Sources" describe it: the
source's address is all that is needed to write to it, and so it is the secret; one log a line, at most 1 MB before
compression; 200 when they were taken, 401 when the address is not known, 429 when there were too many.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from pydantic import Field

from nightlatch.adapters.destinations.http_sender import HttpSender, HttpSettings, Letter, Tools
from nightlatch.adapters.destinations.secret_text import as_given, must_be_one_word
from nightlatch.domain.destination import KeptSecret
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.services.ports.destinations import Bounds, Parcel

BOUNDS = Bounds(entries=1000, bytes=1_000_000)
LINE = r"^[ -~]*$"


class Settings(HttpSettings):
    """As what the events come in. What is empty is as the source is set."""

    category: str = Field(default="", max_length=1000, pattern=LINE)
    source_name: str = Field(default="nightlatch", max_length=200, pattern=LINE)
    host: str = Field(default="", max_length=200, pattern=LINE)
    fields: str = Field(default="", max_length=1000, pattern=LINE)


check_secret = must_be_one_word
whole_secret = as_given


def addresses(_: Settings, secret: str) -> Iterator[tuple[str, str]]:
    """List the address that would be called."""
    yield "/secret", secret


class SumoSender(HttpSender):
    """The way to Sumo Logic."""

    bounds = BOUNDS

    def __init__(self, tools: Tools, settings: Settings) -> None:
        super().__init__(tools, settings)
        described = {
            "X-Sumo-Category": settings.category,
            "X-Sumo-Name": settings.source_name,
            "X-Sumo-Host": settings.host,
            "X-Sumo-Fields": settings.fields,
        }
        self._headers = {name: text for name, text in described.items() if text}

    def row(self, entry: LedgerEntry) -> bytes:
        """Write an event as one line."""
        return canonical_json(self._tools.write(entry))

    def body(self, rows: Sequence[bytes]) -> bytes:
        """Write line after line."""
        return b"\n".join(rows)

    def letter(self, _: Parcel, __: bytes, secret: KeptSecret, ___: timedelta) -> Letter:
        """Send it to the address; its last part is what must not be seen."""
        return Letter(secret.current, self._headers, secrets=(secret.current, secret.current.rpartition("/")[2]))


def sender(tools: Tools, settings: Settings) -> SumoSender:
    """Make the way to Sumo Logic."""
    return SumoSender(tools, settings)
