"""Ask for access, follow it, give it back."""

from typing import Annotated

from nightlatch.bootstrap.asking import asking
from nightlatch.bootstrap.people import acquaintances
from nightlatch.bootstrap.requests import access_requests

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.access_request import AccessRequest
from nightlatch.entrypoints.api.bodies.asking import AS_BEFORE, BundleToSubmit, RequestToRepeat, RequestToSubmit
from nightlatch.entrypoints.api.bodies.base import NOTHING, Nothing
from nightlatch.entrypoints.api.bodies.ending import (
    NO_REASON,
    Extension,
    OptionalReason,
    Revocation,
    RevocationOfMany,
)
from nightlatch.entrypoints.api.cursors import ThisPage
from nightlatch.entrypoints.api.frames import Now, TheSettings
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import (
    Cursor,
    Limit,
    Offset,
    PathId,
    PathPerson,
    Relative,
    Rounded,
    Since,
    Slugs,
    Sources,
    Until,
    Zone,
)
from nightlatch.entrypoints.api.queries import request_filter
from nightlatch.entrypoints.api.request_parameters import ItemWords, Quarantined, Requesters, Search, Statuses
from nightlatch.entrypoints.api.views.caller import Caller, Health, caller_view
from nightlatch.entrypoints.api.views.catalog import Catalog, catalog_view
from nightlatch.entrypoints.api.views.dry_runs import DryRunView, dry_run_view
from nightlatch.entrypoints.api.views.outcomes import Outcomes, outcomes_view
from nightlatch.entrypoints.api.views.people import PeopleList, people_list
from nightlatch.entrypoints.api.views.requests import (
    Bundle,
    RequestList,
    RequestView,
    Timeline,
    address_of,
    bundle_view,
    request_list_of_page,
    request_view,
)
from nightlatch.entrypoints.asked_frame import AskedFrame
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.asking import Asking
from nightlatch.services.people import Acquaintances

Service = Annotated[AccessRequests, Depends(access_requests)]
Desk = Annotated[Asking, Depends(asking)]
Register = Annotated[Acquaintances, Depends(acquaintances)]

api = http_api()
handler = lambda_handler(api)


@api.post("/v1/requests", status_code=201)
def submit(body: RequestToSubmit, desk: Desk, call: ThisCall) -> Response[RequestView]:
    """Ask for access."""
    return _made(desk.submit(body.submission(), call))


@api.post("/v1/requests/<request_id>/ask-again", status_code=201)
def ask_again(
    request_id: PathId, desk: Desk, call: ThisCall, body: RequestToRepeat = AS_BEFORE
) -> Response[RequestView]:
    """Ask once more for what a request asked for."""
    return _made(desk.ask_again(request_id, call, changes=body.changes()))


@api.post("/v1/bundles", status_code=201)
def submit_bundle(body: BundleToSubmit, desk: Desk, call: ThisCall) -> Response[Bundle]:
    """Ask for several things at once: all requests are made, or none."""
    requests = desk.submit_bundle([one.submission() for one in body.requests], call)
    return Response(201, APPLICATION_JSON, bundle_view(requests))


@api.post("/v1/dry-runs")
def dry_run(body: RequestToSubmit, desk: Desk, call: ThisCall) -> DryRunView:
    """Say what would come of asking: which flow, who is asked, how long; or why not, and what would work instead."""
    return dry_run_view(desk.dry_run(body.submission(), call))


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
    return request_list_of_page(service.find(wanted, call, limit=limit, skip=place.skip), page=page, place=place)


@api.get("/v1/requests/<request_id>")
def show(request_id: PathId, service: Service, call: ThisCall) -> RequestView:
    """Read a request."""
    return request_view(service.show(request_id, call))


@api.get("/v1/requests/<request_id>/timeline")
def timeline(request_id: PathId, service: Service, call: ThisCall) -> Timeline:
    """Read what happened to a request, oldest first."""
    return Timeline(events=service.timeline(request_id, call))


@api.post("/v1/requests/<request_id>/cancel")
def cancel(request_id: PathId, service: Service, call: ThisCall, body: OptionalReason = NO_REASON) -> RequestView:
    """Withdraw one's own request before it is granted."""
    return request_view(service.cancel(request_id, call, reason=body.reason))


@api.post("/v1/requests/<request_id>/return")
def give_back(request_id: PathId, service: Service, call: ThisCall, body: OptionalReason = NO_REASON) -> RequestView:
    """End one's own access early."""
    return request_view(service.give_back(request_id, call, reason=body.reason))


@api.post("/v1/requests/<request_id>/revoke")
def revoke(request_id: PathId, body: Revocation, service: Service, call: ThisCall) -> RequestView:
    """End somebody's access early, as an administrator."""
    return request_view(service.revoke(request_id, call, reason=body.reason))


@api.post("/v1/revocations")
def revoke_many(body: RevocationOfMany, service: Service, call: ThisCall) -> Outcomes:
    """End the access of many requests early, as an administrator: each on its own."""
    return outcomes_view(service.revoke_many(body.requests, call, reason=body.reason))


@api.post("/v1/people/<person_id>/stop")
def stop_person(person_id: PathPerson, body: Revocation, service: Service, call: ThisCall) -> Outcomes:
    """End everything that somebody has or has asked for, as an administrator."""
    return outcomes_view(service.stop_person(person_id, call, reason=body.reason))


@api.post("/v1/requests/<request_id>/extend")
def extend(request_id: PathId, body: Extension, service: Service, call: ThisCall) -> RequestView:
    """Move the end of one's own access, as far as its flow lets it."""
    return request_view(service.extend(request_id, call, duration=body.duration))


@api.post("/v1/requests/<request_id>/close")
def close_by_hand(request_id: PathId, body: Revocation, service: Service, call: ThisCall) -> RequestView:
    """Close what is quarantined, as an administrator who has seen to it at the target."""
    return request_view(service.close_by_hand(request_id, call, reason=body.reason))


@api.post("/v1/requests/<request_id>/credentials")
def credentials(request_id: PathId, service: Service, call: ThisCall, _: Nothing = NOTHING) -> Response[dict[str, str]]:
    """Show how to connect. Every look is an event."""
    shown = service.credentials(request_id, call)
    return Response(200, APPLICATION_JSON, shown, {"Cache-Control": "no-store"})


@api.get("/v1/catalog")
def catalog(desk: Desk, call: ThisCall) -> Catalog:
    """List everything that the caller may ask for."""
    return catalog_view(desk.offers(call))


@api.get("/v1/whoami")
def whoami(register: Register, call: ThisCall) -> Caller:
    """Say who the caller is to Nightlatch, which notes them."""
    register.note(call)
    return caller_view(call.principal)


@api.post("/v1/sign-out", status_code=204)
def sign_out(register: Register, call: ThisCall, _: Nothing = NOTHING) -> Response[None]:
    """Write down that the caller signs out. The issuer ends the session itself; the token is good until its end."""
    register.sign_out(call)
    return Response(204)


@api.get("/v1/people")
def people(register: Register) -> PeopleList:
    """List everybody whom Nightlatch has met."""
    return people_list(register.all())


@api.get("/healthz")
def health() -> Health:
    """Say that the function runs."""
    return Health(status="ok")


def _made(request: AccessRequest) -> Response[RequestView]:
    return Response(201, APPLICATION_JSON, request_view(request), {"Location": address_of(request)})
