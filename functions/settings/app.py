"""Decide about the audit trail (how long it is kept, which reads are told, who may add to it) and about anomalies."""

from typing import Annotated

from nightlatch.bootstrap.anomaly_settings import anomaly_settings
from nightlatch.bootstrap.audit_settings import audit_settings

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.audit_settings import AuditChoices
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import IfMatch
from nightlatch.entrypoints.api.views.settings import (
    AnomalySettingsView,
    AuditSettingsView,
    anomaly_settings_in_force,
    settings_in_force,
)
from nightlatch.services.anomaly_settings import AnomalySettingsDesk
from nightlatch.services.audit_settings import AuditSettingsDesk

Trail = Annotated[AuditSettingsDesk, Depends(audit_settings)]
Anomalies = Annotated[AnomalySettingsDesk, Depends(anomaly_settings)]

api = http_api()
handler = lambda_handler(api)


@api.get("/v1/settings/audit")
def show(service: Trail) -> Response[AuditSettingsView]:
    """Read the settings of the audit trail, with their ETag."""
    return settings_in_force(service.show())


@api.put("/v1/settings/audit")
def put(body: AuditChoices, service: Trail, call: ThisCall, if_match: IfMatch = None) -> Response[AuditSettingsView]:
    """Replace the settings of the audit trail. If-Match must name the version that is replaced."""
    return settings_in_force(service.put(body, call, if_match=if_match))


@api.get("/v1/settings/anomalies")
def show_anomalies(service: Anomalies) -> Response[AnomalySettingsView]:
    """Read by what anomalies are found, with the ETag."""
    return anomaly_settings_in_force(service.show())


@api.put("/v1/settings/anomalies")
def put_anomalies(
    body: AnomalyChoices, service: Anomalies, call: ThisCall, if_match: IfMatch = None
) -> Response[AnomalySettingsView]:
    """Replace by what anomalies are found; what is left out is as delivered. If-Match must name what is replaced."""
    return anomaly_settings_in_force(service.put(body, call, if_match=if_match))
