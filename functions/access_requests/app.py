"""Ask for access, follow it, give it back."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch import bootstrap
from nightlatch.entrypoints.api.bodies import (
    NO_REASON,
    NOTHING,
    Nothing,
    OptionalReason,
    RequestToSubmit,
    Revocation,
)
from nightlatch.entrypoints.api.cursors import ThisPage
from nightlatch.entrypoints.api.frames import AskedFrame, Now, TheSettings
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import (
    Cursor,
    ItemWords,
    Limit,
    Offset,
    PathId,
    Quarantined,
    Relative,
    Requesters,
    Rounded,
    Search,
    Since,
    Slugs,
    Sources,
    Statuses,
    Until,
    Zone,
)
from nightlatch.entrypoints.api.queries import request_filter
from nightlatch.entrypoints.api.views.caller import Caller, Health
from nightlatch.entrypoints.api.views.catalog import Catalog
from nightlatch.entrypoints.api.views.requests import RequestList, RequestView, Timeline, address_of
from nightlatch.services.access_requests import AccessRequests

Service = Annotated[AccessRequests, Depends(bootstrap.access_requests)]

api = http_api()
handler = lambda_handler(api)


@api.post("/v1/requests", status_code=201)
def submit(body: RequestToSubmit, service: Service, call: ThisCall) -> Response[RequestView]:
    """Ask for access."""
    request = service.submit(body.submission(), call)
    headers = {"Location": address_of(request)}
    return Response(201, APPLICATION_JSON, RequestView.of(request), headers)


@api.get("/v1/requests")
def find(
    *,
    service: Service,
    call: ThisCall,
    page: ThisPage,
    settings: TheSettings,
    now: Now,
    last: Relative = None,
    rounded: Rounded = None,
    since: Since = None,
    until: Until = None,
    zone: Zone = None,
    status: Statuses = None,
    requester: Requesters = None,
    integration: Slugs = None,
    flow: Slugs = None,
    resource_type: ItemWords = None,
    resource: ItemWords = None,
    permission: ItemWords = None,
    source: Sources = None,
    q: Search = None,
    quarantined: Quarantined = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> RequestList:
    """List requests, newest first: one's own, or everybody's for administrators and auditors."""
    place = page.place(cursor, now=now, offset=offset)
    frame = AskedFrame(last=last, rounded=rounded, zone=zone, since=since, until=until)
    wanted = request_filter(
        call,
        requesters=requester,
        statuses=status,
        integrations=integration,
        flows=flow,
        sources=source,
        resource_types=resource_type,
        resources=resource,
        permissions=permission,
        text=q,
        quarantined=quarantined,
        frame=frame.read(now=place.asked_at, own_zone=settings.time_zone),
        before_id=place.below,
    )
    return RequestList.of_page(service.find(wanted, call, limit=limit, skip=place.skip), page=page, place=place)


@api.get("/v1/requests/<request_id>")
def show(request_id: PathId, service: Service, call: ThisCall) -> RequestView:
    """Read a request."""
    return RequestView.of(service.show(request_id, call))


@api.get("/v1/requests/<request_id>/timeline")
def timeline(request_id: PathId, service: Service, call: ThisCall) -> Timeline:
    """Read what happened to a request, oldest first."""
    return Timeline(events=service.timeline(request_id, call))


@api.post("/v1/requests/<request_id>/cancel")
def cancel(request_id: PathId, service: Service, call: ThisCall, body: OptionalReason = NO_REASON) -> RequestView:
    """Withdraw one's own request before it is granted."""
    return RequestView.of(service.cancel(request_id, call, reason=body.reason))


@api.post("/v1/requests/<request_id>/return")
def give_back(request_id: PathId, service: Service, call: ThisCall, body: OptionalReason = NO_REASON) -> RequestView:
    """End one's own access early."""
    return RequestView.of(service.give_back(request_id, call, reason=body.reason))


@api.post("/v1/requests/<request_id>/revoke")
def revoke(request_id: PathId, body: Revocation, service: Service, call: ThisCall) -> RequestView:
    """End somebody's access early, as an administrator."""
    return RequestView.of(service.revoke(request_id, call, reason=body.reason))


@api.post("/v1/requests/<request_id>/credentials")
def credentials(request_id: PathId, service: Service, call: ThisCall, _: Nothing = NOTHING) -> Response[dict[str, str]]:
    """Show how to connect. Every look is an event."""
    shown = service.credentials(request_id, call)
    return Response(200, APPLICATION_JSON, shown, {"Cache-Control": "no-store"})


@api.get("/v1/catalog")
def catalog(service: Service, call: ThisCall) -> Catalog:
    """List everything that the caller may ask for."""
    return Catalog.of(service.offers(call))


@api.get("/v1/whoami")
def whoami(call: ThisCall) -> Caller:
    """Say who the caller is to Nightlatch."""
    return Caller.of(call.principal)


@api.get("/healthz")
def health() -> Health:
    """Say that the function runs."""
    return Health()
