"""The words that connectors and the grant lifecycle exchange. Their contract: `services.ports.targets.Connector`."""

from collections.abc import Collection
from enum import StrEnum
from typing import Self

from pydantic import Field, JsonValue

from nightlatch.domain.integration import Resource
from nightlatch.domain.value import Instant, Value


class Entitlement(Value):
    """One permission on one resource."""

    resource_type: str
    resource_id: str
    permission: str


class _Narrowable(Value):
    """Something that stands for entitlements, and can be had for only some of them."""

    entitlements: tuple[Entitlement, ...]

    def narrowed(self, entitlements: Collection[Entitlement]) -> Self:
        """Return the same for those of its own entitlements that are among `entitlements`."""
        kept = tuple(entitlement for entitlement in self.entitlements if entitlement in entitlements)
        return self.model_copy(update={"entitlements": kept})


class GrantIntent(_Narrowable):
    """What is about to be granted, stored before any target is called.

    `grant_id` is the request's id; `holder_id` the person's stable id, by which a target that knows people finds them;
    `holder` a readable name of the person for the target's own records; `ends_at` the absolute end that a target which
    can hold one is told.
    """

    grant_id: str
    holder_id: str
    holder: str
    ends_at: Instant


class Handle(_Narrowable):
    """All that ending a grant needs, independent of the flow and of the catalogue. It holds no secret.

    `session_user` is what the person appears as at the target: who the access was made for there, or, where they have
    an account of their own, their stable id. `entitlements` is what the handle stands for: only that is taken away
    where entitlements are shared. `details` belong to the connector.
    """

    grant_id: str
    session_user: str
    entitlements: tuple[Entitlement, ...] = ()
    details: dict[str, JsonValue] = Field(default_factory=dict)


class Presence(StrEnum):
    """Whether a grant's access is there, as read back from the target."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Capabilities(Value):
    """What a kind of connector is and can do.

    `shares_entitlements`: grants give to an account of the person's own, so that several of them can cover one
    entitlement, and only the end of the last may take it away. `tells_own_apart`: the target knows what Nightlatch gave
    from what others did; `observe` sees only the former, and `revoke` touches nothing else. `settings_schema` is the
    JSON Schema of an integration's settings.
    """

    kind: str
    title: str
    resource_types: tuple[str, ...]
    holds_end_itself: bool
    shares_entitlements: bool
    tells_own_apart: bool
    settings_schema: dict[str, JsonValue]


class CheckResult(Value):
    """Whether an integration is usable, and the sentence that says why not."""

    ok: bool
    message: str


class DiscoveryPage(Value):
    """Some of what is at the target; `cursor` is None on the last page."""

    resources: tuple[Resource, ...]
    cursor: str | None = None
