"""Detection."""

from functools import cache

from nightlatch.adapters.dynamodb.alert_rules import DynamoAlertRules
from nightlatch.adapters.dynamodb.anomalies import DynamoAnomalies
from nightlatch.adapters.dynamodb.anomaly_settings import DynamoAnomalySettings
from nightlatch.adapters.dynamodb.lanes import DynamoLanes, DynamoMemories
from nightlatch.adapters.dynamodb.transaction import OF_A_WORKER
from nightlatch.bootstrap import clock, state
from nightlatch.bootstrap.ledger import ledger
from nightlatch.bootstrap.settings import settings
from nightlatch.services.detection import Detection


@cache
def detection() -> Detection:
    """Wire the steps of lanes."""
    return Detection(
        unit_of_work=state.unit_of_work(OF_A_WORKER),
        ledger=ledger(),
        lanes=DynamoLanes(clock=clock.now),
        memories=DynamoMemories(),
        anomalies=DynamoAnomalies(clock=clock.now),
        settings=DynamoAnomalySettings(),
        rules=DynamoAlertRules(),
        clock=clock.now,
        zone=settings().time_zone,
    )
