"""The detectors that are on. A new one is a module, a field of AnomalyChoices and a line here."""

from collections.abc import Iterable

from nightlatch.domain.alert_rule import AlertRule
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.detection import Detector
from nightlatch.domain.detectors.access_automation import AccessAutomation
from nightlatch.domain.detectors.alert_rules import AlertRules
from nightlatch.domain.detectors.approved_after_rejection import ApprovedAfterRejection
from nightlatch.domain.detectors.escalation_ladder import EscalationLadder
from nightlatch.domain.detectors.flow_loosened_and_used import FlowLoosenedAndUsed
from nightlatch.domain.detectors.high_risk_access import HighRiskAccess
from nightlatch.domain.detectors.inactive_user import InactiveUser
from nightlatch.domain.detectors.reciprocal_approvals import ReciprocalApprovals
from nightlatch.domain.detectors.rubber_stamping import RubberStamping
from nightlatch.domain.detectors.safeguard_weakened import SafeguardWeakened
from nightlatch.domain.detectors.unusual_hours import UnusualHours


def detectors(choices: AnomalyChoices, rules: Iterable[AlertRule] = (), *, zone: str) -> tuple[Detector, ...]:
    """Make every detector that is on, and one of the alert rules that are. `zone` is where the people's clocks are."""
    words = choices.words
    every: tuple[tuple[bool, Detector], ...] = (
        (choices.high_risk_access.enabled, HighRiskAccess(choices.high_risk_access, words)),
        (choices.approved_after_rejection.enabled, ApprovedAfterRejection(choices.approved_after_rejection, words)),
        (choices.inactive_user.enabled, InactiveUser(choices.inactive_user)),
        (choices.access_automation.enabled, AccessAutomation(choices.access_automation, words)),
        (choices.rubber_stamping.enabled, RubberStamping(choices.rubber_stamping)),
        (choices.reciprocal_approvals.enabled, ReciprocalApprovals(choices.reciprocal_approvals)),
        (choices.flow_loosened_and_used.enabled, FlowLoosenedAndUsed(choices.flow_loosened_and_used)),
        (choices.unusual_hours.enabled, UnusualHours(choices.unusual_hours, zone)),
        (choices.safeguard_weakened.enabled, SafeguardWeakened(choices.safeguard_weakened)),
        (choices.escalation_ladder.enabled, EscalationLadder(choices.escalation_ladder, words)),
    )
    return (*(detector for enabled, detector in every if enabled), *alert_rules(rules))


def alert_rules(rules: Iterable[AlertRule]) -> tuple[Detector, ...]:
    """Make the detector of alert rules; none when none is on."""
    active = tuple(rule for rule in rules if rule.choices.is_active)
    return (AlertRules(active),) if active else ()
