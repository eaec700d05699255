"""See what waits for one's decision, and decide."""

from typing import Annotated

from nightlatch.bootstrap.approvals import approvals

from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.entrypoints.api.bodies.deciding import ALL_ITEMS, Decision
from nightlatch.entrypoints.api.cursors import ThisPage
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import Cursor, Limit, PathId
from nightlatch.entrypoints.api.views.requests import RequestList, RequestView, request_list, request_view
from nightlatch.services.approvals import Approvals

Service = Annotated[Approvals, Depends(approvals)]

api = http_api()
handler = lambda_handler(api)


@api.get("/v1/approvals")
def waiting(service: Service, call: ThisCall, page: ThisPage, limit: Limit = 50, cursor: Cursor = None) -> RequestList:
    """List the requests that ask for the caller's decision, newest first."""
    found = service.waiting(call, before_id=page.position(cursor))
    return request_list(found, limit=limit, page=page)


@api.post("/v1/requests/<request_id>/approve")
def approve(request_id: PathId, service: Service, call: ThisCall, body: Decision = ALL_ITEMS) -> RequestView:
    """Approve somebody else's request, whole or per item."""
    return request_view(service.approve(request_id, call, items=body.items, reason=body.reason))


@api.post("/v1/requests/<request_id>/reject")
def reject(request_id: PathId, service: Service, call: ThisCall, body: Decision = ALL_ITEMS) -> RequestView:
    """Reject somebody else's request. One rejected item rejects the whole request."""
    return request_view(service.reject(request_id, call, items=body.items, reason=body.reason))
