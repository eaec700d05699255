"""What a function does not import when it starts: each module costs every cold start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"

LAPTOP = {
    "cryptography",
    "httpx",
    "nightlatch.entrypoints.cli",
    "nightlatch.entrypoints.local",
    "rich",
    "typer",
    "yaml",
}
SECOND_CLIENT = {"boto3", "s3transfer"}
DRIVERS = {"asn1crypto", "nightlatch.adapters.connectors.postgresql", "pg8000", "scramp"}
"""Met with the first integration of their kind."""

POWERTOOLS = {
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.validation",
    "aws_xray_sdk",
}
NEVER = LAPTOP | SECOND_CLIENT | DRIVERS | POWERTOOLS

HTTP = {"asyncio", "aws_lambda_powertools.event_handler", "itsdangerous", "nightlatch.entrypoints.api"}
AWS = {"aws_lambda_powertools", "botocore", "nightlatch", "pydantic", "pynamodb", "urllib3"}

NOT_IMPORTED = {
    "access_flows": NEVER | {"itsdangerous"},
    "access_requests": NEVER,
    "approvals": NEVER,
    "audit": NEVER,
    "expiry": NEVER | HTTP,
    "integrations": NEVER | {"itsdangerous"},
    "ledger": NEVER | HTTP,
    "provisioning": NEVER | HTTP,
    "sealing": NEVER | HTTP,
    "token_claims": NEVER | HTTP | AWS,
}


@pytest.mark.parametrize("function", sorted(folder.parent.name for folder in FUNCTIONS.glob("*/app.py")))
def test_a_function_starts_without_what_its_calls_do_not_need(function: str) -> None:
    assert NOT_IMPORTED[function] & imported(function) == set()


@pytest.mark.parametrize("function", sorted(NOT_IMPORTED.keys() - {"token_claims"}))
def test_the_garbage_collector_runs_again_when_a_function_has_started(function: str) -> None:
    assert started(function, "import gc; print(gc.isenabled())") == ["True"]


def imported(function: str) -> set[str]:
    return set(started(function, "print(*sys.modules)"))


def started(function: str, then: str) -> list[str]:
    """Import a function in an interpreter of its own, and say what the statement prints."""
    command = f"import sys; sys.path.insert(0, {str(FUNCTIONS / function)!r}); import app; {then}"
    environment = {**os.environ, "POWERTOOLS_SERVICE_NAME": "nightlatch"}
    answer = subprocess.run(
        [sys.executable, "-c", command], env=environment, check=True, capture_output=True, text=True
    )
    return answer.stdout.split()
