"""Settings."""

from typing_extensions import TypedDict

from nightlatch.domain.anomaly_settings import AnomalySettings
from nightlatch.domain.audit_settings import AuditSettings, Reads, Writer
from nightlatch.domain.detectors.access_automation import AccessAutomationChoices
from nightlatch.domain.detectors.approved_after_rejection import ApprovedAfterRejectionChoices
from nightlatch.domain.detectors.asked import RiskWords
from nightlatch.domain.detectors.escalation_ladder import EscalationLadderChoices
from nightlatch.domain.detectors.high_risk_access import HighRiskAccessChoices
from nightlatch.domain.detectors.inactive_user import InactiveUserChoices
from nightlatch.domain.detectors.rubber_stamping import RubberStampingChoices
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
