"""Anomalies, as people see them."""

from functools import cache

from nightlatch.adapters.dynamodb.anomalies import DynamoAnomalies
from nightlatch.bootstrap import clock, state
from nightlatch.services.anomalies import AnomalyDesk


@cache
def anomalies() -> AnomalyDesk:
    """Wire what is done with anomalies."""
    return AnomalyDesk(
        unit_of_work=state.unit_of_work(),
        anomalies=DynamoAnomalies(clock=clock.now),
        requests=state.requests(),
        clock=clock.now,
    )
