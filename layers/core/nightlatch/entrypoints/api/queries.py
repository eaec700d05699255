"""What lists are asked for: a query's parameters in the words of the services."""

from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl, urlencode

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.access_request import Status
from nightlatch.domain.audit_event import Severity, Source
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.ledger import number_in
from nightlatch.domain.time_frame import TimeFrame
from nightlatch.entrypoints.api.cursors import FEED, FOR_EVER, Cursors
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


def entry_filter(
    *,
    frame: TimeFrame,
    event_types: Iterable[str] | None = None,
    actors: Iterable[str] | None = None,
    severities: Iterable[Severity] | None = None,
    resources: Iterable[str] | None = None,
    request_ids: Iterable[str] | None = None,
    integrations: Iterable[str] | None = None,
    sources: Iterable[Source] | None = None,
    text: str | None = None,
) -> EntryFilter:
    """Say which audit entries are wanted."""
    return EntryFilter(
        since=frame.since,
        until=frame.until,
        event_types=frozenset(event_types or ()),
        actors=frozenset(actors or ()),
        severities=frozenset(severities or ()),
        resources=frozenset(resources or ()),
        request_ids=frozenset(request_ids or ()),
        integrations=frozenset(integrations or ()),
        sources=frozenset(sources or ()),
        text=text,
    )


def feed_position(begin: str | None, *, number_of: Callable[[str], int], cursors: Cursors) -> int | None:
    """Find the number that the feed goes on after: the cursor's, or the one before an event's own."""
    if begin is None:
        return None
    if number_in(begin) is not None:
        return number_of(begin) - 1
    position: int = cursors.read(begin, scope=FEED, parameter="from", longest_age=FOR_EVER)
    return position


def any_of(values: Iterable[V] | None) -> frozenset[V] | None:
    """Collect values; none at all are no filter."""
    return frozenset(values or ()) or None
