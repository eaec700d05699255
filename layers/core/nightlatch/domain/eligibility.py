"""A second look at an approved request before anything is granted.

The snapshot says what had to be approved, the flow in force what would have to be by now: whichever of the two asks for
more, wins. What was approved under a looser flow is not enough for a tighter one, and has to be asked for again.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.duration import iso_8601
from nightlatch.domain.integration import Permission, Resource
from nightlatch.domain.item import Item


def objection(
    request: AccessRequest, flow: AccessFlow | None, *, requester_groups: Collection[str], at: datetime
) -> str | None:
    """Say why the flow in force would not let this request begin now; None when it would."""
    if flow is None:
        return f"access flow {request.flow.id} does not exist any longer"
    return next(_objections(request, flow, requester_groups, at), None)


def objection_to_more(
    request: AccessRequest, flow: AccessFlow | None, duration: timedelta, *, requester_groups: Collection[str]
) -> str | None:
    """Say why access may not be extended by `duration`, or None: it is for who may still have it, as far as agreed."""
    if flow is not None:
        for reason in _uncovered(request, flow, requester_groups):
            return reason
    return request.extension_refusal(duration, flow=flow)


def _uncovered(request: AccessRequest, flow: AccessFlow, requester_groups: Collection[str]) -> Iterator[str]:
    stands = f"access flow {flow.id}, version {flow.version},"
    if not flow.definition.who.selects(request.requester.id, groups=requester_groups):
        yield f"{stands} does not let {request.requester.name} ask any longer"
    for item in request.items:
        if not _covers(flow, request, item):
            yield f"{stands} does not cover {item.permission} on {item.resource_name} any longer"


def _objections(
    request: AccessRequest, flow: AccessFlow, requester_groups: Collection[str], at: datetime
) -> Iterator[str]:
    stands = f"access flow {flow.id}, version {flow.version},"
    definition = flow.definition
    yield from _uncovered(request, flow, requester_groups)
    for item in request.items:
        if not _is_approved(flow, request, item):
            yield f"{stands} needs other approvals for {item.permission}"
    if request.duration > definition.grant.maximum:
        yield f"{stands} does not let access last longer than {iso_8601(definition.grant.maximum)}"
    for hours in filter(None, (request.flow.when, definition.when)):
        if not hours.are_open(at):
            yield f"access flow {flow.id} lets access begin {hours} only"


def _covers(flow: AccessFlow, request: AccessRequest, item: Item) -> bool:
    resource = Resource(type=item.resource_type, id=item.resource_id, name=item.resource_name, tags=item.resource_tags)
    permission = Permission(name=item.permission, tags=item.permission_tags)
    return flow.definition.what.selects(request.integration.id, resource, permission)


def _is_approved(flow: AccessFlow, request: AccessRequest, item: Item) -> bool:
    # A vote remembers only the groups that the flow spoke of then: under another it counts for no more than it was.
    rule = flow.definition.approve
    return rule.progress(item.votes, since=request.created_at, without=request.involved).is_complete
