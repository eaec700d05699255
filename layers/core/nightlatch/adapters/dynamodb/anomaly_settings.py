"""Reading the settings of anomalies."""

from nightlatch.adapters.dynamodb.keys import ANOMALY_SETTINGS, Key, key_of
from nightlatch.adapters.dynamodb.reading import read_one
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.anomaly_settings import AnomalySettings


@key_of.register
def _(_: AnomalySettings) -> Key:
    return ANOMALY_SETTINGS


class DynamoAnomalySettings:
    """Reads the one item."""

    def anomaly_settings(self) -> AnomalySettings:
        """Read, consistently, the settings in force; version 0 when nobody has chosen anything."""
        record = read_one(StateRecord, ANOMALY_SETTINGS)
        return value_of(record, AnomalySettings) if record else AnomalySettings()
