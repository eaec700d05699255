"""How long importing each function takes, against importing boto3 and making a bare DynamoDB client.

Each import is a process of its own, from the layers as they are deployed, with bytecode at hand. Processor time is
counted: an import is little else, and other work on the machine does not change it. This is the import alone: what the
Lambda runtime and the first call add is in `cold_start_in_runtime`.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tests.benchmarks.layers import ROOT, python_path
from tests.benchmarks.row import Row, compared, in_turn

BASELINE = "bare boto3 client"

TIMED = """
import sys, time
started_at = time.process_time()
{statement}
print((time.process_time() - started_at) * 1000)
"""

ENVIRONMENT = {
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "POWERTOOLS_SERVICE_NAME": "benchmark",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",  # as the template has it
}


def rows(*, rounds: int) -> Iterable[Row]:
    """Measure every function."""
    measures = {name: partial(milliseconds, statement) for name, statement in candidates().items()}
    return compared(in_turn(measures, rounds=rounds), unit="ms", baselines=(BASELINE,))


def candidates() -> dict[str, str]:
    """Name what is measured, and the statement that does it."""
    imports = {folder.name: f"sys.path[:0] = {[str(folder), python_path()]}; import app" for folder in functions()}
    return {BASELINE: "import boto3; boto3.client('dynamodb')", **imports}


def functions() -> list[Path]:
    """List the folders of the functions."""
    return sorted(module.parent for module in (ROOT / "functions").glob("*/app.py"))


def environment() -> dict[str, str]:
    """Make the environment of a function, in which Python writes its bytecode."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **ENVIRONMENT}


def milliseconds(statement: str) -> float:
    """Measure a statement in a new interpreter."""
    command = [sys.executable, "-c", TIMED.format(statement=statement)]
    answer = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    return float(answer.stdout)
