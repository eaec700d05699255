"""What wakes the functions that no person calls, and who hears of it when they fail."""

import json
from datetime import timedelta
from typing import Any

import pytest

from nightlatch.adapters.dynamodb.connection import HASTY
from nightlatch.adapters.dynamodb.records import RINGS
from nightlatch.domain.delivery import CLAIM
from nightlatch.domain.destination import LONGEST_TIMEOUT
from nightlatch.entrypoints import deliveries, ledger_sweep, seals
from nightlatch.entrypoints.deliveries import TIME_TO_STOP
from nightlatch.entrypoints.metrics import NAMESPACE
from nightlatch.entrypoints.wakes import metric_line
from nightlatch.services.delivering import Health
from nightlatch.services.destinations import MOST_DESTINATIONS
from nightlatch.services.provisioning import Backlog
from nightlatch.services.sealing import Standing
from tests.builders import NOON

Functions = dict[str, dict[str, Any]]
Resources = dict[str, dict[str, Any]]

COGNITO_WAITS_SECONDS = 5
COLD_START_SECONDS = 1.5

STREAMS = {
    "provisioning": "Decisions",
    "ledger": "Doorbell",
    "anomaly_detection": "Doorbell",
    "webhook_delivery": "Doorbell",
}


def pattern(functions: Functions, function: str) -> Any:
    event = functions[function]["Events"][STREAMS[function]]["Properties"]
    [only] = event["FilterCriteria"]["Filters"]
    return json.loads(only["Pattern"])


def test_provisioning_wakes_when_a_request_rings(functions: Functions) -> None:
    assert pattern(functions, "provisioning") == {
        "dynamodb": {
            "Keys": {"pk": {"S": [{"prefix": "REQUEST#"}]}, "sk": {"S": ["REQUEST"]}},
            "NewImage": {"rings": {"S": [RINGS]}},
        }
    }


def test_the_sequencer_wakes_when_an_event_is_put_into_the_outbox(functions: Functions) -> None:
    assert pattern(functions, "ledger") == {
        "eventName": ["INSERT"],
        "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "OUTBOX#"}]}}},
    }


def test_detection_wakes_when_an_entry_is_put_into_the_ledger(functions: Functions) -> None:
    assert pattern(functions, "anomaly_detection") == {"eventName": ["INSERT"]}


@pytest.mark.parametrize("function", STREAMS)
def test_a_stream_is_read_from_its_beginning_at_once_and_gives_up_in_the_end(
    functions: Functions, function: str
) -> None:
    event = functions[function]["Events"][STREAMS[function]]["Properties"]

    assert event["StartingPosition"] == "TRIM_HORIZON"
    assert "MaximumBatchingWindowInSeconds" not in event
    assert event["MaximumRetryAttempts"] == 3
    assert event["MaximumRecordAgeInSeconds"] <= 3600
    assert event["BatchSize"] == 1 or event["BisectBatchOnFunctionError"]
    assert event["DestinationConfig"]["OnFailure"] == {
        "Type": "SQS",
        "Destination": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
    }


@pytest.mark.parametrize("table", ["StateTable", "LedgerTable"])
def test_at_most_two_functions_read_a_stream(functions: Functions, table: str) -> None:
    """More are throttled by AWS."""
    readers = [
        name
        for name, function in functions.items()
        for event in function.get("Events", {}).values()
        if event["Properties"].get("Stream") == {"Fn::GetAtt": [table, "StreamArn"]}
    ]

    assert 1 <= len(readers) <= 2


def test_destinations_are_rung_for_when_an_entry_is_written(functions: Functions) -> None:
    assert pattern(functions, "webhook_delivery") == {"eventName": ["INSERT"]}


def test_each_destination_that_is_rung_for_is_an_invocation_of_its_own(
    functions: Functions, resources: Resources
) -> None:
    """A receiver that hangs holds up its own events only: there is room for a worker at each, and for others."""
    function = functions["webhook_delivery"]
    rung = function["Events"]["Rung"]["Properties"]
    queue = resources["Deliveries"]["Properties"]

    assert rung["BatchSize"] == 1
    assert rung["ScalingConfig"]["MaximumConcurrency"] >= 2 * MOST_DESTINATIONS
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}


def test_nobody_takes_over_from_a_worker_that_may_still_be_at_work(functions: Functions) -> None:
    left = timedelta(milliseconds=TIME_TO_STOP)

    assert left >= timedelta(seconds=LONGEST_TIMEOUT) + timedelta(seconds=10)
    assert left <= CLAIM
    assert functions["webhook_delivery"]["Timeout"] > 2 * left.total_seconds()


@pytest.mark.parametrize(
    ("function", "role", "rate"),
    [
        ("expiry", "ScheduleRole", "rate(1 minute)"),
        ("ledger", "LedgerScheduleRole", "rate(1 minute)"),
        ("anomaly_detection", "AnomalyDetectionScheduleRole", "rate(1 minute)"),
        ("retention", "RetentionScheduleRole", "rate(5 minutes)"),
        ("webhook_delivery", "WebhookDeliveryScheduleRole", "rate(1 minute)"),
    ],
)
def test_a_sweep_runs_as_often_as_it_must(functions: Functions, function: str, role: str, rate: str) -> None:
    sweep = functions[function]["Events"]["Sweep"]["Properties"]

    assert sweep["ScheduleExpression"] == rate
    assert json.loads(sweep["Input"]) == {"sweep": True}
    assert sweep["RoleArn"] == {"Fn::GetAtt": [role, "Arn"]}
    assert sweep["GroupName"] == {"Ref": "ScheduleGroup"}
    assert sweep["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}


def test_every_alarm_tells_somebody(resources: Resources) -> None:
    alarms = {key: each["Properties"] for key, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}

    assert set(alarms) == {
        "DeadLettersAlarm",
        "DeliveryBehindAlarm",
        "DeliveryErrorsAlarm",
        "DestinationDisabledAlarm",
        "DestinationFailingAlarm",
        "DetectionBehindAlarm",
        "DetectionErrorsAlarm",
        "ExpiryErrorsAlarm",
        "ExpirySilentAlarm",
        "IntegrityAlarm",
        "LedgerBehindAlarm",
        "LedgerErrorsAlarm",
        "OverdueAlarm",
        "QuarantineAlarm",
        "RetentionErrorsAlarm",
        "SealLateAlarm",
        "SignInsErrorsAlarm",
        "UnreadableRowsAlarm",
    }
    assert all(alarm["AlarmActions"] == [{"Ref": "Alarms"}] for alarm in alarms.values())


def test_a_sweep_that_never_runs_is_an_alarm(resources: Resources) -> None:
    assert resources["ExpirySilentAlarm"]["Properties"]["TreatMissingData"] == "breaching"


def test_an_alarm_watches_the_rows_that_the_ledgers_sweep_could_not_read(resources: Resources) -> None:
    written = json.loads(ledger_sweep.metric_line(1, at=NOON, function="nightlatch-ledger"))
    [directive] = written["_aws"]["CloudWatchMetrics"]
    properties = resources["UnreadableRowsAlarm"]["Properties"]

    assert [properties["MetricName"]] == [metric["Name"] for metric in directive["Metrics"]]
    assert written[properties["MetricName"]] == 1
    assert properties["Namespace"] == directive["Namespace"] == NAMESPACE
    assert properties["Dimensions"][0]["Value"] == {"Ref": "LedgerFunction"}


@pytest.mark.parametrize("alarm", ["QuarantineAlarm", "OverdueAlarm"])
def test_an_alarm_watches_a_figure_that_the_sweep_writes(resources: Resources, alarm: str) -> None:
    """J2."""
    backlog = Backlog(at=NOON, due={}, oldest=timedelta(), quarantined=0)
    written = json.loads(metric_line(backlog, function="nightlatch-expiry"))
    [directive] = written["_aws"]["CloudWatchMetrics"]
    properties = resources[alarm]["Properties"]

    assert properties["MetricName"] in {metric["Name"] for metric in directive["Metrics"]} & set(written)
    assert properties["Namespace"] == directive["Namespace"] == NAMESPACE
    assert directive["Dimensions"] == [[dimension["Name"] for dimension in properties["Dimensions"]]]
    assert properties["Dimensions"][0]["Value"] == {"Ref": "ExpiryFunction"}


@pytest.mark.parametrize("alarm", ["IntegrityAlarm", "SealLateAlarm"])
def test_an_alarm_watches_a_figure_that_sealing_writes(resources: Resources, alarm: str) -> None:
    """I2: a trail that does not hold, and one that nobody seals."""
    standing = Standing(at=NOON, oldest_unsealed=timedelta(), findings=0)
    written = json.loads(seals.metric_line(standing, function="nightlatch-sealing"))
    [directive] = written["_aws"]["CloudWatchMetrics"]
    properties = resources[alarm]["Properties"]

    assert properties["MetricName"] in {metric["Name"] for metric in directive["Metrics"]} & set(written)
    assert directive["Dimensions"] == [[dimension["Name"] for dimension in properties["Dimensions"]]]
    assert properties["Dimensions"][0]["Value"] == {"Ref": "SealingFunction"}


def test_the_user_pool_calls_before_the_password_and_before_the_tokens(resources: Resources) -> None:
    called = resources["UserPool"]["Properties"]["LambdaConfig"]
    permission = resources["SignInsPermission"]["Properties"]

    function = {"Fn::GetAtt": ["SignInsFunction", "Arn"]}
    assert called["PreAuthentication"] == called["PreTokenGenerationConfig"]["LambdaArn"] == function
    assert called["PreTokenGenerationConfig"]["LambdaVersion"] == "V2_0"
    assert permission["Principal"] == "cognito-idp.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": ["UserPool", "Arn"]}


def test_the_user_pools_calls_end_before_it_gives_up(functions: Functions) -> None:
    """B6: two calls of a store that does not answer fit, with a cold start before them."""
    calls = 2 * (HASTY.connect_seconds + HASTY.read_seconds) * (HASTY.retries + 1)

    assert calls + COLD_START_SECONDS <= functions["sign_ins"]["Timeout"] == COGNITO_WAITS_SECONDS


@pytest.mark.parametrize("alarm", ["DestinationDisabledAlarm", "DestinationFailingAlarm"])
def test_an_alarm_watches_a_figure_that_the_sweep_of_destinations_writes(resources: Resources, alarm: str) -> None:
    health = Health(at=NOON, active=0, failing=0, disabled=0)
    written = json.loads(deliveries.metric_line(health, function="nightlatch-webhook-delivery"))
    [directive] = written["_aws"]["CloudWatchMetrics"]
    properties = resources[alarm]["Properties"]

    assert properties["MetricName"] in {metric["Name"] for metric in directive["Metrics"]} & set(written)
    assert directive["Dimensions"] == [[dimension["Name"] for dimension in properties["Dimensions"]]]
    assert properties["Dimensions"][0]["Value"] == {"Ref": "WebhookDeliveryFunction"}


def test_sealing_that_never_runs_is_an_alarm(resources: Resources) -> None:
    assert resources["SealLateAlarm"]["Properties"]["TreatMissingData"] == "breaching"


def test_sealing_runs_every_quarter_of_an_hour(functions: Functions) -> None:
    sweep = functions["sealing"]["Events"]["Sweep"]["Properties"]

    assert sweep["ScheduleExpression"] == "rate(15 minutes)"
    assert sweep["RoleArn"] == {"Fn::GetAtt": ["SealingScheduleRole", "Arn"]}
    assert sweep["GroupName"] == {"Ref": "ScheduleGroup"}
    assert sweep["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}


def test_one_quarantined_request_is_an_alarm(resources: Resources) -> None:
    """J2."""
    alarm = resources["QuarantineAlarm"]["Properties"]

    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["EvaluationPeriods"]) == (
        "GreaterThanThreshold",
        0,
        1,
    )
