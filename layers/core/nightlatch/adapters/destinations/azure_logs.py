"""Azure Monitor, and so Microsoft Sentinel, by the Logs Ingestion API.

As Microsoft's pages "Logs Ingestion API in Azure Monitor" and "Azure Monitor service limits" describe it:
`POST {endpoint}/dataCollectionRules/{immutable id}/streams/{stream}?api-version=2023-01-01`, a token of Microsoft Entra
by client credentials, a JSON array of at most 1 MB (uncompressed too), 204 when it was taken, 429 with Retry-After.
What the stream does not declare is dropped there; so a 400 speaks of the rule or the stream, never of one event.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from nightlatch.adapters.destinations.http_sender import HttpSender, HttpSettings, Letter, Tools
from nightlatch.adapters.destinations.oauth import Application
from nightlatch.adapters.destinations.secret_text import as_given, must_be_one_word
from nightlatch.domain.destination import KeptSecret
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.domain.value import rfc3339
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict
from nightlatch.services.ports.egress import Answer

API_VERSION = "2023-01-01"
BOUNDS = Bounds(entries=2000, bytes=1_000_000)
BAD_REQUEST = 400


class Cloud(StrEnum):
    """Azure's clouds."""

    PUBLIC = "public"
    US_GOVERNMENT = "us-government"
    CHINA = "china"


PLACES = {
    Cloud.PUBLIC: ("login.microsoftonline.com", "https://monitor.azure.com"),
    Cloud.US_GOVERNMENT: ("login.microsoftonline.us", "https://monitor.azure.us"),
    Cloud.CHINA: ("login.chinacloudapi.cn", "https://monitor.azure.cn"),
}
"""Where tokens are had in each cloud, and for what."""


class Settings(HttpSettings):
    """Where it goes, and as whom. The endpoint is the rule's own, or a data collection endpoint."""

    endpoint: str = Field(max_length=2000, pattern=r"^https://[^/?#]+/?$")
    rule: str = Field(pattern=r"^dcr-[0-9a-zA-Z]{1,64}$")
    stream: str = Field(pattern=r"^(Custom|Microsoft)-[0-9A-Za-z_-]{1,100}$")
    tenant: str = Field(pattern=r"^[0-9A-Za-z.-]{1,100}$")
    client_id: str = Field(pattern=r"^[0-9A-Za-z-]{1,100}$")
    cloud: Cloud = Cloud.PUBLIC

    @property
    def url(self) -> str:
        """The address of the stream."""
        stream = f"dataCollectionRules/{self.rule}/streams/{self.stream}"
        return f"{self.endpoint.rstrip('/')}/{stream}?api-version={API_VERSION}"

    @property
    def token_url(self) -> str:
        """Where tokens are had."""
        return f"https://{PLACES[self.cloud][0]}/{self.tenant}/oauth2/v2.0/token"

    def application(self, secret: str) -> Application:
        """Say who asks for a token, and for what."""
        return Application(self.token_url, self.client_id, secret, f"{PLACES[self.cloud][1]}/.default")


check_secret = must_be_one_word
whole_secret = as_given


def addresses(settings: Settings, _: str) -> Iterator[tuple[str, str]]:
    """List the addresses that would be called."""
    yield "/settings/endpoint", settings.url
    yield "/settings/tenant", settings.token_url


class AzureSender(HttpSender):
    """The way to Azure Monitor."""

    bounds = BOUNDS

    def __init__(self, tools: Tools, settings: Settings) -> None:
        super().__init__(tools, settings)
        self._azure = settings

    def row(self, entry: LedgerEntry) -> bytes:
        """Write an event, with the column that every table has."""
        return canonical_json({**self._tools.write(entry), "TimeGenerated": rfc3339(entry.timestamp)})

    def body(self, rows: Sequence[bytes]) -> bytes:
        """Write a list: a single object would be answered with 204 and dropped."""
        return b"[" + b",".join(rows) + b"]"

    def letter(self, parcel: Parcel, _: bytes, secret: KeptSecret, left: timedelta) -> Letter:
        """Get a token, and show it."""
        token = self._tools.tokens.token(self._azure.application(secret.current), at=parcel.at, timeout=left)
        return Letter(self._azure.url, {"Authorization": f"Bearer {token}"}, secrets=(token, secret.current))

    def renew(self) -> bool:
        """Ask for another token: this one may have been revoked."""
        self._tools.tokens.forget(self._azure.application(self._tools.secret().current))
        return True

    def understood(self, answer: Answer, outcome: Outcome) -> Outcome:
        """Take a 400 for a misconfiguration."""
        return outcome._replace(verdict=Verdict.LATER) if answer.status == BAD_REQUEST else outcome


def sender(tools: Tools, settings: Settings) -> AzureSender:
    """Make the way to Azure Monitor."""
    return AzureSender(tools, settings)
