"""Receivers that are open while a test runs."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from nightlatch.adapters.destinations.registry import SenderRegistry
from tests.fakes.aws import FakeSecrets
from tests.fakes.receiver import answering, listening
from tests.unit.adapters.destinations.places import Decide, Detour, OpenPlace, Place


@pytest.fixture
def place() -> Iterator[OpenPlace]:
    """Open a receiver that answers as told, under the names that are called."""
    with ExitStack() as stack:

        def opened(decide: Decide, *names: str) -> Place:
            receiver = stack.enter_context(listening(answering(decide), *names))
            secrets = FakeSecrets()
            return Place(receiver, SenderRegistry(secrets=secrets, egress=Detour(receiver, names)), secrets)

        yield opened
