"""What may be asked for."""

from collections.abc import Iterable
from typing import Self

from nightlatch.domain.access_request import IntegrationReference
from nightlatch.entrypoints.api.views.base import ResourceView, View, seconds
from nightlatch.services.asking import Offer


class OfferedPermission(View):
    """A permission that may be asked for."""

    name: str
    description: str
    tags: list[str]


class OfferingFlow(View):
    """The flow that would rule a request."""

    id: str
    name: str
    approvals_needed: int
    default_seconds: int
    maximum_seconds: int


class OfferView(View):
    """Something that the caller may ask for."""

    integration: IntegrationReference
    resource: ResourceView
    permission: OfferedPermission
    flow: OfferingFlow

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """Show an offer."""
        integration, resource, permission = offer.integration, offer.resource, offer.permission
        definition = offer.flow.definition
        return cls(
            integration=IntegrationReference(id=integration.id, name=integration.name, kind=integration.kind),
            resource=ResourceView(type=resource.type, id=resource.id, name=resource.name, tags=list(resource.tags)),
            permission=OfferedPermission(
                name=permission.name, description=permission.description, tags=list(permission.tags)
            ),
            flow=OfferingFlow(
                id=offer.flow.id,
                name=definition.name,
                approvals_needed=definition.approve.needed(),
                default_seconds=seconds(definition.grant.default),
                maximum_seconds=seconds(definition.grant.maximum),
            ),
        )


class Catalog(View):
    """Everything that the caller may ask for."""

    offers: list[OfferView]

    @classmethod
    def of(cls, offers: Iterable[Offer]) -> Self:
        """Show offers."""
        return cls(offers=[OfferView.of(offer) for offer in offers])
