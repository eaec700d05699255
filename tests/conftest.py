"""What all tests share."""

import os

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# A loaded machine is no reason to fail; how long something takes is measured in benchmarks.
settings.register_profile("nightlatch", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=10_000, stateful_step_count=60)
settings.load_profile("nightlatch")


def pytest_xdist_auto_num_workers() -> int:
    """Take one worker more than there are processors: who has the stack waits for it nearly all the time."""
    return (os.cpu_count() or 1) + 1


class StackOnOneWorker(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist ships no types
    """Deals the tests out one by one, but those of the running stack, which share it, to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return "the stack" if nodeid.startswith("tests/e2e/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> StackOnOneWorker:
    """Let pytest-xdist deal the tests out so."""
    return StackOnOneWorker(config, log)
