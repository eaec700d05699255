"""Connected systems."""

from collections.abc import Iterable

from pydantic import JsonValue
from typing_extensions import TypedDict

from nightlatch.domain.integration import Integration, IntegrationStatus
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.api.views.base import Time, time_of, view


@view
class IntegrationView(TypedDict):
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


def integration_view(integration: Integration) -> IntegrationView:
    """Show an integration."""
    return IntegrationView(
        id=integration.id,
        name=integration.name,
        kind=integration.kind,
        settings=integration.settings,
        status=integration.status,
        status_message=integration.status_message,
        resource_count=integration.resource_count,
        created_at=rfc3339(integration.created_at),
        updated_at=rfc3339(integration.updated_at),
        scanned_at=time_of(integration.scanned_at),
    )


@view
class IntegrationList(TypedDict):
    """Every connected system."""

    integrations: list[IntegrationView]


def integration_list(integrations: Iterable[Integration]) -> IntegrationList:
    """Show integrations."""
    return IntegrationList(integrations=[integration_view(integration) for integration in integrations])
