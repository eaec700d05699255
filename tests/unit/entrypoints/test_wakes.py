"""Doorbells and sweeps: what is woken, in which order, and what becomes of the others when one fails."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from itertools import chain, repeat
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.access_request import Status
from nightlatch.domain.change import Change
from nightlatch.domain.connector import GrantIntent
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.grant import Grant
from nightlatch.entrypoints.ledger_sweep import DRAIN_BATCHES, drain
from nightlatch.entrypoints.retention_walk import walk
from nightlatch.entrypoints.runs import TIME_TO_STOP
from nightlatch.entrypoints.wakes import (
    PATIENCE_OF_A_SWEEP,
    WakeFailedError,
    Work,
    advance_all,
    hand_on,
    requests_in_stream,
    wake,
    while_time_lasts,
    work_off,
)
from nightlatch.services.ports.requests import RequestFilter
from nightlatch.services.retention import Retention, Step
from nightlatch.services.sequencer import Sequencer
from nightlatch.services.workbench import CLAIM
from tests.builders import API, HOUR, World, an_event
from tests.fakes.aws import FakeFanOut
from tests.unit.services.targets import (
    DENIED,
    DOWN,
    ResistingConnector,
    UncheckableConnector,
    UnusableConnector,
    a_world_at_the_end_of,
    a_world_of,
)

ENOUGH = TIME_TO_STOP + 1
BATCH = 50
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

    @property
    def function_name(self) -> str:
        """Tell what the function is called."""
        return "nightlatch-expiry"


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


def a_batch(*request_ids: str, integration_id: str = "orders-db") -> dict[str, Any]:
    """Build what the State stream hands over."""
    images = ({"id": {"S": request_id}, "integration_id": {"S": integration_id}} for request_id in request_ids)
    return {"Records": [{"eventName": "MODIFY", "dynamodb": {"NewImage": image}} for image in images]}


def work(*request_ids: str) -> list[Work]:
    return [(request_id, "orders-db") for request_id in request_ids]


def a_world_with_events(count: int) -> World:
    world = World()
    for _ in range(count):
        world.store.record(an_event(at=world.clock()), origin=API)
    return world


def three_approved(world: World) -> list[str]:
    """Ask for three different things."""
    return [world.approved(*roles).id for roles in (["role1"], ["role3"], ["role1", "role3"])]


def swept(world: World, logger: Logger) -> None:
    """Sweep once, and do at once what was handed on."""
    fan_out = FakeFanOut()
    hand_on(world.provisioning.backlog(), fan_out, logger=logger)
    for integration_id in fan_out.handed_on:
        work_off(world.provisioning, integration_id, FunctionTime(), logger=logger)


def statuses(world: World, *request_ids: str) -> list[Status]:
    return [world.store.request(request_id).status for request_id in request_ids]


# Doorbells


def test_each_request_of_a_batch_is_woken_once_in_the_order_of_the_stream() -> None:
    assert requests_in_stream(a_batch("req_2", "req_1", "req_2", "req_3", "req_1")) == work("req_2", "req_1", "req_3")


def test_an_empty_batch_wakes_nobody() -> None:
    assert requests_in_stream(a_batch()) == []


def test_what_became_of_a_request_is_logged(logger: Logger, written: StringIO) -> None:
    world = World()
    request = world.approved()

    advance_all(world.provisioning, work(request.id), logger=logger)

    (line,) = logged(written)
    assert (line["message"], line["request_id"], line["status"]) == ("request advanced", request.id, "GRANTED")


def test_one_request_that_fails_holds_up_none_of_the_others_and_fails_the_wake_at_the_end(
    logger: Logger, written: StringIO
) -> None:
    """J1."""
    connector = ResistingConnector(grant_errors=[ZeroDivisionError("a bug")])
    world = World(connector=connector)
    first, second, third = three_approved(world)

    with pytest.raises(WakeFailedError, match=f"^1 requests could not be advanced: {first}$"):
        advance_all(world.provisioning, work(first, second, third), logger=logger)

    assert statuses(world, first, second, third) == [Status.GRANTING, Status.GRANTED, Status.GRANTED]
    assert [line["level"] for line in logged(written)] == ["ERROR", "INFO", "INFO"]


def test_a_wake_names_every_request_that_failed(logger: Logger) -> None:
    world = World()
    first, second, third = three_approved(world)
    world.store.refused_commits = 2

    with pytest.raises(WakeFailedError, match=f"^2 requests could not be advanced: {first}, {second}$"):
        advance_all(world.provisioning, work(first, second, third), logger=logger)

    assert statuses(world, first, second, third) == [Status.APPROVED, Status.APPROVED, Status.GRANTED]


def test_a_request_that_is_not_kept_any_longer_is_no_failure(logger: Logger, written: StringIO) -> None:
    """D5."""
    world = World()
    request = world.approved()

    advance_all(world.provisioning, work("req_unknown", request.id), logger=logger)

    assert statuses(world, request.id) == [Status.GRANTED]
    assert [line["message"] for line in logged(written)] == ["request is not kept any longer", "request advanced"]
    assert {line["level"] for line in logged(written)} == {"INFO"}


def test_a_request_whose_grant_is_missing_fails_the_wake(logger: Logger) -> None:
    world = World()
    request = world.granted()
    del world.store.entities[Grant, request.id]
    world.clock.advance(HOUR)

    with pytest.raises(WakeFailedError, match=request.id):
        advance_all(world.provisioning, work(request.id), logger=logger)


def test_who_loses_to_a_rival_looks_again_and_finds_the_work_done(logger: Logger, written: StringIO) -> None:
    """A5."""
    world = World()
    first, second = world.approved("role1").id, world.approved("role3").id
    world.store.interruptions = [lambda: world.provisioning.advance(first)]

    advance_all(world.provisioning, work(first, second), logger=logger)

    assert statuses(world, first, second) == [Status.GRANTED, Status.GRANTED]
    assert world.connector.calls.count("grant") == 2
    assert {line["level"] for line in logged(written)} == {"INFO"}


def touch(world: World, request_id: str) -> Callable[[], object]:
    """Write a request anew, without doing anything for it."""
    return lambda: world.store.commit(Change(world.store.request(request_id).changed()), origin=API)


def test_who_loses_to_a_rival_that_left_the_work_undone_does_it(logger: Logger) -> None:
    """A5. D4."""
    world = World()
    request = world.approved()
    world.store.interruptions = [touch(world, request.id)]

    advance_all(world.provisioning, work(request.id), logger=logger)

    assert statuses(world, request.id) == [Status.GRANTED]


def test_rivals_without_end_are_no_failure(logger: Logger, written: StringIO) -> None:
    """A5."""
    world = World()
    request = world.approved()
    world.store.interruptions = [touch(world, request.id), lambda: None] * 5

    advance_all(world.provisioning, work(request.id), logger=logger)

    assert logged(written)[0]["message"] == "request is being advanced by another worker"
    assert {line["level"] for line in logged(written)} == {"INFO"}


# A dead target


def test_the_others_of_a_batch_that_need_a_dead_target_are_left_to_the_sweep(logger: Logger, written: StringIO) -> None:
    """J2."""
    world = a_world_of("dead", "alive")
    dead = [world.at("dead", number) for number in range(3)]
    alive = world.at("alive", 3)
    world.targets["dead"].fail_next(times=99)
    batch = [*[(request_id, "dead") for request_id in dead], (alive, "alive")]

    advance_all(world.provisioning, batch, logger=logger)

    assert statuses(world, *dead, alive) == [Status.GRANTING, Status.APPROVED, Status.APPROVED, Status.GRANTED]
    assert [line["message"] for line in logged(written)].count("request is left to the sweep") == 2


@pytest.mark.parametrize("enough", [0, 1, 2])
def test_a_batch_begins_nothing_more_when_time_runs_short(logger: Logger, enough: int) -> None:
    """D4."""
    world = World()
    approved = three_approved(world)

    advance_all(world.provisioning, while_time_lasts(work(*approved), FunctionTime(enough=enough)), logger=logger)

    assert statuses(world, *approved) == [Status.GRANTED] * enough + [Status.APPROVED] * (3 - enough)


# The sweep


def test_a_sweep_advances_whatever_is_due(logger: Logger) -> None:
    """D4."""
    world = World()
    first, second = world.granted("role1").id, world.granted("role3").id
    world.clock.advance(HOUR)

    swept(world, logger)

    assert statuses(world, first, second) == [Status.EXPIRED, Status.EXPIRED]


def test_a_sweep_itself_works_on_nothing(logger: Logger) -> None:
    """J2."""
    world = World()
    request = world.approved()
    fan_out = FakeFanOut()

    hand_on(world.provisioning.backlog(), fan_out, logger=logger)

    assert (fan_out.handed_on, statuses(world, request.id)) == (["orders-db"], [Status.APPROVED])


def test_one_invocation_for_each_integration_that_has_something_due_the_longest_overdue_first(logger: Logger) -> None:
    world = a_world_of("one", "two", "three")
    for number, name in enumerate(["two", "one", "two", "one"]):
        world.at(name, number)
    fan_out = FakeFanOut()

    hand_on(world.provisioning.backlog(), fan_out, logger=logger)

    assert fan_out.handed_on == ["two", "one"]


def test_an_integration_that_cannot_be_handed_on_holds_up_no_other(logger: Logger) -> None:
    world = a_world_of("one", "two")
    world.at("one", 1)
    world.at("two", 2)
    fan_out = FakeFanOut(refused={"one"})

    with pytest.raises(WakeFailedError, match=r"^1 integrations could not be handed on: one$"):
        hand_on(world.provisioning.backlog(), fan_out, logger=logger)

    assert fan_out.handed_on == ["two"]


@pytest.mark.parametrize("enough", [0, 1, 2])
def test_a_sweep_begins_nothing_more_when_time_runs_short(logger: Logger, enough: int) -> None:
    """D4."""
    world = World()
    granted = [world.provisioning.advance(request_id).id for request_id in three_approved(world)]
    world.clock.advance(HOUR)

    work_off(world.provisioning, "orders-db", FunctionTime(enough=enough), logger=logger)

    assert statuses(world, *granted) == [Status.EXPIRED] * enough + [Status.GRANTED] * (3 - enough)


def test_a_sweep_meets_each_request_once_even_if_all_of_them_fail(logger: Logger) -> None:
    """J2."""
    world = World()
    approved = three_approved(world)
    world.store.refused_commits = 99

    with pytest.raises(WakeFailedError, match=r"^3 requests"):
        swept(world, logger)

    assert statuses(world, *approved) == [Status.APPROVED] * 3


def test_a_sweep_stops_where_a_target_fails_again_and_again_and_reads_no_further(
    logger: Logger, written: StringIO
) -> None:
    """J2."""
    world = a_world_of("dead")
    for number in range(300):
        world.at("dead", number)
    world.targets["dead"].fail_next(times=9999)

    work_off(world.provisioning, "dead", FunctionTime(), logger=logger)

    assert world.targets["dead"].calls == [*["grant"] * PATIENCE_OF_A_SWEEP, "check"]
    assert len(logged(written)) == PATIENCE_OF_A_SWEEP


def test_what_others_have_just_claimed_says_nothing_about_their_target(logger: Logger) -> None:
    """J2."""
    world = a_world_of("busy")
    *claimed, waiting = [world.at("busy", number) for number in range(PATIENCE_OF_A_SWEEP + 1)]
    for request_id in claimed:
        now = world.clock()
        world.store.commit(world.store.request(request_id).begin_granting(at=now, due_at=now + CLAIM), origin=API)

    work_off(world.provisioning, "busy", FunctionTime(), logger=logger)

    assert {*claimed, waiting} == {*world.provisioning.due("busy"), waiting}
    assert statuses(world, *claimed, waiting) == [Status.GRANTING] * PATIENCE_OF_A_SWEEP + [Status.GRANTED]


@pytest.mark.parametrize(("is_well", "ended"), [(True, 1), (False, 0)], ids=["well", "not well"])
def test_what_resists_for_itself_is_no_reason_to_leave_the_others_as_long_as_the_target_is_well(
    logger: Logger, *, is_well: bool, ended: int
) -> None:
    """J2."""
    world = a_world_of("db")
    for number in range(2 * PATIENCE_OF_A_SWEEP + 1):
        world.granted_at("db", number)
    target = ResistingConnector() if is_well else UnusableConnector()
    target.accesses = world.targets["db"].accesses
    world.targets["db"] = target
    target.revoke_errors = list[BaseException]([DENIED] * 2 * PATIENCE_OF_A_SWEEP)
    world.clock.advance(HOUR)

    work_off(world.provisioning, "db", FunctionTime(), logger=logger)

    assert sum(one.status is Status.EXPIRED for one in world.store.find(RequestFilter())) == ended
    assert len(target.revoke_errors) == (0 if is_well else PATIENCE_OF_A_SWEEP)


def test_what_resists_for_itself_is_tried_only_while_time_lasts(logger: Logger) -> None:
    """J2. However many there are, a sweep has an end."""
    world = a_world_of("db")
    for number in range(20):
        world.granted_at("db", number)
    world.targets["db"].revoke_errors = [DENIED] * 20
    world.clock.advance(HOUR)

    work_off(world.provisioning, "db", FunctionTime(enough=10), logger=logger)

    assert len(world.targets["db"].revoke_errors) == 10


@pytest.mark.parametrize("gone", [True, False], ids=["no integration", "cannot be asked"])
def test_a_target_that_cannot_be_asked_is_not_well(*, gone: bool) -> None:
    """J2."""
    world = World(connector=UncheckableConnector())

    assert not world.provisioning.is_usable("nobody's" if gone else "orders-db")


class ShakyConnector(ResistingConnector):
    """A target where every other grant fails."""

    def grant(self, intent: GrantIntent) -> str | None:
        """Fail, or grant."""
        self.calls.append("try")
        if self.calls.count("try") % 2:
            raise DOWN
        return super().grant(intent)


def test_a_target_that_fails_now_and_then_is_worked_on_to_the_end(logger: Logger) -> None:
    """J2."""
    world = a_world_of("shaky")
    world.targets["shaky"] = ShakyConnector()
    approved = [world.at("shaky", number) for number in range(10)]

    work_off(world.provisioning, "shaky", FunctionTime(), logger=logger)

    assert statuses(world, *approved) == [Status.GRANTING, Status.GRANTED] * 5


def test_hundreds_at_a_dead_target_hold_up_nothing_at_a_healthy_one(logger: Logger) -> None:
    """J2."""
    world = a_world_of("dead", "healthy")
    dead = [world.granted_at("dead", number) for number in range(400)]
    healthy = [world.granted_at("healthy", 400 + number) for number in range(20)]
    world.targets["dead"].fail_next(times=99_999)
    world.clock.advance(2 * HOUR)

    swept(world, logger)

    assert set(statuses(world, *healthy)) == {Status.EXPIRED}
    assert Status.EXPIRED not in statuses(world, *dead)
    assert world.targets["dead"].calls.count("revoke") == PATIENCE_OF_A_SWEEP


# What the expiry function is called for


def woken(world: World, event: dict[str, Any], logger: Logger, fan_out: FakeFanOut, metrics: StringIO) -> None:
    wake(event, FunctionTime(), provisioning=world.provisioning, fan_out=fan_out, logger=logger, metrics=metrics)


def test_a_timer_wakes_its_request_alone(logger: Logger) -> None:
    world = World()
    first, second = world.approved("role1").id, world.approved("role3").id
    fan_out, metrics = FakeFanOut(), StringIO()

    woken(world, {"request_id": first}, logger, fan_out, metrics)

    assert statuses(world, first, second) == [Status.GRANTED, Status.APPROVED]
    assert (fan_out.handed_on, metrics.getvalue()) == ([], "")


def test_a_sweep_hands_on_and_counts(logger: Logger) -> None:
    """J2."""
    world = World(connector=ResistingConnector(revoke_errors=[DOWN] * 99))
    request = a_world_at_the_end_of(world)
    world.sweep(minutes=10)
    world.approved("role3")
    world.clock.advance(timedelta(seconds=90))
    fan_out, metrics = FakeFanOut(), StringIO()

    woken(world, {"sweep": True}, logger, fan_out, metrics)

    line = json.loads(metrics.getvalue())
    assert world.store.request(request.id).quarantined
    assert (fan_out.handed_on, line["QuarantinedRequests"], line["OverdueRequests"]) == (["orders-db"], 1, 1)
    assert line["OldestOverdueSeconds"] == 90
    assert metrics.getvalue().count("\n") == 1


def test_what_nobody_sends_is_refused(logger: Logger) -> None:
    with pytest.raises(ValueError, match="nobody is woken by"):
        woken(World(), {"sweep": "yes"}, logger, FakeFanOut(), StringIO())


# The ledger


@pytest.mark.parametrize("events", [0, 1, IN_ONE_CALL, IN_ONE_CALL + 1, 2 * IN_ONE_CALL + BATCH])
def test_the_outbox_is_drained_until_it_is_empty(logger: Logger, written: StringIO, events: int) -> None:
    """I3."""
    world = a_world_with_events(events)

    drain(Sequencer(outbox=world.store, clock=world.clock, random=os.urandom), FunctionTime(), logger=logger)

    assert (len(world.store.outbox), len(world.store.ledger)) == (0, events)
    (line,) = logged(written)
    assert (line["message"], line["events"]) == ("outbox drained", events)


@pytest.mark.parametrize("enough", [0, 1, 2])
def test_draining_stops_when_time_runs_short(logger: Logger, enough: int) -> None:
    world = a_world_with_events(3 * IN_ONE_CALL)

    sequencer = Sequencer(outbox=world.store, clock=world.clock, random=os.urandom)
    drain(sequencer, FunctionTime(enough=enough), logger=logger)

    assert len(world.store.ledger) == enough * IN_ONE_CALL


# Retention


class Steps(Retention):
    """A walk of so many steps; a rival takes one of them."""

    def __init__(self, waiting: int, *, rival_at: int | None = None) -> None:
        self.waiting = waiting
        self.rival_at = rival_at

    def step(self) -> Step | None:
        """Take one."""
        if self.waiting == self.rival_at:
            raise RivalChangeError("LEDGER RETENTION was changed by somebody else meanwhile")
        if not self.waiting:
            return None
        self.waiting -= 1
        return Step(next=100 * (10 - self.waiting), moved=7)


@pytest.mark.parametrize(
    ("steps", "enough", "left"),
    [(Steps(3), None, 0), (Steps(3), 2, 1), (Steps(3), 0, 3), (Steps(3, rival_at=1), None, 1)],
    ids=["all", "until time runs short", "none", "until a rival is met"],
)
def test_a_walk_goes_on_while_it_can(logger: Logger, steps: Steps, enough: int | None, left: int) -> None:
    walk(steps, FunctionTime(enough=enough), logger=logger)

    assert steps.waiting == left


def test_a_walk_is_told_in_one_line_and_none_when_there_was_nothing_to_do(logger: Logger, written: StringIO) -> None:
    walk(Steps(0), FunctionTime(), logger=logger)
    walk(Steps(3), FunctionTime(), logger=logger)

    (line,) = logged(written)
    assert (line["message"], line["below"], line["moved"]) == ("entries follow the retention", 1000, 21)
