"""What a function does not import when it starts: each module costs every cold start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import aws_lambda_powertools
import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"

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
TYPESETTING = {"fontTools", "nightlatch.adapters.pdf", "typst"}
"""In a layer that only the function reports has."""

PAGES = {"jinja2", "nightlatch.entrypoints.console"}
"""Only the console shows pages."""

OTHER_EVENTS = {
    "asyncio",
    "aws_lambda_powertools.event_handler.appsync",
    "aws_lambda_powertools.event_handler.bedrock_agent",
    "aws_lambda_powertools.event_handler.http_resolver",
    "aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event",
    "aws_lambda_powertools.utilities.data_classes.kinesis_firehose_event",
}
"""What Powertools handles besides an HTTP API; the layer's build has it wait until somebody asks for it."""

NEVER = PAGES | LAPTOP | SECOND_CLIENT | DRIVERS | POWERTOOLS | TYPESETTING | OTHER_EVENTS

HTTP = {"aws_lambda_powertools.event_handler", "itsdangerous", "nightlatch.entrypoints.api"}

ASKING = {"nightlatch.services.asking", "nightlatch.domain.flow_choice", "nightlatch.domain.flow_advice"}
TARGETS = {"nightlatch.adapters.connectors", "nightlatch.adapters.kms"}
CURSORS = {"itsdangerous", "nightlatch.adapters.secrets"}
LEDGER = {"nightlatch.adapters.dynamodb.ledger"}
WORK = {"nightlatch.services.provisioning", "nightlatch.adapters.scheduler", "nightlatch.adapters.lambda_fan_out"}

OWN = {
    "nightlatch.domain.detection_lane": {"anomalies", "anomaly_detection", "configuration"},
    "nightlatch.domain.detectors": {"anomalies", "anomaly_detection", "configuration", "console", "settings"},
    "nightlatch.domain.detectors.asked": {"anomaly_detection"},
    "nightlatch.domain.seal": {"audit", "configuration", "ingestion", "oversight", "sealing"},
    "nightlatch.domain.export": {
        "configuration",
        "destinations",
        "export_jobs",
        "exports",
        "oversight",
        "reports",
        "webhook_delivery",
    },
    "nightlatch.domain.deployment": {"anomaly_detection", "expiry", "ledger"},
    "nightlatch.domain.delivery": {"configuration", "destinations", "webhook_delivery"},
    "nightlatch.adapters.destinations": {"configuration", "destinations", "webhook_delivery"},
}
"""What only these functions import."""

NOT_IMPORTED = {
    "access_flows": NEVER | ASKING | TARGETS | CURSORS | LEDGER | WORK,
    "access_requests": NEVER | WORK,
    "anomalies": NEVER | ASKING | TARGETS | WORK,
    "anomaly_detection": NEVER | HTTP | ASKING | TARGETS | CURSORS | WORK,
    "approvals": NEVER | ASKING | TARGETS | LEDGER | WORK,
    "audit": NEVER | ASKING | TARGETS | WORK,
    "configuration": (NEVER - PAGES) | (HTTP - {"nightlatch.entrypoints.api"}) | WORK,
    "console": (NEVER - PAGES) | (HTTP - {"nightlatch.entrypoints.api"}) | WORK,
    "destinations": NEVER | ASKING | WORK,
    "expiry": NEVER | HTTP | ASKING | LEDGER,
    "export_jobs": NEVER | HTTP | ASKING | TARGETS | CURSORS | WORK,
    "exports": NEVER | ASKING | TARGETS | WORK,
    "ingestion": NEVER | ASKING | TARGETS | CURSORS | LEDGER | WORK,
    "integrations": NEVER | ASKING | LEDGER | WORK | {"itsdangerous"},
    "oversight": (NEVER - PAGES) | (HTTP - {"nightlatch.entrypoints.api"}) | WORK,
    "ledger": NEVER | HTTP | ASKING | TARGETS | CURSORS | WORK,
    "provisioning": NEVER | HTTP | ASKING | LEDGER,
    "reports": (NEVER - TYPESETTING) | HTTP | ASKING | TARGETS | CURSORS | WORK,
    "retention": NEVER | HTTP | ASKING | TARGETS | CURSORS | LEDGER | WORK,
    "sealing": NEVER | HTTP | ASKING | TARGETS | CURSORS | WORK,
    "settings": NEVER | ASKING | TARGETS | CURSORS | LEDGER | WORK,
    "sign_ins": NEVER | HTTP | ASKING | TARGETS | CURSORS | LEDGER | WORK,
    "webhook_delivery": NEVER | HTTP | ASKING | TARGETS | WORK,
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rewrite Powertools as the layer's build does."""
    layer = tmp_path_factory.mktemp("layer")
    shutil.copytree(Path(aws_lambda_powertools.__file__).parent, layer / "python" / "aws_lambda_powertools")
    make = ["make", "--silent", "--directory", str(ROOT / "layers" / "dependencies")]
    subprocess.run([*make, "defer-reexports", f"ARTIFACTS_DIR={layer}"], check=True)
    return layer / "python"


@pytest.mark.parametrize("function", sorted(folder.parent.name for folder in FUNCTIONS.glob("*/app.py")))
def test_a_function_starts_without_what_its_calls_do_not_need(function: str, packages: Path) -> None:
    others = {module for module, functions in OWN.items() if function not in functions}

    assert (NOT_IMPORTED[function] | others) & imported(function, packages) == set()


@pytest.mark.parametrize("function", sorted(NOT_IMPORTED))
def test_the_garbage_collector_waits_while_a_function_imports_and_runs_later(function: str) -> None:
    note = "lambda *_: 'botocore' in sys.modules and begun.append('begun')"
    before = f"import gc, sys; begun = []; gc.callbacks.append({note})"

    assert started(function, "print(gc.isenabled(), *begun)", before=before) == ["True"]


BUILT = """
from pydantic import BaseModel
kinds = [BaseModel]
for kind in kinds:
    kinds += kind.__subclasses__()
print(*{kind.__name__ for kind in kinds if kind.__module__.startswith("nightlatch.") and kind.__pydantic_complete__})
"""


@pytest.mark.parametrize("function", sorted(NOT_IMPORTED))
def test_no_model_is_built_before_a_call_needs_it(function: str) -> None:
    assert started(function, f"exec({BUILT!r})") == []


def imported(function: str, packages: Path) -> set[str]:
    before = f"import sys; sys.path.insert(0, {str(packages)!r})"
    return set(started(function, "print(*sys.modules)", before=before))


def started(function: str, then: str, *, before: str = "pass") -> list[str]:
    """Import a function in an interpreter of its own, and say what the statement prints."""
    command = f"{before}; import sys; sys.path.insert(0, {str(FUNCTIONS / function)!r}); import app; {then}"
    environment = {**os.environ, "POWERTOOLS_SERVICE_NAME": "nightlatch"}
    answer = subprocess.run(
        [sys.executable, "-c", command], env=environment, check=True, capture_output=True, text=True
    )
    return answer.stdout.split()
