"""Versions as ETags: what If-Match must name to overwrite something."""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.anomaly_settings import AnomalySettings
from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.value import Entity
from nightlatch.entrypoints.api.views.flows import FlowView, flow_view
from nightlatch.entrypoints.api.views.settings import (
    AnomalySettingsView,
    AuditSettingsView,
    anomaly_settings_view,
    audit_settings_view,
)


def versioned(flow: AccessFlow, *, status: int = 200) -> Response[FlowView]:
    """Answer with a flow and the ETag of its version."""
    return Response(status, APPLICATION_JSON, flow_view(flow), {"ETag": _etag(flow)})


def written(flow: AccessFlow) -> Response[FlowView]:
    """Answer with a flow that was written: its first version has just come to be."""
    return versioned(flow, status=201 if flow.version == 1 else 200)


def settings_in_force(settings: AuditSettings) -> Response[AuditSettingsView]:
    """Answer with the audit settings and the ETag of their version."""
    return Response(200, APPLICATION_JSON, audit_settings_view(settings), {"ETag": _etag(settings)})


def anomaly_settings_in_force(settings: AnomalySettings) -> Response[AnomalySettingsView]:
    """Answer with the settings of anomalies and the ETag of their version."""
    return Response(200, APPLICATION_JSON, anomaly_settings_view(settings), {"ETag": _etag(settings)})


def _etag(entity: Entity) -> str:
    return f'"{entity.version}"'
