"""Integrations: connected systems, and what a scan found in them."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from nightlatch.domain.value import Entity, Instant, Value

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
"""A name that people type: lower case letters, digits and inner hyphens, at most 63."""

TAG = re.compile(r"#([\w-]+(?:[:=][\w.-]+)?)")


class Permission(Value):
    """What one can be given on a resource."""

    name: str
    description: str = ""
    tags: tuple[str, ...] = ()


class Resource(Value):
    """A thing in a connected system that access can be asked for."""

    type: str
    id: str
    name: str
    description: str = ""
    tags: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()

    def permission(self, name: str) -> Permission | None:
        """Find a permission by its exact name."""
        return next((permission for permission in self.permissions if permission.name == name), None)


class IntegrationStatus(StrEnum):
    """How the last check or scan went."""

    NEW = "new"
    READY = "ready"
    FAILING = "failing"


class Integration(Entity):
    """A connected system. `settings` fit the connector of its kind; its secret lies in the secret store only."""

    id: Slug
    name: str = Field(min_length=1, max_length=100)
    kind: str
    settings: dict[str, JsonValue]
    secret_reference: str
    status: IntegrationStatus = IntegrationStatus.NEW
    status_message: str = ""
    resource_count: int = 0
    created_at: Instant
    updated_at: Instant
    scanned_at: Instant | None = None


def tags_in(description: str) -> tuple[str, ...]:
    """Read the `#tags` out of a description, as administrators write them in a COMMENT."""
    return tuple(dict.fromkeys(TAG.findall(description)))
