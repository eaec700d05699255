"""See what was found in the trail, say what became of it, and end the access that it is about."""

from typing import Annotated

from nightlatch.bootstrap.anomalies import anomalies

from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.entrypoints.api.bodies.anomalies import NO_NOTE, OptionalNote, Resolution
from nightlatch.entrypoints.api.bodies.ending import Revocation
from nightlatch.entrypoints.api.cursors import ThisPage
from nightlatch.entrypoints.api.frames import AskedFrame, Now, TheSettings
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import (
    AnomalySearch,
    AnomalySeverities,
    AnomalyStates,
    AnomalyTypes,
    Cursor,
    Ids,
    Limit,
    Names,
    Offset,
    PathId,
    Relative,
    Requesters,
    Rounded,
    Since,
    Slugs,
    Until,
    Zone,
)
from nightlatch.entrypoints.api.queries import anomaly_filter
from nightlatch.entrypoints.api.views.anomalies import AnomalyList, AnomalyView, anomaly_list, anomaly_view
from nightlatch.entrypoints.api.views.requests import RequestView, request_view
from nightlatch.services.anomalies import AnomalyDesk

Service = Annotated[AnomalyDesk, Depends(anomalies)]

api = http_api()
handler = lambda_handler(api)


@api.get("/v1/anomalies")
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
    types: AnomalyTypes = None,
    severity: AnomalySeverities = None,
    state: AnomalyStates = None,
    resource_type: Names = None,
    resource: Names = None,
    user: Requesters = None,
    integration: Slugs = None,
    request_id: Ids = None,
    q: AnomalySearch = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> AnomalyList:
    """List anomalies, the latest detected first."""
    place = page.place(cursor, now=now, offset=offset)
    frame = AskedFrame(last=last, rounded=rounded, zone=zone, since=since, until=until)
    wanted = anomaly_filter(
        call,
        types=types,
        severities=severity,
        states=state,
        resource_types=resource_type,
        resources=resource,
        requesters=user,
        integrations=integration,
        request_ids=request_id,
        text=q,
        frame=frame.read(now=place.asked_at, own_zone=settings.time_zone),
        below=place.below,
    )
    return anomaly_list(service.find(wanted, limit=limit, skip=place.skip), page=page, place=place)


@api.get("/v1/anomalies/<anomaly_id>")
def show(anomaly_id: PathId, service: Service) -> AnomalyView:
    """Read an anomaly."""
    return anomaly_view(service.show(anomaly_id))


@api.post("/v1/anomalies/<anomaly_id>/acknowledge")
def acknowledge(anomaly_id: PathId, service: Service, call: ThisCall, body: OptionalNote = NO_NOTE) -> AnomalyView:
    """Say that somebody is looking at it."""
    return anomaly_view(service.acknowledge(anomaly_id, call, note=body.note))


@api.post("/v1/anomalies/<anomaly_id>/resolve")
def resolve(anomaly_id: PathId, body: Resolution, service: Service, call: ThisCall) -> AnomalyView:
    """Say what came of it."""
    return anomaly_view(service.resolve(anomaly_id, call, note=body.note))


@api.post("/v1/anomalies/<anomaly_id>/revoke")
def revoke(anomaly_id: PathId, body: Revocation, service: Service, call: ThisCall) -> RequestView:
    """End the access that it is about, as `revoke` of the request does."""
    return request_view(service.revoke(anomaly_id, call, reason=body.reason))
