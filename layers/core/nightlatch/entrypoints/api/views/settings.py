"""Settings."""

from aws_lambda_powertools.event_handler import Response
from typing_extensions import TypedDict

from nightlatch.domain.anomaly_settings import AnomalySettings
from nightlatch.domain.audit_settings import AuditSettings, Reads, Writer
from nightlatch.domain.detectors.choices import (
    AccessAutomationChoices,
    ApprovedAfterRejectionChoices,
    EscalationLadderChoices,
    FlowLoosenedAndUsedChoices,
    HighRiskAccessChoices,
    InactiveUserChoices,
    ReciprocalApprovalsChoices,
    RiskWords,
    RubberStampingChoices,
    SafeguardWeakenedChoices,
    UnusualHoursChoices,
)
from nightlatch.entrypoints.api.etags import tagged
from nightlatch.entrypoints.api.views.base import view


@view
class AuditSettingsView(TypedDict):
    """What is decided about the audit trail. Version 0: nobody has chosen anything yet."""

    version: int
    retention_days: int
    reads: Reads
    writers: list[Writer]


@view
class AnomalySettingsView(TypedDict):
    """What is decided about the finding of anomalies. Version 0: nobody has chosen anything yet."""

    version: int
    words: RiskWords
    high_risk_access: HighRiskAccessChoices
    approved_after_rejection: ApprovedAfterRejectionChoices
    inactive_user: InactiveUserChoices
    access_automation: AccessAutomationChoices
    rubber_stamping: RubberStampingChoices
    reciprocal_approvals: ReciprocalApprovalsChoices
    flow_loosened_and_used: FlowLoosenedAndUsedChoices
    unusual_hours: UnusualHoursChoices
    safeguard_weakened: SafeguardWeakenedChoices
    escalation_ladder: EscalationLadderChoices


def anomaly_settings_view(settings: AnomalySettings) -> AnomalySettingsView:
    """Show the settings."""
    chosen = settings.choices
    return AnomalySettingsView(
        version=settings.version,
        words=chosen.words,
        high_risk_access=chosen.high_risk_access,
        approved_after_rejection=chosen.approved_after_rejection,
        inactive_user=chosen.inactive_user,
        access_automation=chosen.access_automation,
        rubber_stamping=chosen.rubber_stamping,
        reciprocal_approvals=chosen.reciprocal_approvals,
        flow_loosened_and_used=chosen.flow_loosened_and_used,
        unusual_hours=chosen.unusual_hours,
        safeguard_weakened=chosen.safeguard_weakened,
        escalation_ladder=chosen.escalation_ladder,
    )


def audit_settings_view(settings: AuditSettings) -> AuditSettingsView:
    """Show the settings."""
    chosen = settings.choices
    return AuditSettingsView(
        version=settings.version,
        retention_days=chosen.retention_days,
        reads=chosen.reads,
        writers=list(chosen.writers),
    )


def settings_in_force(settings: AuditSettings) -> Response[AuditSettingsView]:
    """Answer with the audit settings and the ETag of their version."""
    return tagged(audit_settings_view(settings), settings)


def anomaly_settings_in_force(settings: AnomalySettings) -> Response[AnomalySettingsView]:
    """Answer with the settings of anomalies and the ETag of their version."""
    return tagged(anomaly_settings_view(settings), settings)
