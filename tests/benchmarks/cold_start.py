"""How long importing each function takes, against making a bare boto3 DynamoDB client and against an empty handler.

    uv run python -m tests.benchmarks.cold_start [--rounds 9] [--json]

Each import is a process of its own, with bytecode at hand; the candidates take turns and the median counts. This is the
import alone: what the Lambda runtime and its network add is not in it.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
BASELINE = "bare boto3 client"
EMPTY = "empty handler"

TIMED = """
import sys, time
started_at = time.perf_counter()
{statement}
print((time.perf_counter() - started_at) * 1000)
"""

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "POWERTOOLS_SERVICE_NAME": "benchmark",
}


def candidates() -> dict[str, str]:
    """Name what is measured, and the statement that does it."""
    functions = sorted(folder.parent for folder in (ROOT / "functions").glob("*/app.py"))
    return {
        BASELINE: "import boto3; boto3.client('dynamodb')",
        EMPTY: "handler = lambda event, context: None",
        **{folder.name: f"sys.path.insert(0, {str(folder)!r}); import app" for folder in functions},
    }


def milliseconds(statement: str) -> float:
    """Measure a statement in a new interpreter."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", TIMED.format(statement=statement)]
    answer = subprocess.run(command, env={**kept, **ENVIRONMENT}, capture_output=True, text=True, check=True)
    return float(answer.stdout)


def measure(statements: Mapping[str, str], *, rounds: int) -> dict[str, float]:
    """Measure in turn, so that a busy moment of the machine hits all alike; the first round only writes bytecode."""
    taken: dict[str, list[float]] = {name: [] for name in statements}
    for number in range(rounds + 1):
        for name, statement in statements.items():
            spent = milliseconds(statement)
            if number:
                taken[name].append(spent)
    return {name: median(times) for name, times in taken.items()}


def table(medians: Mapping[str, float]) -> Iterable[str]:
    """Write a line for each candidate."""
    yield f"{'import':<20} {'ms':>7} {'x boto3 client':>15}"
    for name, spent in medians.items():
        yield f"{name:<20} {spent:7.1f} {spent / medians[BASELINE]:15.2f}"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    medians = measure(candidates(), rounds=chosen.rounds)
    if chosen.json:
        print(json.dumps({"milliseconds": medians, "baseline": BASELINE}, indent=2))
    else:
        print("\n".join(table(medians)))


if __name__ == "__main__":
    main()
