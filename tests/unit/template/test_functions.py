"""Every function folder is deployed, under its own name and role, with settings that somebody reads."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nightlatch.bootstrap.settings import console_settings, settings

FUNCTIONS = (
    "access_flows",
    "access_requests",
    "anomalies",
    "anomaly_detection",
    "approvals",
    "audit",
    "configuration",
    "console",
    "destinations",
    "expiry",
    "export_jobs",
    "exports",
    "ingestion",
    "integrations",
    "ledger",
    "oversight",
    "provisioning",
    "reports",
    "retention",
    "sealing",
    "settings",
    "sign_ins",
    "webhook_delivery",
)

SETTINGS = {
    "NIGHTLATCH_ADMIN_GROUPS",
    "NIGHTLATCH_AUDITOR_GROUPS",
    "NIGHTLATCH_ANOMALY_DETECTION_FUNCTION",
    "NIGHTLATCH_CODE",
    "NIGHTLATCH_CREDENTIALS_KEY",
    "NIGHTLATCH_CURSOR_SECRET",
    "NIGHTLATCH_DELIVERY_QUEUE",
    "NIGHTLATCH_DESTINATION_SECRET_PREFIX",
    "NIGHTLATCH_EGRESS_EXCEPTIONS",
    "NIGHTLATCH_API_URL",
    "NIGHTLATCH_EVIDENCE_BUCKET",
    "NIGHTLATCH_EXPIRY_FUNCTION",
    "NIGHTLATCH_EXPORTS_BUCKET",
    "NIGHTLATCH_EXPORT_JOBS_FUNCTION",
    "NIGHTLATCH_GROUPS_CLAIM",
    "NIGHTLATCH_LEDGER_TABLE",
    "NIGHTLATCH_REPORTS_FUNCTION",
    "NIGHTLATCH_RETENTION_DAYS",
    "NIGHTLATCH_SCHEDULE_GROUP",
    "NIGHTLATCH_SCHEDULE_ROLE",
    "NIGHTLATCH_SEAL_KEY",
    "NIGHTLATCH_SECRET_PREFIX",
    "NIGHTLATCH_STATE_TABLE",
    "NIGHTLATCH_OPEN_REQUESTS",
    "NIGHTLATCH_TIME_ZONE",
}
OF_THE_CONSOLE = {
    "NIGHTLATCH_CONSOLE_CLIENT",
    "NIGHTLATCH_CONSOLE_SCOPES",
    "NIGHTLATCH_ISSUER",
    "NIGHTLATCH_SIGN_IN_PAGE",
}
LIBRARIES = {"POWERTOOLS_LOG_LEVEL", "POWERTOOLS_SERVICE_NAME", "PYDANTIC_DISABLE_PLUGINS"}

Functions = dict[str, dict[str, Any]]
Resources = dict[str, dict[str, Any]]


def test_every_function_is_known_here(functions: Functions) -> None:
    assert sorted(functions) == list(FUNCTIONS)


def test_every_function_folder_is_in_the_template(functions: Functions, root: Path) -> None:
    folders = {app.parent.name for app in (root / "functions").glob("*/app.py")}

    assert folders == set(functions)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_named_after_its_folder(functions: Functions, name: str) -> None:
    function = functions[name]

    assert function["FunctionName"] == {"Fn::Sub": "${AWS::StackName}-" + name.replace("_", "-")}
    assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == name
    assert function["CodeUri"] == f"functions/{name}/"


def test_every_function_has_a_role_and_a_log_group_of_its_own(functions: Functions, resources: Resources) -> None:
    roles = Counter(function["Role"]["Fn::GetAtt"][0] for function in functions.values())
    log_groups = Counter(function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions.values())

    assert {*roles.values(), *log_groups.values()} == {1}
    assert all(resources[role]["Type"] == "AWS::IAM::Role" for role in roles)
    assert all(resources[group]["Properties"]["RetentionInDays"] for group in log_groups)


def test_the_log_group_is_the_one_that_lambda_would_use(functions: Functions, resources: Resources) -> None:
    for function in functions.values():
        group = resources[function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]["LogGroupName"]
        assert group == {"Fn::Sub": "/aws/lambda/" + function["FunctionName"]["Fn::Sub"]}


def test_functions_are_given_the_known_settings_and_no_others(template: dict[str, Any], functions: Functions) -> None:
    shared = set(template["Globals"]["Function"]["Environment"]["Variables"])

    assert shared | {"POWERTOOLS_SERVICE_NAME"} == SETTINGS | LIBRARIES
    more = {name: set(function["Environment"]["Variables"]) - LIBRARIES for name, function in functions.items()}
    assert {name: own for name, own in more.items() if own} == {"console": OF_THE_CONSOLE}


def test_the_expiry_function_is_told_its_own_name(template: dict[str, Any], functions: Functions) -> None:
    arn = template["Globals"]["Function"]["Environment"]["Variables"]["NIGHTLATCH_EXPIRY_FUNCTION"]

    assert arn["Fn::Sub"].endswith(":function:" + functions["expiry"]["FunctionName"]["Fn::Sub"])


def test_functions_are_not_built_but_copied(resources: Resources) -> None:
    """Packages are in the layers; building each function would install them again."""
    for resource in resources.values():
        if resource["Type"] == "AWS::Serverless::Function":
            assert resource["Metadata"] == {"SkipBuild": True}


def test_only_the_function_that_makes_pdfs_has_the_typesetter(functions: Functions) -> None:
    assert {name: function["Layers"] for name, function in functions.items() if "Layers" in function} == {
        "reports": [{"Ref": "TypesettingLayer"}]
    }


def test_only_functions_that_call_others_can_be_put_into_a_vpc(functions: Functions) -> None:
    assert {name for name, function in functions.items() if "VpcConfig" in function} == {
        "configuration",
        "destinations",
        "expiry",
        "integrations",
        "provisioning",
        "webhook_delivery",
    }


def test_the_known_settings_are_enough_for_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.setenv(name, "90")

    assert settings.__wrapped__().retention == timedelta(days=90)


def test_the_console_is_given_what_it_reads_and_nothing_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OF_THE_CONSOLE:
        monkeypatch.setenv(name, "x")
    assert console_settings.__wrapped__().issuer == "x"
    for name in OF_THE_CONSOLE:
        with monkeypatch.context() as without:
            without.delenv(name)
            with pytest.raises(KeyError, match=name):
                console_settings.__wrapped__()


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_no_setting_is_given_in_vain(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in SETTINGS - {name}:
        monkeypatch.setenv(each, "90")
    monkeypatch.delenv(name, raising=False)

    with pytest.raises(KeyError, match=name):
        settings.__wrapped__()
