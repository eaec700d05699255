"""The schedules of template.yaml, and the functions that they call, as they are, over the fakes of a World."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.entrypoints.api.openapi import load_function
from nightlatch.services.retention import Retention
from nightlatch.services.sequencer import Sequencer
from tests import cloudformation
from tests.builders import World
from tests.fakes.aws import FakeFanOut
from tests.functions.client import ROOT
from tests.unit.entrypoints.test_wakes import FunctionTime

Wiring = Callable[..., object]


@dataclass(frozen=True)
class Schedule:
    """A schedule, without the name of its stack; the folder of the function that it calls, and with what."""

    name: str
    function: str
    sent: Mapping[str, Any]


@cache
def recurring() -> tuple[Schedule, ...]:
    """Read every schedule that template.yaml makes."""
    functions = (
        each["Properties"]
        for each in cloudformation.template()["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
    )
    return tuple(
        Schedule(
            name=event["Properties"]["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}-"),
            function=Path(function["CodeUri"]).name,
            sent=json.loads(event["Properties"]["Input"]),
        )
        for function in functions
        for event in function.get("Events", {}).values()
        if event["Type"] in {"Schedule", "ScheduleV2"}
    )


class Dead:
    """A service whose store is dead: whatever is asked of it fails."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        def fail(*_: object, **__: object) -> object:
            raise StoreUnavailableError(f"{name} found the store dead")

        return fail


def run(schedule: Schedule, world: World, *, dead: bool = False) -> None:
    """Let a schedule call its function; when dead, nothing that the function works with works."""
    app = _loaded(schedule.function)
    with _wired(app, world, dead=dead):
        app.handler(schedule.sent, FunctionTime())


@contextmanager
def _wired(app: ModuleType, world: World, *, dead: bool) -> Iterator[None]:
    """Put the fakes where a function calls its wiring, by the names of what is wired."""
    wiring = _wiring(world)
    if dead:
        wiring = {**dict.fromkeys(wiring, lambda *_: Dead()), "schedules": wiring["schedules"]}
    with pytest.MonkeyPatch.context() as names:
        for name in wiring.keys() & vars(app).keys():
            names.setattr(app, name, wiring[name])
        yield


def _wiring(world: World) -> dict[str, Wiring]:
    return {
        "delivering": lambda: world.delivering,
        "deploying": world.deployed,
        "detection": lambda: world.detection,
        "fan_out": FakeFanOut,
        "provisioning": lambda _: world.provisioning,
        "retention": lambda: Retention(unit_of_work=world.store, keeping=world.store, clock=world.clock),
        "schedules": lambda: world.schedules,
        "sealing": lambda: world.sealing,
        "self_check": lambda: world.self_check,
        "sequencer": lambda: Sequencer(outbox=world.store, clock=world.clock, random=bytes),
        "tallying": lambda: world.tallying,
    }


@cache
def _loaded(function: str) -> ModuleType:
    return load_function(function, ROOT / "functions")
