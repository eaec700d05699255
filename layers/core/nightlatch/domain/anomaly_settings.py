"""What administrators decide about the finding of anomalies: which detectors look, by what words and thresholds."""

from pydantic import Field, JsonValue

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
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
from nightlatch.domain.identity import Principal
from nightlatch.domain.value import Entity, Instant, Value


class AnomalyChoices(Value):
    """What is chosen, whole: an administrator replaces all of it, and what is left out is as it was delivered."""

    words: RiskWords = Field(
        default_factory=RiskWords, description="What all detectors mean by elevated and sensitive."
    )
    high_risk_access: HighRiskAccessChoices = Field(default_factory=HighRiskAccessChoices)
    approved_after_rejection: ApprovedAfterRejectionChoices = Field(default_factory=ApprovedAfterRejectionChoices)
    inactive_user: InactiveUserChoices = Field(default_factory=InactiveUserChoices)
    access_automation: AccessAutomationChoices = Field(default_factory=AccessAutomationChoices)
    rubber_stamping: RubberStampingChoices = Field(default_factory=RubberStampingChoices)
    reciprocal_approvals: ReciprocalApprovalsChoices = Field(default_factory=ReciprocalApprovalsChoices)
    flow_loosened_and_used: FlowLoosenedAndUsedChoices = Field(default_factory=FlowLoosenedAndUsedChoices)
    unusual_hours: UnusualHoursChoices = Field(default_factory=UnusualHoursChoices)
    safeguard_weakened: SafeguardWeakenedChoices = Field(default_factory=SafeguardWeakenedChoices)
    escalation_ladder: EscalationLadderChoices = Field(default_factory=EscalationLadderChoices)


class AnomalySettings(Entity):
    """The settings in force. Version 0 is what holds before anybody has chosen anything."""

    version: int = 0
    choices: AnomalyChoices = Field(default_factory=AnomalyChoices)

    def choose(self, choices: AnomalyChoices, *, by: Principal, at: Instant) -> Change["AnomalySettings"]:
        """Put other choices in force; the event holds what was different before and what is now."""
        before, after = self.choices.model_dump(mode="json"), choices.model_dump(mode="json")
        names = [name for name in after if after[name] != before[name]]
        details: dict[str, JsonValue] = {
            "name": "anomalies",
            "before": {name: before[name] for name in names},
            "after": {name: after[name] for name in names},
        }
        event = AuditEvent(
            event_type=EventType.SETTINGS_UPDATED,
            timestamp=at,
            actor=by.as_actor(),
            resource=ResourceReference(type="settings", id="anomalies", name="Anomalies"),
            description=f"{by.label} changed the settings of anomalies: {', '.join(names)}",
            details=details,
        )
        return Change(self.changed(choices=choices), (event,))
