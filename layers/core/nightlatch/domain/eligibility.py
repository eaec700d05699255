"""A second look at an approved request before anything is granted.

The snapshot says what had to be approved, the flow in force what would have to be by now: whichever of the two asks for
more, wins. What was approved under a looser flow is not enough for a tighter one, and has to be asked for again.
"""

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.duration import iso_8601
from nightlatch.domain.integration import Permission, Resource
from nightlatch.domain.item import Item


def objection(request: AccessRequest, flow: AccessFlow | None) -> str | None:
    """Say why the flow in force would not let this request begin; None when it would."""
    if flow is None:
        return f"access flow {request.flow.id} does not exist any longer"
    stands = f"access flow {flow.id}, version {flow.version},"
    definition = flow.definition
    if not definition.who.names(request.requester.id, groups=request.flow.admitted_by):
        return f"{stands} does not let {request.requester.name} ask any longer"
    for item in request.items:
        if not _covers(flow, request, item):
            return f"{stands} does not cover {item.permission} on {item.resource_name} any longer"
        if item.approvals < definition.approve.needed:
            return f"{stands} needs {definition.approve.needed} approvals for {item.permission}"
    if request.duration > definition.grant.maximum:
        return f"{stands} does not let access last longer than {iso_8601(definition.grant.maximum)}"
    return None


def _covers(flow: AccessFlow, request: AccessRequest, item: Item) -> bool:
    resource = Resource(type=item.resource_type, id=item.resource_id, name=item.resource_name, tags=item.resource_tags)
    permission = Permission(name=item.permission, tags=item.permission_tags)
    return flow.definition.what.selects(request.integration.id, resource, permission)
