"""Run every benchmark, print a table for each, and write all of it as JSON where that is asked for."""

import argparse
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from tests import benchmarks
from tests.benchmarks.row import NotMeasurableError, Row


def modules() -> Iterator[tuple[str, ModuleType]]:
    """Find the benchmarks, by name."""
    names = sorted(found.name for found in iter_modules(benchmarks.__path__) if not found.name.startswith("_"))
    for name in names:
        module = import_module(f"{benchmarks.__name__}.{name}")
        if hasattr(module, "rows"):
            yield name, module


def measured(module: ModuleType, *, rounds: int) -> list[Row] | str:
    """Run a benchmark; return its rows, or why there are none."""
    try:
        return list(module.rows(rounds=rounds))
    except NotMeasurableError as error:
        return f"not measured: {error}"


def table(rows: list[Row]) -> Iterator[str]:
    """Write a line for each row."""
    width = max(len(row.what) for row in rows)
    for row in rows:
        ratios = "  ".join(f"{ratio:6.2f} x {baseline}" for baseline, ratio in row.ratios.items())
        yield f"  {row.what:<{width}} {row.value:9.2f} {row.unit:<5} {ratios}"


def main() -> None:
    """Measure, print and write."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    options.add_argument("--only", action="append", metavar="NAME", help="run this benchmark (repeatable)")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    chosen = options.parse_args()
    results: dict[str, object] = {"python": platform.python_version(), "machine": platform.machine()}
    for name, module in modules():
        if chosen.only and name not in chosen.only:
            continue
        print(f"{name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        outcome = measured(module, rounds=chosen.rounds)
        print("\n".join([f"  {outcome}"] if isinstance(outcome, str) else table(outcome)), flush=True)
        results[name] = outcome if isinstance(outcome, str) else [asdict(row) for row in outcome]
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
