"""The functions over the fakes, and what they log."""

import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest

from nightlatch.entrypoints.api.http_api import logger
from tests.builders import World
from tests.functions.client import Client

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(world: World) -> Client:
    return Client(world)


@pytest.fixture(autouse=True)
def log() -> Iterator[Lines]:
    """Everything that is logged, as the objects that the lines are."""
    stream = StringIO()
    before = logger.registered_handler.setStream(stream)  # type: ignore[attr-defined]  # it is a StreamHandler
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.registered_handler.setStream(before)  # type: ignore[attr-defined]
