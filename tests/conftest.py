"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

STACK = Path(__file__).resolve().parent / "e2e"
"""The tests of the running stack."""

# A loaded machine is no reason to fail; how long something takes is measured in benchmarks.
settings.register_profile("nightlatch", deadline=None)
settings.load_profile("nightlatch")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Take a worker for each processor, and one more for the stack: who has it waits for it nearly all the time."""
    asked_for = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    needs_stack = any(STACK.is_relative_to(path) or path.is_relative_to(STACK) for path in asked_for)
    return (os.cpu_count() or 1) + needs_stack


class StackOnOneWorker(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist ships no types
    """Deals the tests out one by one, but those of the running stack, which share it, to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return "the stack" if nodeid.startswith("tests/e2e/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> StackOnOneWorker:
    """Let pytest-xdist deal the tests out so."""
    return StackOnOneWorker(config, log)
