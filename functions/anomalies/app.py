"""See what was found in the trail, say what became of it, end the access that it is about; make alert rules."""

from typing import Annotated

from nightlatch.bootstrap.anomalies import anomalies
from nightlatch.bootstrap.rules import alert_rules, replays

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.alert_rule import AlertRuleChoices
from nightlatch.entrypoints.api.asked_anomalies import (
    AnomalySearch,
    AnomalySeverities,
    AnomalyStates,
    AnomalyTypes,
    anomaly_filter,
)
from nightlatch.entrypoints.api.bodies.anomalies import (
    NO_NOTE,
    AlertRuleToCreate,
    OptionalNote,
    ReplayToBegin,
    Resolution,
)
from nightlatch.entrypoints.api.bodies.ending import Revocation
from nightlatch.entrypoints.api.cursors import ThisPage
from nightlatch.entrypoints.api.frames import Now, TheSettings
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import (
    Cursor,
    Ids,
    IfMatch,
    Limit,
    Names,
    Offset,
    PathId,
    PathSlug,
    Relative,
    Rounded,
    Since,
    Slugs,
    Until,
    Zone,
)
from nightlatch.entrypoints.api.request_parameters import Requesters
from nightlatch.entrypoints.api.views.alert_rules import (
    AlertRuleList,
    AlertRuleView,
    alert_rule_answer,
    alert_rule_list,
)
from nightlatch.entrypoints.api.views.anomalies import AnomalyList, AnomalyView, anomaly_list, anomaly_view
from nightlatch.entrypoints.api.views.replays import ReplayRunView, replay_begun, replay_run_view
from nightlatch.entrypoints.api.views.requests import RequestView, request_view
from nightlatch.entrypoints.asked_frame import AskedFrame
from nightlatch.services.alert_rules import AlertRuleDesk
from nightlatch.services.anomalies import AnomalyDesk
from nightlatch.services.replays import Replays

Service = Annotated[AnomalyDesk, Depends(anomalies)]
Past = Annotated[Replays, Depends(replays)]
Rules = Annotated[AlertRuleDesk, Depends(alert_rules)]

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
        people=user,
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


@api.post("/v1/alert-rules", status_code=201)
def create_rule(body: AlertRuleToCreate, rules: Rules, call: ThisCall) -> Response[AlertRuleView]:
    """Make a rule of one's own: events that, so many within a window, are an anomaly."""
    return alert_rule_answer(rules.create(body.id, body.choices(), call), status=201)


@api.get("/v1/alert-rules")
def find_rules(rules: Rules) -> AlertRuleList:
    """List the alert rules, also those that came with Nightlatch."""
    return alert_rule_list(rules.all())


@api.get("/v1/alert-rules/<rule_id>")
def show_rule(rule_id: PathSlug, rules: Rules) -> Response[AlertRuleView]:
    """Read an alert rule, with its ETag."""
    return alert_rule_answer(rules.show(rule_id))


@api.put("/v1/alert-rules/<rule_id>")
def put_rule(
    rule_id: PathSlug, body: AlertRuleChoices, rules: Rules, call: ThisCall, if_match: IfMatch = None
) -> Response[AlertRuleView]:
    """Replace what is chosen of a rule. If-Match must name the version that is replaced."""
    return alert_rule_answer(rules.edit(rule_id, body, call, if_match=if_match))


@api.delete("/v1/alert-rules/<rule_id>", status_code=204)
def delete_rule(rule_id: PathSlug, rules: Rules, call: ThisCall, if_match: IfMatch = None) -> Response[None]:
    """Take a rule away. If-Match must name the version that is deleted."""
    rules.remove(rule_id, call, if_match=if_match)
    return Response(204)


@api.post("/v1/anomalies/replays", status_code=202)
def begin_replay(body: ReplayToBegin, past: Past, call: ThisCall) -> Response[ReplayRunView]:
    """Look through the past once more, or try settings or a rule on it. It is done when somebody has time."""
    return replay_begun(past.start(body.past(), call))


@api.get("/v1/anomalies/replays/<replay_id>")
def show_replay(replay_id: PathId, past: Past) -> ReplayRunView:
    """Say how far a replay has come, and what it has found."""
    return replay_run_view(past.show(replay_id))
