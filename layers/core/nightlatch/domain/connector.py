"""The words that connectors and the grant lifecycle exchange. The contract itself is `services.ports.Connector`."""

from enum import StrEnum

from pydantic import Field, JsonValue

from nightlatch.domain.integration import Resource
from nightlatch.domain.value import Instant, Value


class Entitlement(Value):
    """One permission on one resource."""

    resource_type: str
    resource_id: str
    permission: str


class GrantIntent(Value):
    """What is about to be granted, stored before any target is called.

    `grant_id` is the request's id; `holder` a readable name of the person for the target's own records;
    `ends_at` the absolute end that a target which can hold one is told.
    """

    grant_id: str
    holder: str
    entitlements: tuple[Entitlement, ...]
    ends_at: Instant


class Handle(Value):
    """All that ending a grant needs, independent of the flow and of the catalogue. It holds no secret.

    `session_user` is what the person appears as at the target; `details` belong to the connector.
    """

    grant_id: str
    session_user: str
    details: dict[str, JsonValue] = Field(default_factory=dict)


class Presence(StrEnum):
    """Whether a grant's access is there, as read back from the target."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Capabilities(Value):
    """What a kind of connector is and can do. `settings_schema` is the JSON Schema of an integration's settings."""

    kind: str
    title: str
    resource_types: tuple[str, ...]
    holds_end_itself: bool
    settings_schema: dict[str, JsonValue]


class CheckResult(Value):
    """Whether an integration is usable, and the sentence that says why not."""

    ok: bool
    message: str


class DiscoveryPage(Value):
    """Some of what is at the target; `cursor` is None on the last page."""

    resources: tuple[Resource, ...]
    cursor: str | None = None
