"""The three that call the function `webhook_delivery`, with the events that are recorded."""

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.entrypoints.deliveries import TIME_TO_STOP, deliver
from tests.builders import World
from tests.fakes.destinations import LATER
from tests.unit.services.deliveries import SIEM, a_world_with, happen, is_active, receiver_of, work_off

EVENTS = Path(__file__).parents[3] / "events"


@dataclass
class Time:
    """How much time a function has left."""

    left: int = TIME_TO_STOP + 1
    function_name: str = "nightlatch-webhook-delivery"

    def get_remaining_time_in_millis(self) -> int:
        return self.left


def call(world: World, event: str | dict[str, Any], *, left: int = TIME_TO_STOP + 1) -> str:
    """Call the function, and return the figures that it wrote."""
    sent = json.loads((EVENTS / f"webhook_delivery_{event}.json").read_text()) if isinstance(event, str) else event
    metrics = StringIO()
    logger = Logger(service=f"deliveries-{uuid4()}", stream=StringIO())
    context = cast(LambdaContext, Time(left))
    deliver(sent, context, delivering=world.delivering, logger=logger, metrics=metrics)
    return metrics.getvalue()


def test_new_entries_ring_for_every_destination_once() -> None:
    world = a_world_with("one", "two")
    world.delivery_queue.rung.clear()

    call(world, "stream")

    assert [name for name, _ in world.delivery_queue.rung] == ["one", "two"]


def test_a_message_is_one_destination_that_is_worked_off() -> None:
    world = a_world_with(SIEM, "other")
    numbers = happen(world, 3)

    call(world, "rung")

    assert receiver_of(world).numbers == numbers
    assert receiver_of(world, "other").came == []


def test_nothing_is_begun_when_time_is_short() -> None:
    world = a_world_with()
    happen(world, 1)
    world.delivery_queue.rung.clear()

    call(world, "rung", left=TIME_TO_STOP)

    assert receiver_of(world).came == []
    assert [name for name, _ in world.delivery_queue.rung] == [SIEM]


def test_the_sweep_rings_for_those_that_have_something_waiting_and_writes_the_figures() -> None:
    world = a_world_with("behind", "well")
    happen(world, 1)
    work_off(world, "well")
    world.delivery_queue.rung.clear()

    written = json.loads(call(world, "sweep"))

    assert [name for name, _ in world.delivery_queue.rung] == ["behind"]
    assert (written["FailingDestinations"], written["DisabledDestinations"]) == (0, 0)


def test_the_sweep_leaves_alone_what_is_not_due() -> None:
    world = a_world_with()
    receiver_of(world).answering = lambda _: LATER
    happen(world, 1)
    work_off(world)
    world.delivery_queue.rung.clear()

    call(world, "sweep")

    assert world.delivery_queue.rung == []
    assert is_active(world)


def test_a_destination_that_is_gone_is_no_error() -> None:
    world = World()

    call(world, "rung")

    assert (world.delivery_queue.rung, world.senders.asked) == ([], [])


def test_a_store_that_is_down_fails_the_message_so_that_it_comes_again() -> None:
    world = a_world_with()
    happen(world, 1)
    world.store.refused_commits = 1

    with pytest.raises(StoreUnavailableError):
        call(world, "rung")
    call(world, "rung")
    assert receiver_of(world).taken


def test_nobody_else_calls() -> None:
    with pytest.raises(ValueError, match="colour"):
        call(World(), {"colour": "red"})
