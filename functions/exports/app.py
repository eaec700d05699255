"""Take the audit trail, or some of it, with you."""

from typing import Annotated

from nightlatch.bootstrap.exports import exports

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.export import ExportOrder
from nightlatch.entrypoints.api.asked_entries import AskedEntries, asking_for_entries
from nightlatch.entrypoints.api.export_parameters import Format, IncludeFilters
from nightlatch.entrypoints.api.frames import Now, TheSettings
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import PathId
from nightlatch.entrypoints.api.views.exports import ExportView, export_view, handed_out
from nightlatch.services.exports import Exports

Service = Annotated[Exports, Depends(exports)]

api = http_api()
handler = lambda_handler(api)


@api.get("/v1/audit/export")
@asking_for_entries
def export(
    *,
    service: Service,
    call: ThisCall,
    settings: TheSettings,
    now: Now,
    format: Format,  # noqa: A002  # the parameter's name
    include_filters: IncludeFilters = False,
    asked: AskedEntries,
) -> Response[str]:
    """Export entries: as the answer when they are few, else as a file that is written meanwhile (202)."""
    filtered = asked.read(now=now, own_zone=settings.time_zone)
    order = ExportOrder.of(format, filtered, include_filters=include_filters)
    return handed_out(service.export(order, call))


@api.get("/v1/audit/exports/<export_id>")
def show(export_id: PathId, service: Service, call: ThisCall) -> ExportView:
    """Read how an export of one's own stands, and where its file is."""
    return export_view(service.show(export_id, call))
