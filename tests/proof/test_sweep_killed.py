"""J1: a sweep, and what it hands on, killed at any of its calls: the next one mends it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from io import StringIO
from typing import Any

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.entrypoints.wakes import wake
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import HOUR, KilledError, Outside
from tests.fakes.aws import FakeFanOut
from tests.proof.stage import SILENT, EnoughTime
from tests.unit.services.targets import DOWN, ManyTargets, a_world_of

MENDED_AFTER = 10
"""Minutes: the claim of the dead, and what may be tried again meanwhile."""


def a_full_minute() -> ManyTargets:
    """Let something have to begin and something to end at each of two targets, of which one resists at first."""
    world = a_world_of("well", "resisting", "idle")
    for number, name in enumerate(("well", "resisting")):
        world.granted_at(name, 10 * number + 1)
        world.granted_at(name, 10 * number + 2)
    world.clock.advance(HOUR)
    for number, name in enumerate(("well", "resisting")):
        world.at(name, 10 * number + 3)
    world.targets["resisting"].revoke_errors = [DOWN] * 2
    return world


def sweep(world: ManyTargets, outside: Outside) -> None:
    """Sweep once as the functions do. Whoever dies, others to whom something was handed on do their work."""
    fan_out = FakeFanOut()
    run(world, outside, fan_out, {"sweep": True})
    for integration_id in fan_out.handed_on:
        run(world, outside, fan_out, {"integration": integration_id})


def run(world: ManyTargets, outside: Outside, fan_out: FakeFanOut, event: dict[str, Any]) -> None:
    with suppress(KilledError):
        wake(
            event,
            EnoughTime(),
            provisioning=world.provisioning_with(outside),
            fan_out=outside.around("fan_out", fan_out),
            logger=SILENT,
            metrics=StringIO(),
        )


@dataclass(frozen=True)
class Outcome:
    """What has come of each request, and what is at the targets."""

    requests: list[tuple[Status, list[str]]]
    there: dict[str, list[str]]


def outcome(world: ManyTargets) -> Outcome:
    """Let the next sweeps come, and look."""
    for _ in range(MENDED_AFTER):
        world.clock.advance(timedelta(minutes=1))
        sweep(world, Outside())
    requests = sorted(world.store.find(RequestFilter()), key=lambda request: request.id)
    return Outcome(
        [(one.status, [name for name in world.told(one.id) if name != "access.revoke.failed"]) for one in requests],
        {name: sorted(target.accesses) for name, target in world.targets.items()},
    )


@cache
def undisturbed() -> Outcome:
    world = a_full_minute()
    sweep(world, Outside())
    return outcome(world)


def deaths() -> Iterator[tuple[int, bool]]:
    outside = Outside()
    sweep(a_full_minute(), outside)
    assert {"fan_out.work_off", "connector.grant", "connector.revoke", "store.due"} <= {*outside.calls}
    for number in range(len(outside.calls)):
        yield number, False
        yield number, True


def test_a_sweep_that_nobody_disturbs_begins_and_ends_everything() -> None:
    """What the others are compared with is right."""
    done = undisturbed()

    assert [status for status, _ in done.requests] == [Status.EXPIRED] * 4 + [Status.GRANTED] * 2
    assert {name: len(accesses) for name, accesses in done.there.items()} == {"well": 1, "resisting": 1, "idle": 0}


@pytest.mark.parametrize(("number", "after_effect"), [*deaths()])
def test_a_sweep_that_was_killed_is_mended_by_the_next(number: int, after_effect: bool) -> None:
    """J1. J2."""
    world = a_full_minute()

    sweep(world, Outside(dies_at=number, after_effect=after_effect))

    assert outcome(world) == undisturbed()
