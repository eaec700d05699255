"""Connected systems."""

from collections.abc import Iterable
from typing import Self

from pydantic import JsonValue

from nightlatch.domain.integration import Integration, IntegrationStatus
from nightlatch.entrypoints.api.views.base import Time, View


class IntegrationView(View):
    """A connected system. Its secret is not shown to anybody."""

    id: str
    name: str
    kind: str
    settings: dict[str, JsonValue]
    status: IntegrationStatus
    status_message: str
    resource_count: int
    created_at: Time
    updated_at: Time
    scanned_at: Time | None

    @classmethod
    def of(cls, integration: Integration) -> Self:
        """Show an integration."""
        return cls(
            id=integration.id,
            name=integration.name,
            kind=integration.kind,
            settings=integration.settings,
            status=integration.status,
            status_message=integration.status_message,
            resource_count=integration.resource_count,
            created_at=integration.created_at,
            updated_at=integration.updated_at,
            scanned_at=integration.scanned_at,
        )


class IntegrationList(View):
    """Every connected system."""

    integrations: list[IntegrationView]

    @classmethod
    def of(cls, integrations: Iterable[Integration]) -> Self:
        """Show integrations."""
        return cls(integrations=[IntegrationView.of(integration) for integration in integrations])
