"""Datadog Logs.

As Datadog's page "Send logs" (API reference, Logs) describes it: `POST https://http-intake.logs.<site>/api/v2/logs`,
`DD-API-KEY`, an array of at most 1000 logs and 5 MB (uncompressed), of which one larger than 1 MB is cut; 202 when they
were taken. A log's time may be at most 18 hours past: what is replayed later than that, Datadog takes and does not show
at its time.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from pydantic import Field

from nightlatch.adapters.destinations.http_sender import HttpSender, HttpSettings, Letter, Tools
from nightlatch.adapters.destinations.secret_text import as_given, must_be_one_word
from nightlatch.domain.destination import KeptSecret
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.services.ports.destinations import Bounds, Parcel

BOUNDS = Bounds(entries=1000, bytes=4_500_000)


class Settings(HttpSettings):
    """Which Datadog, and as what the events come in. The site is what an account's address ends with."""

    site: str = Field(default="datadoghq.com", pattern=r"^([a-z0-9]+\.)?(datadoghq\.com|datadoghq\.eu|ddog-gov\.com)$")
    source: str = Field(default="nightlatch", max_length=200)
    service: str = Field(default="nightlatch", max_length=200)
    host: str = Field(default="", max_length=200)
    tags: str = Field(default="", max_length=1000)

    @property
    def url(self) -> str:
        """The address of the intake."""
        return f"https://http-intake.logs.{self.site}/api/v2/logs"


check_secret = must_be_one_word
whole_secret = as_given


def addresses(settings: Settings, _: str) -> Iterator[tuple[str, str]]:
    """List the address that would be called."""
    yield "/settings/site", settings.url


class DatadogSender(HttpSender):
    """The way to Datadog."""

    bounds = BOUNDS

    def __init__(self, tools: Tools, settings: Settings) -> None:
        super().__init__(tools, settings)
        self._url = settings.url
        described = {
            "ddsource": settings.source,
            "ddtags": settings.tags,
            "hostname": settings.host,
            "service": settings.service,
        }
        self._described = {name: text for name, text in described.items() if text}

    def row(self, entry: LedgerEntry) -> bytes:
        """Write an event as the message, which Datadog reads as JSON: its time and its attributes are inside."""
        message = canonical_json(self._tools.write(entry)).decode()
        return canonical_json({**self._described, "message": message})

    def body(self, rows: Sequence[bytes]) -> bytes:
        """Write a list."""
        return b"[" + b",".join(rows) + b"]"

    def letter(self, _: Parcel, __: bytes, secret: KeptSecret, ___: timedelta) -> Letter:
        """Show the key."""
        return Letter(self._url, {"DD-API-KEY": secret.current}, secrets=(secret.current,))


def sender(tools: Tools, settings: Settings) -> DatadogSender:
    """Make the way to Datadog."""
    return DatadogSender(tools, settings)
