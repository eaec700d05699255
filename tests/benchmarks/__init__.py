"""Benchmarks: ratios against a baseline measured in the same run. They are run by hand, never by the test run.

    uv run --group bench python -m tests.benchmarks [--only cold_start] [--rounds 9] [--json results.json]

Each module here that offers `rows(*, rounds: int) -> Iterable[Row]` (see `row`) is one benchmark.
"""
