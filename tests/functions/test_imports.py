"""What a function does not import when it starts: each module costs every cold start."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

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


REPORT = """
from pydantic import BaseModel
kinds = [BaseModel]
for kind in kinds:
    kinds += kind.__subclasses__()
built = [kind.__name__ for kind in kinds if kind.__module__.startswith("nightlatch.") and kind.__pydantic_complete__]
print(json.dumps({"modules": modules, "collected": bool(collected), "collects_now": gc.isenabled(), "built": built}))
"""


@pytest.mark.parametrize("function", sorted(folder.parent.name for folder in FUNCTIONS.glob("*/app.py")))
def test_a_function_starts_without_what_its_calls_do_not_need(function: str, packages: Path) -> None:
    others = {module for module, functions in OWN.items() if function not in functions}

    start = started(function, packages)

    assert (NOT_IMPORTED[function] | others) & set(start["modules"]) == set()
    assert start["built"] == []  # a call builds the models that it needs
    assert (start["collected"], start["collects_now"]) == (False, True)  # garbage waits while it imports


def started(function: str, packages: Path) -> dict[str, Any]:
    """Import a function in an interpreter of its own, and report of it."""
    note = "lambda *_: collected or 'botocore' in sys.modules and collected.append(True)"
    watch = f"import gc, json, sys; collected = []; gc.callbacks.append({note})"
    paths = f"sys.path[:0] = {[str(FUNCTIONS / function), str(packages)]!r}"
    command = f"{watch}; {paths}; import app; modules = list(sys.modules); exec({REPORT!r})"
    environment = {**os.environ, "POWERTOOLS_SERVICE_NAME": "nightlatch"}
    answer = subprocess.run(
        [sys.executable, "-c", command], env=environment, check=True, capture_output=True, text=True
    )
    return dict(json.loads(answer.stdout))
