"""Let other systems write their own events into the audit trail."""

from typing import Annotated

from nightlatch.bootstrap.ingestion import ingestion

from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.entrypoints.api.bodies.ingesting import EntriesToWrite
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.views.ingestion import WrittenEntries, written_entries
from nightlatch.services.ingestion import Ingestion

Service = Annotated[Ingestion, Depends(ingestion)]

api = http_api()
handler = lambda_handler(api)


@api.post("/v1/audit/entries", status_code=202)
def write(body: EntriesToWrite, service: Service, call: ThisCall) -> WrittenEntries:
    """Write events of another system, all of them or none. What was written before is not written again."""
    return written_entries(service.write(body.entries, call))
