"""A run of detection: the live lane when rung, every unfinished lane as the sweep, until time runs short."""

from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.change import Change
from nightlatch.domain.detection_lane import LIVE, DetectionLane, LaneState
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.entrypoints.detecting import detect
from nightlatch.services.ports.anomalies import AnomalyFilter
from tests.builders import API, HOUR, Outside, World
from tests.unit.entrypoints.test_seals import Context

SWEEP = {"sweep": True}
RING: dict[str, object] = {"Records": [{"eventName": "INSERT"}]}


@pytest.fixture
def world() -> World:
    world = World()
    world.submitted()
    world.events()
    world.store.commit(Change(DetectionLane(id="rpl_1", version=1, until=1, dry_run=True)), origin=API)
    return world


def run(world: World, event: dict[str, Any], *milliseconds: int, outside: Outside | None = None) -> None:
    detect(
        event,
        Context(*(milliseconds or (60_000,))),  # type: ignore[arg-type]  # all of the context that is read
        detection=world.detection_with(outside or Outside(), chunk=1),
        schedules=world.schedules,
        logger=Logger(service=f"detecting-{uuid4()}", stream=StringIO()),
    )


def found(world: World) -> int:
    return len(list(world.anomalies.candidates(AnomalyFilter())))


def test_a_ring_follows_the_ledger_to_its_end_and_leaves_replays_alone(world: World) -> None:
    world.submitted()
    world.events()
    run(world, RING)

    assert world.anomalies.lane(LIVE).next_seq == world.store.chain.seq + 1
    assert world.anomalies.lane("rpl_1").state is LaneState.RUNNING
    assert found(world) == 1


def test_the_sweep_goes_on_with_replays_too_and_is_told(world: World) -> None:
    entries = world.store.chain.seq
    run(world, SWEEP)
    world.clock.advance(2 * HOUR)
    world.tallying.tell()
    [told] = [event for event in world.events() if event.event_type == EventType.SCHEDULE_RAN]

    assert world.anomalies.lane("rpl_1").state is LaneState.DONE
    assert (told.resource.id, told.details["items"]) == ("anomaly-detection-sweep", entries + 1)


def test_who_is_woken_for_a_replay_works_it_off_and_nothing_else(world: World) -> None:
    run(world, {"lane": "rpl_1"})

    assert world.anomalies.lane("rpl_1").state is LaneState.DONE
    assert world.anomalies.lane(LIVE).next_seq == 1


def test_nothing_is_begun_when_time_runs_short(world: World) -> None:
    world.submitted()
    world.events()
    run(world, RING, 60_000, 1_000)

    assert world.anomalies.lane(LIVE).next_seq == 2


def test_a_run_that_meets_a_rival_looks_again(world: World) -> None:
    world.submitted()
    world.events()
    world.store.interruptions = [world.detection_with(Outside(), chunk=1).step]
    run(world, RING)

    assert found(world) == 1
    assert world.anomalies.lane(LIVE).next_seq == world.store.chain.seq + 1


def test_a_run_that_cannot_write_fails_and_the_next_one_goes_on(world: World) -> None:
    world.store.refused_commits = 1
    with pytest.raises(StoreUnavailableError):
        run(world, RING)

    run(world, RING)
    assert found(world) == 1


def test_a_sweep_that_fails_is_told(world: World) -> None:
    world.store.refused_commits = 1
    with pytest.raises(StoreUnavailableError):
        run(world, SWEEP)

    assert EventType.SCHEDULE_FAILED in world.told()
