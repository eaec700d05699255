"""Take the audit trail, or some of it, with you."""

from typing import Annotated

from nightlatch.bootstrap.exports import exports

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.export import ExportOrder
from nightlatch.entrypoints.api.frames import AskedFrame, Now, TheSettings
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import (
    EntrySearch,
    EventTypes,
    Format,
    Ids,
    IncludeFilters,
    PathId,
    Relative,
    Rounded,
    Severities,
    SinceDay,
    Sources,
    UntilDay,
    Zone,
)
from nightlatch.entrypoints.api.queries import entry_filter
from nightlatch.entrypoints.api.views.exports import ExportView, export_view, handed_out
from nightlatch.services.exports import Exports

Service = Annotated[Exports, Depends(exports)]

api = http_api()
handler = lambda_handler(api)


@api.get("/v1/audit/export")
def export(
    *,
    service: Service,
    call: ThisCall,
    settings: TheSettings,
    now: Now,
    format: Format,  # noqa: A002  # the parameter's name
    include_filters: IncludeFilters = False,
    last: Relative = None,
    rounded: Rounded = None,
    start_date: SinceDay = None,
    end_date: UntilDay = None,
    zone: Zone = None,
    event_type: EventTypes = None,
    actor: Ids = None,
    severity: Severities = None,
    resource: Ids = None,
    request_id: Ids = None,
    integration: Ids = None,
    source: Sources = None,
    q: EntrySearch = None,
) -> Response[str]:
    """Export entries: as the answer when they are few, else as a file that is written meanwhile (202)."""
    frame = AskedFrame(
        last=last,
        rounded=rounded,
        zone=zone,
        since=start_date,
        until=end_date,
        begin_name="start_date",
        end_name="end_date",
    ).read(now=now, own_zone=settings.time_zone)
    filtered = entry_filter(
        frame=frame,
        event_types=event_type,
        actors=actor,
        severities=severity,
        request_ids=request_id,
        resources=resource,
        integrations=integration,
        sources=source,
        text=q,
    )
    order = ExportOrder.of(format, filtered, include_filters=include_filters)
    return handed_out(service.export(order, call))


@api.get("/v1/audit/exports/<export_id>")
def show(export_id: PathId, service: Service, call: ThisCall) -> ExportView:
    """Read how an export of one's own stands, and where its file is."""
    return export_view(service.show(export_id, call))
