"""A thousand grants that end in the same second: all of them end, whoever is woken, and none waits for ever."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Self
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.connector import Handle
from nightlatch.domain.errors import RetryableConnectorError
from nightlatch.entrypoints.runs import TIME_TO_STOP
from nightlatch.entrypoints.wakes import hand_on, work_off
from nightlatch.services.sequencer import Sequencer
from tests.builders import HOUR
from tests.fakes.aws import FakeFanOut
from tests.fakes.store import predictable
from tests.unit.services.targets import ManyTargets, ResistingConnector, a_world_of

MANY = 1000
RESISTING = 200
IN_ONE_INVOCATION = 150
"""So many ends an invocation has time for here: about as many as at a target that takes a quarter of a second."""


class BusyTime(LambdaContext):
    """Tells how much time is left: enough for so many requests."""

    def __init__(self) -> None:
        self._asked = count()

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # Powertools declares it as static
        """Tell."""
        return TIME_TO_STOP + IN_ONE_INVOCATION - next(self._asked)


@dataclass
class SomeResist(ResistingConnector):
    """A target that is well, and where something holds each of some session users."""

    held: frozenset[str] = frozenset()

    @classmethod
    def from_grants(cls, world: ManyTargets, grant_ids: Iterable[str]) -> Self:
        """Take over what is at the only target."""
        (target,) = world.targets.values()
        return cls(accesses=target.accesses, held=frozenset(grant_ids))

    def revoke(self, handle: Handle) -> None:
        """Refuse, or revoke."""
        if handle.grant_id in self.held:
            raise RetryableConnectorError(f"{handle.session_user} owns objects")
        super().revoke(handle)


@pytest.fixture
def logger() -> Logger:
    """Log errors only."""
    return Logger(service=f"ends-{uuid4()}", level="ERROR")


def a_thousand_ends(*integration_ids: str) -> ManyTargets:
    """Grant so much access, and let the clock stand where all of it is over."""
    world = a_world_of(*integration_ids)
    for number in range(MANY):
        world.granted_at(integration_ids[number % len(integration_ids)], number)
        world.clock.step = timedelta()
    world.clock.advance(HOUR + timedelta(seconds=1))
    return world


def sweep(world: ManyTargets, logger: Logger) -> None:
    """Sweep as the function does: one invocation for each integration, each with a limited time."""
    fan_out = FakeFanOut()
    hand_on(world.provisioning.backlog(), fan_out, logger=logger)
    for integration_id in fan_out.handed_on:
        work_off(world.provisioning, integration_id, BusyTime(), logger=logger)
    world.clock.advance(timedelta(minutes=1))


def statuses(world: ManyTargets) -> Counter[Status]:
    return Counter(request.status for request in world.store._all(AccessRequest))


def accesses(world: ManyTargets) -> int:
    return sum(len(target.accesses) for target in world.targets.values())


def test_a_thousand_ends_in_one_second_whose_timers_all_came() -> None:
    """D4. J2."""
    world = a_thousand_ends("db")

    for request_id, _ in sorted(world.timer.wakes):
        world.provisioning.advance(request_id)

    assert (statuses(world), accesses(world)) == ({Status.EXPIRED: MANY}, 0)


@pytest.mark.parametrize("integrations", [1, 40])
def test_a_thousand_ends_in_one_second_whose_timers_were_all_lost(integrations: int, logger: Logger) -> None:
    """D4. J2."""
    world = a_thousand_ends(*(f"db-{number}" for number in range(integrations)))
    sweeps = 0

    while accesses(world):
        sweep(world, logger)
        sweeps += 1

    assert statuses(world) == {Status.EXPIRED: MANY}
    assert sweeps == -(-MANY // integrations // IN_ONE_INVOCATION)


def test_none_of_a_thousand_ends_waits_for_a_dead_target(logger: Logger) -> None:
    """J2."""
    world = a_thousand_ends("dead", "healthy")
    world.targets["dead"].fail_next(times=99_999)

    for _ in range(5):
        sweep(world, logger)
    while_dead = {name: len(target.accesses) for name, target in world.targets.items()}
    world.targets["dead"]._faults.clear()
    for _ in range(20):
        sweep(world, logger)

    assert while_dead == {"dead": MANY // 2, "healthy": 0}
    assert (statuses(world), accesses(world)) == ({Status.EXPIRED: MANY}, 0)


def test_ends_that_resist_each_for_itself_hold_up_no_other_at_their_target(logger: Logger) -> None:
    """J2. The fresh one is gone within two sweeps, and what resists is quarantined within twelve."""
    world = a_world_of("db")
    resisting = [world.granted_at("db", number) for number in range(RESISTING)]
    world.clock.advance(timedelta(seconds=1))
    fresh = world.granted_at("db", RESISTING)
    world.clock.step = timedelta()
    world.clock.advance(2 * HOUR)
    world.targets["db"] = SomeResist.from_grants(world, resisting)

    for _ in range(2):
        sweep(world, logger)
    assert world.store.request(fresh).status is Status.EXPIRED

    for _ in range(10):
        sweep(world, logger)
    assert all(world.store.request(request_id).quarantined for request_id in resisting)


def test_the_ledger_keeps_up_with_a_thousand_ends(logger: Logger) -> None:
    """I3."""
    world = a_thousand_ends(*(f"db-{number}" for number in range(10)))
    sweep(world, logger)

    Sequencer(outbox=world.store, clock=world.clock, random=os.urandom).drain(batches=MANY)

    told = Counter(entry.event_type for entry in world.store.ledger.values())
    assert (told["access.revoking"], told["access.expired"]) == (MANY, MANY)
    assert sorted(world.store.ledger) == list(range(1, len(world.store.ledger) + 1))
    assert world.store.outbox == {}


def test_those_who_failed_in_the_same_second_come_back_at_different_times() -> None:
    """J2."""
    world = a_thousand_ends("dead")
    world.targets["dead"].fail_next(times=MANY)
    world.chance = predictable()

    for request in world.store._all(AccessRequest):
        world.provisioning.advance(request.id)

    again = Counter(request.due_at for request in world.store._all(AccessRequest))
    assert len(again) > MANY / 2
