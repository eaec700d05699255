"""Connect systems, check them, and scan what is in them."""

from typing import Annotated

from nightlatch.bootstrap.integrations import integrations

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.connector import CheckResult
from nightlatch.entrypoints.api.bodies.base import NOTHING, Nothing
from nightlatch.entrypoints.api.bodies.integrations import IntegrationToAdd
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import PathSlug
from nightlatch.entrypoints.api.views.integrations import (
    IntegrationList,
    IntegrationView,
    integration_list,
    integration_view,
)
from nightlatch.services.integrations import Integrations

Service = Annotated[Integrations, Depends(integrations)]

api = http_api()
handler = lambda_handler(api)


@api.post("/v1/integrations", status_code=201)
def add(body: IntegrationToAdd, service: Service, call: ThisCall) -> Response[IntegrationView]:
    """Connect a system."""
    added = service.add(
        body.id,
        call,
        name=body.name,
        kind=body.kind,
        settings=body.settings,
        secret=body.secret.get_secret_value(),
    )
    return Response(201, APPLICATION_JSON, integration_view(added), {"Location": f"/v1/integrations/{added.id}"})


@api.get("/v1/integrations")
def find(service: Service) -> IntegrationList:
    """List the connected systems."""
    return integration_list(service.all())


@api.get("/v1/integrations/<integration_id>")
def show(integration_id: PathSlug, service: Service) -> IntegrationView:
    """Read a connected system."""
    return integration_view(service.show(integration_id))


@api.post("/v1/integrations/<integration_id>/check")
def check(integration_id: PathSlug, service: Service, call: ThisCall, _: Nothing = NOTHING) -> CheckResult:
    """Try the connection and the rights that it needs."""
    return service.check(integration_id, call)


@api.post("/v1/integrations/<integration_id>/scan")
def scan(integration_id: PathSlug, service: Service, call: ThisCall, _: Nothing = NOTHING) -> IntegrationView:
    """Read what is in the system into the catalog."""
    return integration_view(service.scan(integration_id, call))
