"""One template for AWS and for the emulator: where it differs is listed, and what the emulator drops is avoided."""

import json
from collections.abc import Iterator
from typing import Any

Functions = dict[str, dict[str, Any]]
Resources = dict[str, dict[str, Any]]

ONLY_ON_AWS = {
    "EvidenceBucketPolicy": "there is no TLS and no aws:PrincipalArn there, so everything would be refused",
    "ExportsBucketPolicy": "it refuses plain HTTP, which is all that the emulator speaks",
}
"""Resources that the emulator cannot do with, and why they are worth it."""

DIFFERENT_ON_AWS = {
    "AccessFlowsRole": "the emulator knows no dynamodb:LeadingKeys in conditions",
    "AccessRequestsRole": "the emulator knows no kms:EncryptionContext in conditions, and denies",
    "AnomaliesRole": "it knows no dynamodb:LeadingKeys",
    "AnomalyDetectionRole": "it knows no dynamodb:LeadingKeys",
    "AuditRole": "it knows no dynamodb:LeadingKeys",
    "ConsoleRole": "it knows neither kms:EncryptionContext nor dynamodb:LeadingKeys",
    "DestinationsRole": "it knows no dynamodb:LeadingKeys",
    "ExpiryRole": "it knows no kms:EncryptionContext, and asks for all schedules in the group `default`",
    "ExportsRole": "it knows no dynamodb:LeadingKeys",
    "IngestionRole": "it knows no dynamodb:LeadingKeys",
    "IntegrationsRole": "it knows no dynamodb:LeadingKeys",
    "LedgerRole": "it knows no dynamodb:LeadingKeys",
    "OversightRole": "it knows no dynamodb:LeadingKeys",
    "ProvisioningRole": "the same two as with expiry",
    "RetentionRole": "it knows no dynamodb:LeadingKeys",
    "SealingRole": "it knows no dynamodb:LeadingKeys",
    "SettingsRole": "it knows no dynamodb:LeadingKeys",
    "SignInsRole": "it knows no dynamodb:LeadingKeys",
    "UserPoolClient": "Cognito refuses http://127.0.0.1 as a callback, only the name localhost may be http",
    "WebhookDeliveryRole": "it knows no dynamodb:LeadingKeys",
}


def conditions(value: Any) -> Iterator[str]:
    """Name the conditions of every Fn::If within a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Fn::If":
                yield inner[0]
            yield from conditions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from conditions(inner)


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_these_resources_exist_on_aws_only(resources: Resources) -> None:
    assert {name for name, each in resources.items() if each.get("Condition") == "IsAws"} == set(ONLY_ON_AWS)


def test_these_resources_are_different_on_aws(resources: Resources) -> None:
    different = {name for name, each in resources.items() if "IsAws" in set(conditions(each["Properties"]))}

    assert different == set(DIFFERENT_ON_AWS)


def test_conditions_ask_parameters_only(template: dict[str, Any]) -> None:
    """The emulator resolves no pseudo parameter (AWS::Region and the like) in a condition."""
    assert "AWS::" not in json.dumps(template["Conditions"])


def test_the_routes_are_resources(functions: Functions) -> None:
    """SAM's own HTTP API becomes an OpenAPI body, which the emulator drops."""
    kinds = {event["Type"] for function in functions.values() for event in function.get("Events", {}).values()}

    assert kinds <= {"DynamoDB", "ScheduleV2", "SQS"}


def test_every_schedule_has_a_name_that_holds_the_stack_name(functions: Functions) -> None:
    """The emulator would name it after its event alone, and two stacks would share it."""
    for function in functions.values():
        for event in function.get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                assert event["Properties"]["Name"]["Fn::Sub"].startswith("${AWS::StackName}-")


def test_stream_filters_use_only_what_the_emulator_understands(functions: Functions) -> None:
    used = {
        key
        for function in functions.values()
        for event in function.get("Events", {}).values()
        for each in event["Properties"].get("FilterCriteria", {}).get("Filters", [])
        for key in keys(json.loads(each["Pattern"]))
    }

    assert used.isdisjoint({"$or", "exists", "equals-ignore-case"})


def test_no_function_counts_on_partial_batch_answers(functions: Functions) -> None:
    """The emulator takes batchItemFailures for success and would lose the records: our functions raise instead."""
    for function in functions.values():
        for event in function.get("Events", {}).values():
            assert "FunctionResponseTypes" not in event["Properties"]


def test_every_alarm_watches_one_metric(resources: Resources) -> None:
    """An alarm on an expression makes the whole stack fail there."""
    for each in resources.values():
        if each["Type"] == "AWS::CloudWatch::Alarm":
            assert "Metrics" not in each["Properties"]
