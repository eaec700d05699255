"""Destinations: where events are sent on to, which of them, and in what form."""

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, JsonValue

from nightlatch.domain.audit_event import Severity
from nightlatch.domain.audit_settings import EventNames
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Entity, Instant, Value

MOST_HEADERS = 20
MOST_NAMES = 100
LONGEST_TIMEOUT = 30


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
    headers: Annotated[dict[str, str], Field(max_length=MOST_HEADERS)] = Field(default_factory=dict)
    validators: Annotated[tuple[Validator, ...], Field(max_length=10)] = ()
    timeout: int = Field(default=10, ge=1, le=LONGEST_TIMEOUT)
    is_active: bool = True
    disabled_because: str = ""
    created_at: Instant
    updated_at: Instant
