"""Say where events are sent on to, see what came of it, and let it be delivered again."""

from typing import Annotated

from nightlatch.bootstrap.destinations import destinations

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.destination_choices import DestinationChoices
from nightlatch.entrypoints.api.bodies.base import NOTHING, Nothing
from nightlatch.entrypoints.api.bodies.destinations import (
    NO_REASON,
    DestinationToCreate,
    ReasonToDisable,
    ReplayToStart,
    SecretToUse,
)
from nightlatch.entrypoints.api.cursors import ThisPage
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import Cursor, IfMatch, Limit, PathSlug
from nightlatch.entrypoints.api.views.destinations import (
    DeliveryPage,
    DeliveryView,
    DestinationList,
    DestinationView,
    MadeDestinationView,
    delivery_page,
    delivery_view,
    destination_answer,
    destination_list,
    made_answer,
)
from nightlatch.services.destinations import Destinations

Service = Annotated[Destinations, Depends(destinations)]

api = http_api()
handler = lambda_handler(api)


@api.post("/v1/destinations", status_code=201)
def create(body: DestinationToCreate, service: Service, call: ThisCall) -> Response[MadeDestinationView]:
    """Send events on to somewhere, beginning with what comes next."""
    return made_answer(service.create(body.wanted(), call), status=201)


@api.get("/v1/destinations")
def find(service: Service) -> DestinationList:
    """List the destinations, and how far each has come."""
    return destination_list(service.all())


@api.get("/v1/destinations/<destination_id>")
def show(destination_id: PathSlug, service: Service) -> Response[DestinationView]:
    """Read a destination, with its ETag."""
    return destination_answer(service.show(destination_id))


@api.put("/v1/destinations/<destination_id>")
def put(
    destination_id: PathSlug, body: DestinationChoices, service: Service, call: ThisCall, if_match: IfMatch = None
) -> Response[DestinationView]:
    """Replace what is chosen, all but the secret. If-Match must name the version that is replaced."""
    return destination_answer(service.edit(destination_id, body, call, if_match=if_match))


@api.delete("/v1/destinations/<destination_id>", status_code=204)
def delete(destination_id: PathSlug, service: Service, call: ThisCall, if_match: IfMatch = None) -> Response[None]:
    """Take a destination away, and its secret. If-Match must name the version that is deleted."""
    service.remove(destination_id, call, if_match=if_match)
    return Response(204)


@api.post("/v1/destinations/<destination_id>/enable")
def enable(
    destination_id: PathSlug, service: Service, call: ThisCall, _: Nothing = NOTHING
) -> Response[DestinationView]:
    """Let it go on from where it stopped."""
    return destination_answer(service.enable(destination_id, call))


@api.post("/v1/destinations/<destination_id>/disable")
def disable(
    destination_id: PathSlug, service: Service, call: ThisCall, body: ReasonToDisable = NO_REASON
) -> Response[DestinationView]:
    """Let it stop. What comes meanwhile waits, as long as it is kept."""
    return destination_answer(service.disable(destination_id, call, reason=body.reason))


@api.post("/v1/destinations/<destination_id>/rotate-secret")
def rotate_secret(
    destination_id: PathSlug, body: SecretToUse, service: Service, call: ThisCall
) -> Response[MadeDestinationView]:
    """Replace the secret. A webhook is signed with the old one too, for a day."""
    return made_answer(service.rotate_secret(destination_id, body.secret.get_secret_value(), call))


@api.post("/v1/destinations/<destination_id>/test")
def try_out(destination_id: PathSlug, service: Service, call: ThisCall, _: Nothing = NOTHING) -> DeliveryView:
    """Send a test, which is no event, and say what came of it."""
    return delivery_view(service.test(destination_id, call))


@api.post("/v1/destinations/<destination_id>/replay")
def replay(
    destination_id: PathSlug, body: ReplayToStart, service: Service, call: ThisCall
) -> Response[DestinationView]:
    """Deliver again: one delivery, all that failed, or what lies between two entries or times."""
    return destination_answer(service.replay(destination_id, body.again(), call))


@api.get("/v1/destinations/<destination_id>/deliveries")
def deliveries(
    destination_id: PathSlug, service: Service, page: ThisPage, limit: Limit = 50, cursor: Cursor = None
) -> DeliveryPage:
    """Read the delivery log of the last 30 days, newest first."""
    found = service.deliveries(destination_id, below=page.position(cursor), limit=limit)
    next_cursor = page.cursor_at(found[-1].id if len(found) == limit else None)
    return delivery_page(found, next_cursor=next_cursor, links=page.links(next_cursor))
