"""What administrators decide about the finding of anomalies."""

from functools import cache

from nightlatch.adapters.dynamodb.anomaly_settings import DynamoAnomalySettings
from nightlatch.bootstrap import clock, state
from nightlatch.services.anomaly_settings import AnomalySettingsDesk


@cache
def anomaly_settings() -> AnomalySettingsDesk:
    """Wire the use cases around the settings of anomalies."""
    return AnomalySettingsDesk(unit_of_work=state.unit_of_work(), store=DynamoAnomalySettings(), clock=clock.now)
