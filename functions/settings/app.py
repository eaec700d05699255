"""Decide about the audit trail: how long it is kept, which reads it tells of, who may add to it."""

from typing import Annotated

from nightlatch.bootstrap.audit_settings import audit_settings

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.audit_settings import AuditChoices
from nightlatch.entrypoints.api.etags import settings_in_force
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import IfMatch
from nightlatch.entrypoints.api.views.settings import AuditSettingsView
from nightlatch.services.audit_settings import AuditSettingsDesk

Service = Annotated[AuditSettingsDesk, Depends(audit_settings)]

api = http_api()
handler = lambda_handler(api)


@api.get("/v1/settings/audit")
def show(service: Service) -> Response[AuditSettingsView]:
    """Read the settings of the audit trail, with their ETag."""
    return settings_in_force(service.show())


@api.put("/v1/settings/audit")
def put(body: AuditChoices, service: Service, call: ThisCall, if_match: IfMatch = None) -> Response[AuditSettingsView]:
    """Replace the settings of the audit trail. If-Match must name the version that is replaced."""
    return settings_in_force(service.put(body, call, if_match=if_match))
