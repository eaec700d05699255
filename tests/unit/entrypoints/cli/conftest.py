"""A terminal in Berlin, at which Maya is signed in."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.entrypoints.cli.fake_api import FakeApi
from tests.unit.entrypoints.cli.terminal import Terminal


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as environment:
        environment.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def outsider(api: FakeApi, tmp_path: Path) -> Terminal:
    """A terminal at which nobody is signed in."""
    return Terminal(api, tmp_path / "config")


@pytest.fixture
def terminal(outsider: Terminal) -> Terminal:
    outsider.sign_in("maya")
    return outsider
