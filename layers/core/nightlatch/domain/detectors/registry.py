"""The detectors that are on. A new one is a module, a field of AnomalyChoices and a line here."""

from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.detection import Detector
from nightlatch.domain.detectors.high_risk_access import HighRiskAccess


def detectors(choices: AnomalyChoices) -> tuple[Detector, ...]:
    """Make every detector that is on."""
    every: tuple[tuple[bool, Detector], ...] = (
        (choices.high_risk_access.enabled, HighRiskAccess(choices.high_risk_access, choices.words)),
    )
    return tuple(detector for enabled, detector in every if enabled)
