"""The time that a query's frame is relative to."""

import pytest

from nightlatch.bootstrap import clock
from nightlatch.entrypoints.api import frames
from tests.builders import NOON


def test_the_time_is_told_by_the_clock_that_is_there_when_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)

    assert frames.now() == NOON
