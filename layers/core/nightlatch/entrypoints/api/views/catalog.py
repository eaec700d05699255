"""What may be asked for."""

from collections.abc import Iterable

from typing_extensions import TypedDict

from nightlatch.domain.access_request import IntegrationReference
from nightlatch.entrypoints.api.views.base import ResourceView, seconds, view
from nightlatch.services.asking import Offer


@view
class OfferedPermission(TypedDict):
    """A permission that may be asked for."""

    name: str
    description: str
    tags: list[str]


@view
class OfferingFlow(TypedDict):
    """The flow that would rule a request."""

    id: str
    name: str
    approvals_needed: int
    default_seconds: int
    maximum_seconds: int


@view
class OfferView(TypedDict):
    """Something that the caller may ask for."""

    integration: IntegrationReference
    resource: ResourceView
    permission: OfferedPermission
    flow: OfferingFlow


def offer_view(offer: Offer) -> OfferView:
    """Show an offer."""
    integration, resource, permission = offer.integration, offer.resource, offer.permission
    definition = offer.flow.definition
    return OfferView(
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


@view
class Catalog(TypedDict):
    """Everything that the caller may ask for."""

    offers: list[OfferView]


def catalog_view(offers: Iterable[Offer]) -> Catalog:
    """Show offers."""
    return Catalog(offers=[offer_view(offer) for offer in offers])
