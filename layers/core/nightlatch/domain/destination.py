"""Destinations: where events are sent on to, which of them, and in what form."""

import re
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from nightlatch.domain.audit_event import Severity
from nightlatch.domain.audit_settings import EventNames
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Entity, Instant, Value

MOST_HEADERS = 20
MOST_NAMES = 100
LONGEST_TIMEOUT = 30

OURS = re.compile(
    r"accept-encoding|authorization|connection|content-.*|cookie|date|dd-api-key|expect|host|keep-alive|proxy-.*|te"
    r"|trailer|transfer-encoding|upgrade|user-agent|via|webhook-.*|x-sumo-.*|x-splunk-.*",
    re.IGNORECASE,
)
"""Headers that say how a call is made and by whom. An administrator adds others, never these."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"[ -~]{0,1000}")


def _are_addable(headers: dict[str, str]) -> dict[str, str]:
    for name, text in headers.items():
        if not _HEADER_NAME.fullmatch(name) or OURS.fullmatch(name):
            raise ValueError(f"the header {name!r} cannot be set")
        if not _HEADER_VALUE.fullmatch(text):
            raise ValueError(f"the value of the header {name!r} must be one line of at most 1000 ASCII characters")
    return headers


Headers = Annotated[dict[str, str], Field(max_length=MOST_HEADERS), AfterValidator(_are_addable)]


class DestinationKind(StrEnum):
    """What kind of receiver it is."""

    WEBHOOK = "webhook"
    SPLUNK_HEC = "splunk-hec"
    AZURE_LOGS = "azure-logs"
    DATADOG = "datadog"
    SUMOLOGIC = "sumologic"
    S3 = "s3"
    SLACK = "slack"
    EVENTBRIDGE = "eventbridge"


class Format(StrEnum):
    """How an event is written: as the API shows it, as OCSF 1.8, or by the administrator's own template."""

    NATIVE = "native"
    OCSF = "ocsf"
    TEMPLATE = "template"


class Selection(Value):
    """Which events are sent. Empty means all; of several values one is enough; all that is not empty must be so.

    In `event_types`, `*` stands for any characters.
    """

    event_types: Annotated[tuple[EventNames, ...], Field(max_length=MOST_NAMES)] = ()
    severities: frozenset[Severity] = frozenset()
    integrations: Annotated[frozenset[str], Field(max_length=MOST_NAMES)] = frozenset()

    def admits(self, entry: LedgerEntry) -> bool:
        """Whether an entry is sent."""
        return (
            (not self.event_types or any(fnmatchcase(entry.event_type, names) for names in self.event_types))
            and (not self.severities or entry.severity in self.severities)
            and (not self.integrations or entry.integration in self.integrations)
        )


class Validator(Value):
    """What an answer must hold to be a yes: a JSONPath (RFC 9535), and the values of which one must be there."""

    path: str = Field(min_length=1, max_length=500)
    expected: Annotated[tuple[JsonValue, ...], Field(min_length=1, max_length=20)]


class KeptSecret(Value):
    """What the secret store holds of a destination: its secret, and the one before while receivers may still use it."""

    current: str = Field(default="", repr=False)
    previous: str = Field(default="", repr=False)
    previous_until: Instant | None = None

    def replaced(self, secret: str, *, until: datetime) -> "KeptSecret":
        """Put another secret in place; the one that was is valid until a time."""
        return KeptSecret(current=secret, previous=self.current, previous_until=until)

    def valid(self, at: datetime) -> tuple[str, ...]:
        """List the secrets that are valid at a time, the current one first."""
        is_rotating = self.previous and self.previous_until and at < self.previous_until
        return (self.current, self.previous) if is_rotating else (self.current,)


class Destination(Entity):
    """Where events go. `settings` fit its kind; what is secret lies in the secret store only.

    `timeout` is in seconds. `template` is used by the format of that name only.
    """

    id: str
    name: str = Field(min_length=1, max_length=100)
    kind: DestinationKind
    settings: dict[str, JsonValue]
    secret_reference: str = ""
    selection: Selection = Field(default_factory=Selection)
    format: Format = Format.NATIVE
    template: str = ""
    headers: Headers = Field(default_factory=dict)
    validators: Annotated[tuple[Validator, ...], Field(max_length=10)] = ()
    timeout: int = Field(default=10, ge=1, le=LONGEST_TIMEOUT)
    is_active: bool = True
    disabled_because: str = ""
    created_at: Instant
    updated_at: Instant
