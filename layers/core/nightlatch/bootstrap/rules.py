"""Alert rules, and the replays that try them and the detectors."""

import os
from functools import cache

from nightlatch.adapters.dynamodb.alert_rules import DynamoAlertRules
from nightlatch.adapters.dynamodb.lanes import DynamoLanes
from nightlatch.adapters.lambda_detection_workers import LambdaDetectionWorkers
from nightlatch.bootstrap import aws, clock, state
from nightlatch.bootstrap.ledger import ledger
from nightlatch.bootstrap.settings import settings
from nightlatch.services.alert_rules import AlertRuleDesk
from nightlatch.services.replays import Replays


@cache
def alert_rules() -> AlertRuleDesk:
    """Wire what is done with alert rules."""
    return AlertRuleDesk(unit_of_work=state.unit_of_work(), rules=DynamoAlertRules(), clock=clock.now)


@cache
def replays() -> Replays:
    """Wire what is done with replays."""
    return Replays(
        unit_of_work=state.unit_of_work(),
        ledger=ledger(),
        lanes=DynamoLanes(clock=clock.now),
        workers=LambdaDetectionWorkers(lambda: aws.client("lambda"), function=settings().anomaly_detection_function),
        clock=clock.now,
        randomness=os.urandom,
    )
