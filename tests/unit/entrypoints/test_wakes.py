"""Doorbells and sweeps: what is woken, in which order, and what becomes of the others when one fails."""

import json
from collections.abc import Iterator
from io import StringIO
from itertools import chain, repeat
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.access_request import Status
from nightlatch.domain.grant import Grant
from nightlatch.entrypoints.wakes import (
    DRAIN_BATCHES,
    TIME_TO_STOP,
    WakeFailedError,
    advance_all,
    drain,
    due_requests,
    requests_in_stream,
)
from nightlatch.services.sequencer import BATCH, Sequencer
from tests.builders import API, HOUR, World, an_event
from tests.unit.services.targets import ResistingConnector

ENOUGH = TIME_TO_STOP + 1
IN_ONE_CALL = DRAIN_BATCHES * BATCH


class FunctionTime(LambdaContext):
    """Tells how much time a function has left: enough so many times, then too little."""

    def __init__(self, *, enough: int | None = None) -> None:
        self._left: Iterator[int] = (
            repeat(ENOUGH) if enough is None else chain(repeat(ENOUGH, enough), repeat(TIME_TO_STOP))
        )

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # Powertools declares it as static
        """Tell, and let time pass."""
        return next(self._left)


@pytest.fixture
def written() -> StringIO:
    """Take what is logged."""
    return StringIO()


@pytest.fixture
def logger(written: StringIO) -> Logger:
    """Log into `written`; loggers of one name share their stream, so this one has a name of its own."""
    return Logger(service=f"wakes-{uuid4()}", stream=written)


def logged(written: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def a_batch(*request_ids: str) -> dict[str, Any]:
    """Build what the State stream hands over."""
    keys = ({"pk": {"S": f"REQUEST#{request_id}"}, "sk": {"S": "REQUEST"}} for request_id in request_ids)
    return {"Records": [{"eventName": "MODIFY", "dynamodb": {"Keys": key}} for key in keys]}


def a_world_with_events(count: int) -> World:
    world = World()
    for _ in range(count):
        world.store.record(an_event(at=world.clock()), origin=API)
    return world


def statuses(world: World, *request_ids: str) -> list[Status]:
    return [world.store.request(request_id).status for request_id in request_ids]


# Doorbells


def test_each_request_of_a_batch_is_woken_once_in_the_order_of_the_stream() -> None:
    assert requests_in_stream(a_batch("req_2", "req_1", "req_2", "req_3", "req_1")) == ["req_2", "req_1", "req_3"]


def test_an_empty_batch_wakes_nobody() -> None:
    assert requests_in_stream(a_batch()) == []


def test_what_became_of_a_request_is_logged(logger: Logger, written: StringIO) -> None:
    world = World()
    request = world.approved()

    advance_all(world.provisioning, [request.id], logger=logger)

    (line,) = logged(written)
    assert (line["message"], line["request_id"], line["status"]) == ("request advanced", request.id, "GRANTED")


def test_one_request_that_fails_holds_up_none_of_the_others_and_fails_the_wake_at_the_end(
    logger: Logger, written: StringIO
) -> None:
    """J1."""
    connector = ResistingConnector(grant_errors=[ZeroDivisionError("a bug")])
    world = World(connector=connector)
    first, second, third = (world.approved(role).id for role in ("role1", "role3", "role1"))

    with pytest.raises(WakeFailedError, match=f"^1 requests could not be advanced: {first}$"):
        advance_all(world.provisioning, [first, second, third], logger=logger)

    assert statuses(world, first, second, third) == [Status.GRANTING, Status.GRANTED, Status.GRANTED]
    assert [line["level"] for line in logged(written)] == ["ERROR", "INFO", "INFO"]


def test_a_wake_names_every_request_that_failed(logger: Logger) -> None:
    world = World()
    first, second, third = (world.approved(role).id for role in ("role1", "role3", "role1"))
    world.store.refused_commits = 2

    with pytest.raises(WakeFailedError, match=f"^2 requests could not be advanced: {first}, {second}$"):
        advance_all(world.provisioning, [first, second, third], logger=logger)

    assert statuses(world, first, second, third) == [Status.APPROVED, Status.APPROVED, Status.GRANTED]


def test_a_request_that_is_not_kept_any_longer_is_no_failure(logger: Logger, written: StringIO) -> None:
    """D5."""
    world = World()
    request = world.approved()

    advance_all(world.provisioning, ["req_unknown", request.id], logger=logger)

    assert statuses(world, request.id) == [Status.GRANTED]
    assert [line["message"] for line in logged(written)] == ["request is not kept any longer", "request advanced"]
    assert {line["level"] for line in logged(written)} == {"INFO"}


def test_a_request_whose_grant_is_missing_fails_the_wake(logger: Logger) -> None:
    world = World()
    request = world.granted()
    del world.store.entities[Grant, request.id]
    world.clock.advance(HOUR)

    with pytest.raises(WakeFailedError, match=request.id):
        advance_all(world.provisioning, [request.id], logger=logger)


def test_a_rival_is_no_failure(logger: Logger, written: StringIO) -> None:
    """A5."""
    world = World()
    first, second = world.approved("role1").id, world.approved("role3").id
    world.store.interruptions = [lambda: world.provisioning.advance(first)]

    advance_all(world.provisioning, [first, second], logger=logger)

    assert statuses(world, first, second) == [Status.GRANTED, Status.GRANTED]
    assert logged(written)[0]["message"] == "request is being advanced by another worker"
    assert {line["level"] for line in logged(written)} == {"INFO"}


# The sweep


def test_a_sweep_advances_whatever_is_due(logger: Logger) -> None:
    """D4."""
    world = World()
    first, second = world.granted("role1").id, world.granted("role3").id
    world.clock.advance(HOUR)

    advance_all(world.provisioning, due_requests(world.provisioning, FunctionTime()), logger=logger)

    assert statuses(world, first, second) == [Status.EXPIRED, Status.EXPIRED]


@pytest.mark.parametrize("enough", [0, 1, 2])
def test_a_sweep_begins_nothing_more_when_time_runs_short(logger: Logger, enough: int) -> None:
    """D4."""
    world = World()
    granted = [world.granted(role).id for role in ("role1", "role3", "role1")]
    world.clock.advance(HOUR)

    advance_all(world.provisioning, due_requests(world.provisioning, FunctionTime(enough=enough)), logger=logger)

    assert statuses(world, *granted) == [Status.EXPIRED] * enough + [Status.GRANTED] * (3 - enough)


def test_a_sweep_meets_each_request_once_even_if_all_of_them_fail(logger: Logger) -> None:
    """J2."""
    world = World()
    approved = [world.approved(role).id for role in ("role1", "role3", "role1")]
    world.store.refused_commits = 99

    with pytest.raises(WakeFailedError, match=r"^3 requests"):
        advance_all(world.provisioning, due_requests(world.provisioning, FunctionTime()), logger=logger)

    assert statuses(world, *approved) == [Status.APPROVED] * 3


# The ledger


@pytest.mark.parametrize("events", [0, 1, IN_ONE_CALL, IN_ONE_CALL + 1, 2 * IN_ONE_CALL + BATCH])
def test_the_outbox_is_drained_until_it_is_empty(logger: Logger, written: StringIO, events: int) -> None:
    """I3."""
    world = a_world_with_events(events)

    drain(Sequencer(outbox=world.store, clock=world.clock), FunctionTime(), logger=logger)

    assert (len(world.store.outbox), len(world.store.ledger)) == (0, events)
    (line,) = logged(written)
    assert (line["message"], line["events"]) == ("outbox drained", events)


@pytest.mark.parametrize("enough", [0, 1, 2])
def test_draining_stops_when_time_runs_short(logger: Logger, enough: int) -> None:
    world = a_world_with_events(3 * IN_ONE_CALL)

    drain(Sequencer(outbox=world.store, clock=world.clock), FunctionTime(enough=enough), logger=logger)

    assert len(world.store.ledger) == enough * IN_ONE_CALL
