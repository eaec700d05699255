"""What is told of a schedule's run, by whatever it called."""

import json
from collections.abc import Mapping
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.ledger import UnreadableRow
from nightlatch.domain.tally import Tally
from nightlatch.entrypoints.ledger_sweep import keep_ledger
from nightlatch.entrypoints.runs import telling
from nightlatch.services.sequencer import Sequencer
from tests.builders import API, KilledError, World, an_event
from tests.unit.entrypoints.test_wakes import FunctionTime

SWEEP = {"sweep": True}
RING = {"Records": [{"eventName": "INSERT"}]}
HOUR = timedelta(hours=1)


@pytest.fixture
def written() -> StringIO:
    return StringIO()


@pytest.fixture
def logger(written: StringIO) -> Logger:
    return Logger(service=f"schedules-{uuid4()}", stream=written)


def keep(world: World, event: Mapping[str, object], logger: Logger) -> str:
    """Let the ledger function run, and return what it wrote of metrics."""
    metrics = StringIO()
    keep_ledger(
        event,
        FunctionTime(),
        clock=world.clock,
        sequencer=Sequencer(outbox=world.store, clock=world.clock, random=bytes),
        tallying=world.tallying,
        deploying=world.deployed(),
        schedules=world.schedules,
        logger=logger,
        metrics=metrics,
    )
    return metrics.getvalue()


def test_the_sweep_of_the_ledger_counts_the_rows_that_could_not_be_read(logger: Logger) -> None:
    world = World()
    world.store.record(an_event(at=world.clock()), origin=API)
    key = next(iter(world.store.outbox))
    world.store.outbox[key] = UnreadableRow(key=key, content="?")

    assert keep(world, RING, logger) == ""
    assert json.loads(keep(world, SWEEP, logger))["UnreadableRows"] == 1


def test_the_sweep_of_the_ledger_tells_what_was_deployed_and_what_was_counted(logger: Logger) -> None:
    world = World()
    world.store.record(an_event(at=world.clock()), origin=API)
    keep(world, SWEEP, logger)
    world.clock.advance(2 * HOUR)
    keep(world, SWEEP, logger)

    ran = world.store.ledger[3]
    told = [entry.event_type for entry in world.store.ledger.values()]
    assert told == ["access.requested", "system.started", "system.schedule.ran"]
    assert (ran.resource.id, ran.details["runs"], ran.details["items"]) == ("ledger-sweep", 1, 2)


def test_a_ring_numbers_what_waits_and_tells_nothing(logger: Logger) -> None:
    world = World()
    world.schedules.ran("expiry-sweep", items=0)
    world.store.record(an_event(at=world.clock()), origin=API)
    world.clock.advance(2 * HOUR)

    keep(world, RING, logger)

    assert [entry.event_type for entry in world.store.ledger.values()] == ["access.requested"]
    assert world.store.outbox == {}


def test_what_waits_is_numbered_even_when_nothing_can_be_told(logger: Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.store.record(an_event(at=world.clock()), origin=API)

    def refuse() -> None:
        raise StoreUnavailableError("DynamoDB is too busy")

    monkeypatch.setattr(world.store, "deployment", refuse)

    with pytest.raises(StoreUnavailableError):
        keep(world, SWEEP, logger)

    assert len(world.store.ledger) == 1


def test_a_run_that_fails_is_told_and_fails(logger: Logger) -> None:
    world = World()

    with (
        pytest.raises(ValueError, match="nothing works"),
        telling("expiry-sweep", SWEEP, schedules=world.schedules, logger=logger),
    ):
        raise ValueError("nothing works")

    [event] = world.events()
    assert (event.event_type, event.details["error"]) == ("system.schedule.failed", "nothing works")
    world.clock.advance(2 * HOUR)
    assert world.tallying.tell() == 0


@pytest.mark.parametrize("event", [RING, {"request_id": "req_1"}, {"integration": "orders-db"}, {"sweep": "yes"}])
def test_a_call_that_no_schedule_made_is_no_run_of_it(logger: Logger, event: Mapping[str, object]) -> None:
    world = World()
    with telling("expiry-sweep", event, schedules=world.schedules, logger=logger):
        pass
    with pytest.raises(KilledError), telling("expiry-sweep", event, schedules=world.schedules, logger=logger):
        raise KilledError
    world.clock.advance(2 * HOUR)

    assert world.tallying.tell() == 0
    assert world.events() == []


def test_a_failure_that_cannot_be_told_hides_nothing(logger: Logger, written: StringIO) -> None:
    world = World()
    world.store.refused_commits = 1

    with (
        pytest.raises(ValueError, match="nothing works"),
        telling("expiry-sweep", SWEEP, schedules=world.schedules, logger=logger),
    ):
        raise ValueError("nothing works")

    [line] = map(json.loads, written.getvalue().splitlines())
    assert (line["message"], line["schedule"]) == ("failure of a schedule could not be told", "expiry-sweep")


def test_a_run_that_cannot_be_counted_fails(logger: Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    def refuse(_: Tally) -> None:
        raise StoreUnavailableError("DynamoDB is too busy")

    monkeypatch.setattr(world.store, "count", refuse)

    with pytest.raises(StoreUnavailableError), telling("expiry-sweep", SWEEP, schedules=world.schedules, logger=logger):
        pass
