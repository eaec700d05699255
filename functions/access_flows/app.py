"""Write access flows, and read them and their history."""

from typing import Annotated

from nightlatch.bootstrap.flows import access_flows

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import IfMatch, PathSlug
from nightlatch.entrypoints.api.views.flows import (
    FlowList,
    FlowVersions,
    FlowView,
    flow_list,
    flow_versions,
    versioned,
    written,
)
from nightlatch.services.access_flows import AccessFlows

Service = Annotated[AccessFlows, Depends(access_flows)]

api = http_api()
handler = lambda_handler(api)


@api.get("/v1/flows")
def find(service: Service) -> FlowList:
    """List the flows in force."""
    return flow_list(service.all())


@api.get("/v1/flows/<flow_id>")
def show(flow_id: PathSlug, service: Service) -> Response[FlowView]:
    """Read the flow in force, with its ETag."""
    return versioned(service.show(flow_id))


@api.put("/v1/flows/<flow_id>")
def put(
    flow_id: PathSlug, body: FlowDefinition, service: Service, call: ThisCall, if_match: IfMatch = None
) -> Response[FlowView]:
    """Write a flow. To overwrite one, If-Match must name the version that is overwritten."""
    return written(service.put(flow_id, body, call, if_match=if_match))


@api.delete("/v1/flows/<flow_id>", status_code=204)
def delete(flow_id: PathSlug, service: Service, call: ThisCall, if_match: IfMatch = None) -> Response[None]:
    """Take a flow out of force. If-Match must name the version that is deleted."""
    service.delete(flow_id, call, if_match=if_match)
    return Response(204)


@api.get("/v1/flows/<flow_id>/versions")
def versions(flow_id: PathSlug, service: Service) -> FlowVersions:
    """Read every version of a flow, newest first, each with what it changed."""
    return flow_versions(service.versions(flow_id))
