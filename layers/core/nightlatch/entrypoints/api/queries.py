"""What lists are asked for: a query's parameters in the words of the services."""

from collections.abc import Iterable
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl, urlencode

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.access_request import Status
from nightlatch.domain.audit_event import Source
from nightlatch.domain.time_frame import TimeFrame
from nightlatch.services.call import Call
from nightlatch.services.ports.requests import RequestFilter

V = TypeVar("V")

MYSELF = "me"

PAGING = frozenset({"cursor", "from", "limit", "offset"})
"""What says where a page begins and ends, not what is looked for."""


def this_query(request: Request) -> str:
    """Say what is looked for, in the same words on each of its pages: the route and the filters."""
    sent = parse_qsl(request.resolved_event.raw_event.get("rawQueryString") or "", keep_blank_values=True)
    filters = sorted(parameter for parameter in sent if parameter[0] not in PAGING)
    return f"{request.route}?{urlencode(filters)}" if filters else request.route


ThisQuery = Annotated[str, Depends(this_query)]


def request_filter(
    call: Call,
    *,
    requesters: Iterable[str] | None,
    statuses: Iterable[Status] | None,
    integrations: Iterable[str] | None,
    flows: Iterable[str] | None,
    sources: Iterable[Source] | None,
    resource_types: Iterable[str] | None,
    resources: Iterable[str] | None,
    permissions: Iterable[str] | None,
    text: str | None,
    quarantined: bool | None,
    frame: TimeFrame,
    before_id: str | None,
) -> RequestFilter:
    """Say which requests are wanted; `me` is the caller."""
    people = [call.principal.id if person == MYSELF else person for person in requesters or ()]
    return RequestFilter(
        requesters=any_of(people),
        statuses=any_of(statuses),
        integrations=any_of(integrations),
        flows=any_of(flows),
        sources=any_of(sources),
        resource_types=any_of(resource_types),
        resources=any_of(resources),
        permissions=any_of(permissions),
        text=text,
        quarantined=quarantined,
        since=frame.since,
        until=frame.until,
        before_id=before_id,
    )


def any_of(values: Iterable[V] | None) -> frozenset[V] | None:
    """Collect values; none at all are no filter."""
    return frozenset(values or ()) or None
