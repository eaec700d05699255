"""What the functions may do. Written rights are evaluated as IAM does: an explicit deny wins over any allow."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from nightlatch.adapters.dynamodb.keys import ALERT_RULES, ANOMALIES, LANES, MEMORIES, OUTBOX, PEOPLE, SESSIONS, TALLIES

Resources = dict[str, dict[str, Any]]
Statement = dict[str, Any]

FUNCTIONS = (
    "AccessFlows",
    "AccessRequests",
    "Anomalies",
    "AnomalyDetection",
    "Approvals",
    "Audit",
    "Configuration",
    "Console",
    "Destinations",
    "Expiry",
    "ExportJobs",
    "Exports",
    "Integrations",
    "Ledger",
    "Oversight",
    "Provisioning",
    "Ingestion",
    "Retention",
    "Settings",
    "Sealing",
    "Reports",
    "SignIns",
    "WebhookDelivery",
)

SCHEDULE_ROLES = {
    "AnomalyDetection": "AnomalyDetectionScheduleRole",
    "Expiry": "ScheduleRole",
    "Ledger": "LedgerScheduleRole",
    "Retention": "RetentionScheduleRole",
    "Sealing": "SealingScheduleRole",
    "WebhookDelivery": "WebhookDeliveryScheduleRole",
}
CONSOLE = {"Configuration", "Console", "Oversight"}
COUNTING = {
    "AccessFlows",
    "Anomalies",
    "AnomalyDetection",
    "Audit",
    "Destinations",
    "Exports",
    "Ingestion",
    "Integrations",
    "Ledger",
    "Retention",
    "Sealing",
    "Settings",
    "SignIns",
    "WebhookDelivery",
}
"""Functions that change an item of the State table in place only where something is counted."""

EXPIRY = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-expiry"

EXPORT_JOBS = EXPIRY.replace("-expiry", "-export-jobs")

DESTINATION_SECRETS = (
    "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/destinations/x"
)

DESTINATION_ROLES = "arn:${AWS::Partition}:iam::222222222222:role/"

WAYS_TO_CHANGE_THE_PAST = (
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "dynamodb:DeleteTable",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:PutResourcePolicy",
    "dynamodb:RestoreTableFromBackup",
    "dynamodb:RestoreTableToPointInTime",
)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def arns(resource: Any) -> Iterator[str]:
    """Write a statement's resources as text: `LedgerTable.Arn`, `LedgerTable.Arn/index/*`, `arn:${AWS::…`."""
    for each in as_list(resource):
        match each:
            case {"Fn::GetAtt": [logical_id, attribute]}:
                yield f"{logical_id}.{attribute}"
            case {"Fn::Sub": str(text)}:
                yield re.sub(r"\$\{(\w+\.\w+)\}", r"\1", text)
            case {"Fn::If": [_, one, other]}:
                yield from arns([one, other])
            case str():
                yield each
            case _:
                raise AssertionError(f"not understood: {each}")


def managed_policies(resources: Resources, role: str) -> Iterator[str]:
    for policy in resources[role]["Properties"].get("ManagedPolicyArns", []):
        match policy:
            case {"Ref": logical_id} | {"Fn::If": [_, {"Ref": logical_id}, {"Ref": "AWS::NoValue"}]}:
                yield logical_id
            case _:
                raise AssertionError(f"{role} has a policy that is not written in this template: {policy}")


def own_statements(resources: Resources, role: str) -> Iterator[Statement]:
    for policy in resources[role]["Properties"].get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def statements(resources: Resources, role: str) -> Iterator[Statement]:
    for policy in managed_policies(resources, role):
        yield from resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    yield from own_statements(resources, role)


def says(effect: str, action: str, on: str, *, by: Iterator[Statement]) -> bool:
    """Whether some statement has this effect on an action and a resource, whatever its conditions."""
    return any(
        statement["Effect"] == effect
        and any(fnmatchcase(action, pattern) for pattern in as_list(statement["Action"]))
        and any(fnmatchcase(on, pattern) for pattern in arns(statement["Resource"]))
        for statement in by
    )


def test_every_function_is_examined_here(resources: Resources) -> None:
    roles = {
        logical_id.removesuffix("Role")
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Role" and not logical_id.endswith("ScheduleRole")
    }

    assert roles == set(FUNCTIONS)


@pytest.mark.parametrize("action", WAYS_TO_CHANGE_THE_PAST)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_can_change_what_the_ledger_holds(resources: Resources, function: str, action: str) -> None:
    assert says("Deny", action, "LedgerTable.Arn", by=statements(resources, f"{function}Role"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_retention_may_change_anything_of_an_entry(resources: Resources, function: str) -> None:
    """I1: and no role has both policies, or none."""
    policies = set(managed_policies(resources, f"{function}Role"))

    expected = "OnlyTimesMove" if function == "Retention" else "LedgerIsAppendOnly"
    assert policies & {"OnlyTimesMove", "LedgerIsAppendOnly"} == {expected}


def test_retention_may_change_the_time_of_an_entry_and_nothing_else(resources: Resources) -> None:
    """I1: allowed only for these attributes, and denied for any other."""
    times = {"dynamodb:Attributes": ["pk", "sk", "expires_at"]}
    conditions = {
        each["Effect"]: each["Condition"]
        for each in statements(resources, "RetentionRole")
        if each["Action"] == "dynamodb:UpdateItem" and "LedgerTable.Arn" in arns(each["Resource"])
    }

    assert conditions == {
        "Allow": {
            "ForAllValues:StringEquals": times,
            "StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"},
        },
        "Deny": {"ForAnyValue:StringNotEquals": times},
    }


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name != "Ledger"])
def test_no_function_but_the_sequencer_can_write_to_the_ledger(resources: Resources, function: str) -> None:
    assert says("Deny", "dynamodb:PutItem", "LedgerTable.Arn", by=statements(resources, f"{function}Role"))


def test_the_sequencer_can_append_to_the_ledger(resources: Resources) -> None:
    assert says("Allow", "dynamodb:PutItem", "LedgerTable.Arn", by=statements(resources, "LedgerRole"))
    assert not says("Deny", "dynamodb:PutItem", "LedgerTable.Arn", by=statements(resources, "LedgerRole"))


def test_the_denials_know_no_exception(resources: Resources) -> None:
    for policy in ("LedgerIsAppendOnly", "OnlyTheSequencerAppends"):
        for statement in resources[policy]["Properties"]["PolicyDocument"]["Statement"]:
            assert set(statement) == {"Effect", "Action", "Resource"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_rights_are_given_action_by_action_and_resource_by_resource(resources: Resources, function: str) -> None:
    for statement in own_statements(resources, f"{function}Role"):
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in as_list(statement["Action"])), statement
        assert "*" not in set(arns(statement["Resource"])), statement


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_writes_only_its_own_log(resources: Resources, function: str) -> None:
    logs = {
        arn
        for statement in own_statements(resources, f"{function}Role")
        if any(action.startswith("logs:") for action in as_list(statement["Action"]))
        for arn in arns(statement["Resource"])
    }

    assert logs == {f"{function}Logs.Arn"}


@pytest.mark.parametrize(
    ("action", "resource", "functions"),
    [
        ("dynamodb:Scan", "StateTable.Arn", set()),
        (
            "dynamodb:UpdateItem",
            "StateTable.Arn",
            {"AccessRequests", "Approvals", *CONSOLE, "Expiry", "Provisioning", *COUNTING},
        ),
        ("dynamodb:DeleteItem", "StateTable.Arn", {"Anomalies", *CONSOLE, "Destinations", "Ledger"}),
        ("dynamodb:BatchWriteItem", "StateTable.Arn", {"Configuration", "Integrations", "Ledger"}),
        ("dynamodb:ConditionCheckItem", "StateTable.Arn", {"AccessRequests", *CONSOLE, "Expiry", "Provisioning"}),
        (
            "dynamodb:Query",
            "StateTable.Arn/index/due",
            {"AccessRequests", "Approvals", "Console", "Expiry", "Oversight"},
        ),
        ("dynamodb:Query", "StateTable.Arn/index/by_standing", {"AccessRequests", "Console", "Oversight"}),
        ("dynamodb:Query", "StateTable.Arn/index/by_integration", {"AccessRequests", "Oversight"}),
        ("dynamodb:Query", "StateTable.Arn/index/by_month", {"AccessRequests", "Anomalies", "Console", "Oversight"}),
        ("dynamodb:Query", "StateTable.Arn/index/by_flow", {"AccessRequests", "Oversight"}),
        ("dynamodb:UpdateItem", "LedgerTable.Arn", {"Retention"}),
        ("lambda:InvokeFunction", EXPIRY, {"Expiry"}),
        ("lambda:InvokeFunction", EXPORT_JOBS, {"ExportJobs"}),
        ("lambda:InvokeFunction", "ExportJobsFunction.Arn", {"Exports", "Oversight"}),
        ("lambda:InvokeFunction", "AnomalyDetectionFunction.Arn", {"Anomalies", "Configuration"}),
        ("lambda:InvokeFunction", "ReportsFunction.Arn", {"ExportJobs"}),
        (
            "dynamodb:GetItem",
            "LedgerTable.Arn",
            {
                "Anomalies",
                "AnomalyDetection",
                "Audit",
                "Configuration",
                "Destinations",
                "ExportJobs",
                "Exports",
                "Oversight",
                "Sealing",
                "WebhookDelivery",
            },
        ),
        (
            "dynamodb:Query",
            "LedgerTable.Arn",
            {
                "AccessRequests",
                "Anomalies",
                "AnomalyDetection",
                "Audit",
                *CONSOLE,
                "Destinations",
                "ExportJobs",
                "Exports",
                "Retention",
                "Sealing",
                "WebhookDelivery",
            },
        ),
        ("s3:GetObject", "ExportsBucket.Arn/*", {"ExportJobs", "Exports", "Oversight"}),
        ("s3:PutObject", "ExportsBucket.Arn/*", {"ExportJobs"}),
        ("s3:GetObject", "ExportsBucket.Arn/a/b.pdf.records.json", {"ExportJobs", "Exports", "Oversight", "Reports"}),
        ("s3:GetObject", "ExportsBucket.Arn/a/b.pdf", {"ExportJobs", "Exports", "Oversight"}),
        ("s3:PutObject", "ExportsBucket.Arn/a/b.pdf", {"ExportJobs", "Reports"}),
        ("s3:PutObject", "ExportsBucket.Arn/a/b.pdf.records.json", {"ExportJobs"}),
        ("s3:DeleteObject", "ExportsBucket.Arn/*", set()),
        ("kms:Encrypt", "CredentialsKey.Arn", {"Provisioning", "Expiry"}),
        ("kms:Decrypt", "CredentialsKey.Arn", {"AccessRequests", "Console"}),
        ("kms:Sign", "SealKey.Arn", {"Sealing"}),
        ("kms:Verify", "SealKey.Arn", {"Oversight", "Sealing"}),
        ("kms:GetPublicKey", "SealKey.Arn", {"Audit", "Oversight"}),
        ("s3:PutObject", "EvidenceBucket.Arn/seals/*", {"Sealing"}),
        ("s3:PutObject", "EvidenceBucket.Arn/archive/*", {"Sealing"}),
        ("s3:GetObject", "EvidenceBucket.Arn/archive/*", {"Sealing"}),
        ("s3:GetObject", "EvidenceBucket.Arn/seals/*", {"Audit", "Oversight", "Sealing"}),
        ("s3:PutObject", "EvidenceBucket.Arn/bodies/*", {"Ingestion"}),
        ("s3:GetObject", "EvidenceBucket.Arn/bodies/*", {"Audit", "Oversight", "Sealing"}),
        ("iam:PassRole", "ScheduleRole.Arn", {"Provisioning", "Expiry"}),
        (
            "secretsmanager:GetSecretValue",
            "CursorSecret.Id",
            {"AccessRequests", "Anomalies", "Approvals", "Audit", "Destinations"},
        ),
        ("sqs:SendMessage", "Deliveries.Arn", {"Configuration", "Destinations", "WebhookDelivery"}),
        ("sqs:ReceiveMessage", "Deliveries.Arn", {"WebhookDelivery"}),
        ("secretsmanager:GetSecretValue", DESTINATION_SECRETS, {"Configuration", "Destinations", "WebhookDelivery"}),
        ("secretsmanager:PutSecretValue", DESTINATION_SECRETS, {"Configuration", "Destinations"}),
        (
            "sts:AssumeRole",
            DESTINATION_ROLES + "nightlatch-destination-siem",
            {"Configuration", "Destinations", "WebhookDelivery"},
        ),
        ("sts:AssumeRole", DESTINATION_ROLES + "admin", set()),
    ],
)
def test_only_these_functions_may(resources: Resources, action: str, resource: str, functions: set[str]) -> None:
    may = {name for name in FUNCTIONS if says("Allow", action, resource, by=statements(resources, f"{name}Role"))}

    assert may == functions


@pytest.mark.parametrize(
    ("action", "functions"),
    [
        ("secretsmanager:CreateSecret", {"Configuration", "Destinations", "Integrations"}),
        ("secretsmanager:DeleteSecret", set()),
        ("scheduler:CreateSchedule", {"Provisioning", "Expiry"}),
        ("s3:DeleteObject", set()),
        ("s3:DeleteObjectVersion", set()),
        ("s3:PutObjectRetention", set()),
        ("s3:BypassGovernanceRetention", set()),
        ("kms:ScheduleKeyDeletion", set()),
    ],
)
def test_only_these_functions_hold(resources: Resources, action: str, functions: set[str]) -> None:
    hold = {
        name
        for name in FUNCTIONS
        for statement in own_statements(resources, f"{name}Role")
        if action in as_list(statement["Action"])
    }

    assert hold == functions


def test_session_passwords_are_only_handled_under_the_name_of_their_request(resources: Resources) -> None:
    bound = {"Null": {"kms:EncryptionContext:request_id": "false"}}
    for name in ("AccessRequests", "Provisioning", "Expiry"):
        conditions = [
            statement["Condition"]
            for statement in own_statements(resources, f"{name}Role")
            if str(statement["Action"]).startswith("kms:")
        ]
        assert conditions == [{"Fn::If": ["IsAws", bound, {"Ref": "AWS::NoValue"}]}]


@pytest.mark.parametrize("function", sorted(COUNTING))
def test_a_function_that_only_counts_can_change_nothing_else_in_place(resources: Resources, function: str) -> None:
    [updating] = [
        each
        for each in own_statements(resources, f"{function}Role")
        if "dynamodb:UpdateItem" in as_list(each["Action"]) and "StateTable.Arn" in arns(each["Resource"])
    ]

    only_tallies = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [TALLIES]}}
    assert as_list(updating["Action"]) == ["dynamodb:UpdateItem"]
    assert updating["Condition"] == {"Fn::If": ["IsAws", only_tallies, {"Ref": "AWS::NoValue"}]}


def test_of_what_is_found_only_alert_rules_can_be_taken_away(resources: Resources) -> None:
    [removing] = [
        each for each in own_statements(resources, "AnomaliesRole") if "dynamodb:DeleteItem" in as_list(each["Action"])
    ]

    only_rules = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [ALERT_RULES]}}
    assert removing["Condition"] == {"Fn::If": ["IsAws", only_rules, {"Ref": "AWS::NoValue"}]}


def test_the_reading_of_the_trail_writes_nothing_but_people_and_events(resources: Resources) -> None:
    [putting] = [
        each for each in own_statements(resources, "AuditRole") if "dynamodb:PutItem" in as_list(each["Action"])
    ]

    only_these = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [PEOPLE, OUTBOX]}}
    assert putting["Condition"] == {"Fn::If": ["IsAws", only_these, {"Ref": "AWS::NoValue"}]}


def test_detection_writes_nothing_but_lanes_memories_anomalies_and_events(resources: Resources) -> None:
    [putting] = [
        each
        for each in own_statements(resources, "AnomalyDetectionRole")
        if "dynamodb:PutItem" in as_list(each["Action"])
    ]

    only_these = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [LANES, f"{MEMORIES}*", f"{ANOMALIES}*", OUTBOX, TALLIES]}
    }
    assert putting["Condition"] == {"Fn::If": ["IsAws", only_these, {"Ref": "AWS::NoValue"}]}


@pytest.mark.parametrize(
    ("action", "keys"), [("dynamodb:DeleteItem", [OUTBOX, TALLIES]), ("dynamodb:BatchWriteItem", [OUTBOX])]
)
def test_the_sequencer_takes_nothing_away_but_what_was_told(resources: Resources, action: str, keys: list[str]) -> None:
    [removing] = [each for each in own_statements(resources, "LedgerRole") if action in as_list(each["Action"])]

    only_these = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": keys}}
    assert as_list(removing["Action"]) == [action]
    assert removing["Condition"] == {"Fn::If": ["IsAws", only_these, {"Ref": "AWS::NoValue"}]}


@pytest.mark.parametrize("function", sorted(CONSOLE - {"Configuration"}))
def test_the_console_removes_nothing_but_sessions(resources: Resources, function: str) -> None:
    statements_of_it = own_statements(resources, f"{function}Role")
    [removing] = [each for each in statements_of_it if each["Action"] == "dynamodb:DeleteItem"]

    only_sessions = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{SESSIONS}*"]}}
    assert removing["Condition"] == {"Fn::If": ["IsAws", only_sessions, {"Ref": "AWS::NoValue"}]}


def test_a_role_can_be_passed_to_the_scheduler_only(resources: Resources) -> None:
    for name in ("Provisioning", "Expiry"):
        passing = [each for each in own_statements(resources, f"{name}Role") if each["Action"] == "iam:PassRole"]
        assert [each["Condition"] for each in passing] == [
            {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        ]


@pytest.mark.parametrize("function", SCHEDULE_ROLES)
def test_a_schedule_can_wake_its_one_function(resources: Resources, function: str) -> None:
    role = SCHEDULE_ROLES[function]
    invoking = [each for each in own_statements(resources, role) if each["Action"] == "lambda:InvokeFunction"]

    [arn] = arns(invoking[0]["Resource"])

    assert len(invoking) == 1
    assert arn.endswith(f":function:${{AWS::StackName}}-{function.lower()}") or arn == f"{function}Function.Arn"


def test_schedules_of_other_groups_and_accounts_cannot_use_our_roles(resources: Resources) -> None:
    for role in SCHEDULE_ROLES.values():
        [trust] = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"]["StringEquals"] == {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"},
            "aws:SourceArn": {"Fn::GetAtt": ["ScheduleGroup", "Arn"]},
        }


def test_evidence_is_locked_kept_private_and_written_by_two_functions_alone(resources: Resources) -> None:
    bucket = resources["EvidenceBucket"]
    properties = bucket["Properties"]
    retention = properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    policy = {
        each["Sid"]: each for each in resources["EvidenceBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    }

    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties["ObjectLockEnabled"] is True
    assert retention == {"Mode": {"Ref": "EvidenceLockMode"}, "Days": {"Ref": "EvidenceDays"}}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert {each["Effect"] for each in policy.values()} == {"Deny"}
    assert writers(policy["NobodyButTheseWrites"]) == {"EvidenceBucket.Arn/*": ["SealingRole.Arn", "IngestionRole.Arn"]}
    assert writers(policy["NobodyButSealingWritesTheTrail"]) == {
        "EvidenceBucket.Arn/archive/*": ["SealingRole.Arn"],
        "EvidenceBucket.Arn/seals/*": ["SealingRole.Arn"],
    }
    assert writers(policy["NobodyButIngestionWritesBodies"]) == {"EvidenceBucket.Arn/bodies/*": ["IngestionRole.Arn"]}
    assert policy["NothingIsWrittenOver"]["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    assert policy["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def writers(denial: Statement) -> dict[str, list[str]]:
    """Say to whom alone a denial leaves each of its resources."""
    assert (denial["Action"], denial["Principal"]) == ("s3:PutObject", "*")
    excepted = list(arns(denial["Condition"]["StringNotEquals"]["aws:PrincipalArn"]))
    return dict.fromkeys(arns(denial["Resource"]), excepted)


def test_the_seal_key_outlives_the_stack_and_only_signs(resources: Resources) -> None:
    key = resources["SealKey"]

    assert key["DeletionPolicy"] == "Retain"
    assert (key["Properties"]["KeySpec"], key["Properties"]["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
