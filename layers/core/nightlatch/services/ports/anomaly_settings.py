"""What is decided about the finding of anomalies."""

from typing import Protocol

from nightlatch.domain.anomaly_settings import AnomalySettings


class AnomalySettingsStore(Protocol):
    """Reading what is decided about the finding of anomalies."""

    def anomaly_settings(self) -> AnomalySettings:
        """Read, consistently, the settings in force; version 0 when nobody has chosen anything."""
        ...
