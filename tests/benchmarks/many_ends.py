"""How late a thousand grants end that end in the same second, in a model: the calls take virtual time.

The code is the real one, from the function's entry point on; the store and the targets are those of the tests, and
each call of them takes as long as is said below. Of a partition's limits the outbox's is there, which is the first to
be met. Timers are set to whole seconds: in the model almost one after the end. Not in the model: what EventBridge
Scheduler itself is late by (it promises the minute, not the second), and a target that slows down under many calls.
"""

import math
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from io import StringIO
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.adapters.dynamodb.reading import pages
from nightlatch.adapters.dynamodb.transaction import NONE, OF_A_WORKER, Patience
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.connector import Handle
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.ledger_sweep import drain
from nightlatch.entrypoints.wakes import WakeFailedError, wake
from nightlatch.services.ports.ambient import Randomness
from nightlatch.services.ports.requests import DueRequest
from nightlatch.services.sequencer import Sequencer
from tests.benchmarks._virtual_time import VirtualTime
from tests.benchmarks.row import Row
from tests.builders import Outside
from tests.cloudformation import template
from tests.fakes.store import predictable
from tests.unit.services.targets import ManyTargets, ResistingConnector, a_world_of

MANY = 1000

TARGET_CALL = timedelta(milliseconds=50)
"""One connector call, connecting included: a statement to a database in the same region after a TLS handshake."""

STORE_CALL = timedelta(milliseconds=5)
"""One read or query of DynamoDB: it promises single-digit milliseconds."""

COMMIT = 3 * STORE_CALL
"""A transaction of a few items: it is prepared, then committed."""

APPEND = 12 * STORE_CALL
"""A transaction of up to 100 items, as the sequencer's are."""

INVOKE = timedelta(milliseconds=20)
"""One asynchronous call of a function."""

COLD_START = timedelta(seconds=1)
"""Before an invocation begins: nobody keeps a thousand functions warm. Imports, at 1 GB of memory."""

DOORBELL = timedelta(milliseconds=250)
"""Lambda reads a stream four times a second."""

SWEEP_EVERY = timedelta(minutes=1)
"""The schedule in template.yaml. In the model a sweep comes just before the end, so the next is as far as it can be."""

OUTBOX_UNITS = 1000
"""What one partition key takes in a second, in write units. DynamoDB refuses what is more."""

ROW_UNITS = 2
"""Writing what one commit tells, of up to a kilobyte, in a transaction."""

CLEARED_UNITS = 1
"""Removing it, outside of any."""

CLEARED_AT_ONCE = 25
"""So many are removed by one call (`adapters.dynamodb.removing`)."""

DUE_PAGE = 100
"""What a query of the index by time brings at once (`adapters.dynamodb.reading.PAGE`)."""

CALLS = {"store.commit": COMMIT, "store.append": APPEND, "store.due": 2 * STORE_CALL}  # one query for each shard

SHARES = {"median": 0.5, "95 %": 0.95, "99 %": 0.99, "maximum": 1.0}

Answer = TypeVar("Answer")


@dataclass
class SlowOutside(Outside):
    """A store whose calls take time, and whose outbox takes only so many rows in a second."""

    time: VirtualTime = field(default_factory=VirtualTime)
    chance: Randomness = field(default_factory=predictable)
    refusals: int = 0
    _spent: Counter[datetime] = field(default_factory=Counter)

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Take the time, then do it."""
        self.time.take(CALLS.get(name, STORE_CALL))
        if name == "store.commit" and isinstance(work, partial):
            self._write(bool(work.args[0].events) * ROW_UNITS, patience=OF_A_WORKER)
        if name == "store.clear" and isinstance(work, partial):
            for page in pages(work.args[0], CLEARED_AT_ONCE):
                self._write(len(page) * CLEARED_UNITS, patience=NONE)
        return self._paged(work()) if name == "store.due" else work()

    def _write(self, units: int, *, patience: Patience) -> None:
        """Find room in the outbox, as often as `adapters.dynamodb.transaction` tries, with its pauses."""
        for attempt in range(patience.attempts):
            if attempt:
                self.time.take(timedelta(seconds=patience.pause(attempt, random=self.chance)) + COMMIT)
            second = self.time().replace(microsecond=0)
            if not self.time.is_running or self._spent[second] + units <= OUTBOX_UNITS:
                self._spent[second] += units
                return
        self.refusals += 1
        raise StoreUnavailableError("DynamoDB is too busy to write")

    def _paged(self, due: Iterator[DueRequest]) -> Iterator[DueRequest]:
        for number, each in enumerate(due, start=1):
            yield each
            if number % DUE_PAGE == 0:
                self.time.take(STORE_CALL)


@dataclass
class SlowConnector(ResistingConnector):
    """A target whose calls take time, and any number at once."""

    time: VirtualTime = field(default_factory=VirtualTime)
    gone_at: list[datetime] = field(default_factory=list)

    def _revoke(self, handle: Handle) -> None:
        if handle.session_user in self.accesses:
            self.gone_at.append(self.time())
        super()._revoke(handle)

    def _call(self, name: str, work: Callable[[], Answer]) -> Answer:
        self.time.take(TARGET_CALL)
        return super()._call(name, work)


class Invocation(LambdaContext):
    """One run of a function, with the time that template.yaml gives it."""

    def __init__(self, function: str, time: VirtualTime) -> None:
        self._function_name, self._time = function, time
        self._ends_at = time() + _time_of(function)

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # Powertools declares it as static
        """Tell."""
        return int((self._ends_at - self._time()) / timedelta(milliseconds=1))


@cache
def _time_of(function: str) -> timedelta:
    return timedelta(seconds=template()["Resources"][function]["Properties"]["Timeout"])


class Simulation:
    """A Nightlatch in virtual time, with so many grants that end in the same second."""

    def __init__(self, grants: int, integrations: int) -> None:
        self.time, self.grants = VirtualTime(), grants
        self.logger = Logger(service="many-ends", level="CRITICAL")
        self.outside = SlowOutside(time=self.time)
        self.world = _granted(grants, [f"db-{number}" for number in range(integrations)], self.time)
        self.sequencer.drain(batches=grants)
        self.first = len(self.world.store.ledger) + 1
        (self.ends_at,) = {request.ends_at for request in self.world.store._all(AccessRequest) if request.ends_at}

    @property
    def sequencer(self) -> Sequencer:
        """Build a sequencer."""
        return Sequencer(outbox=self.outside.around("store", self.world.store), clock=self.time, random=os.urandom)

    @property
    def numbered(self) -> list[LedgerEntry]:
        """List what was numbered since all was granted."""
        return [self.world.store.ledger[number] for number in range(self.first, len(self.world.store.ledger) + 1)]

    @property
    def ended(self) -> list[LedgerEntry]:
        """List the ends among it."""
        return [entry for entry in self.numbered if entry.event_type == EventType.ACCESS_EXPIRED]

    def by_timers(self) -> None:
        """Let all timers come in their second, each for an invocation of its own; those for a lost grant call too."""
        for request_id, at in sorted(self.world.timer.wakes):
            self.invoke({"request_id": request_id}, at=at + COLD_START)
        self.by_sweep()

    def by_sweep(self) -> None:
        """Lose all timers."""
        self.time.start(self._schedule, at=self.ends_at + SWEEP_EVERY)
        self.time.start(self._stream, at=self.ends_at)
        self.time.run()

    def work_off(self, integration_id: str) -> None:
        """Call the function once more, as the fan-out does."""
        self.time.take(INVOKE)
        self.invoke({"integration": integration_id}, at=self.time() + COLD_START)

    def invoke(self, event: dict[str, Any], *, at: datetime) -> None:
        """Call the expiry function."""
        self.time.start(partial(self._expiry, event), at=at)

    def _expiry(self, event: dict[str, Any]) -> None:
        provisioning = self.world.provisioning_with(self.outside)
        context = Invocation("ExpiryFunction", self.time)
        with suppress(WakeFailedError):  # the next sweep finds it
            wake(event, context, provisioning=provisioning, fan_out=self, logger=self.logger, metrics=StringIO())

    def _schedule(self) -> None:
        while len(self.ended) < self.grants:
            self.invoke({"sweep": True}, at=self.time())
            self.time.take(SWEEP_EVERY)

    def _stream(self) -> None:
        while len(self.ended) < self.grants:
            self.time.take(DOORBELL)
            if self.world.store.outbox:
                with suppress(StoreUnavailableError):  # the stream rings again
                    drain(self.sequencer, Invocation("LedgerFunction", self.time), logger=self.logger)


def rows(*, rounds: int) -> Iterator[Row]:
    """Run the model; it comes to the same each time."""
    del rounds
    for name, way in (("timers and sweep", Simulation.by_timers), ("sweep alone", Simulation.by_sweep)):
        baseline = f"one, {name}"
        alone = _played(way, 1, 1)
        one = _late(alone)[0]
        yield Row(f"{baseline} (model)", one, "s")
        for integrations in (1, 40):
            played = _played(way, MANY, integrations)
            title = f"{MANY} at {integrations}, {name} (model)"
            yield from _told_lateness(title, _late(played), baseline, one)
            yield from _told_ledger(title, played)


def _played(way: Callable[[Simulation], None], grants: int, integrations: int) -> Simulation:
    simulation = Simulation(grants, integrations)
    way(simulation)
    return simulation


def _granted(grants: int, integration_ids: list[str], time: VirtualTime) -> ManyTargets:
    world = a_world_of(*integration_ids)
    world.clock = world.store.clock = time
    world.targets = {name: SlowConnector(time=time) for name in integration_ids}
    for number in range(grants):
        world.granted_at(integration_ids[number % len(integration_ids)], number)
    return world


def _late(simulation: Simulation) -> list[float]:
    """Tell by how much each end was late, finer than its event says it, and check that the event says the same."""
    late = sorted((entry.timestamp - simulation.ends_at).total_seconds() for entry in simulation.ended)
    told = sorted(entry.details["lateness_seconds"] for entry in simulation.ended)  # type: ignore[type-var]
    if told != [int(seconds) for seconds in late]:
        raise AssertionError("the ledger tells of other ends than there were")
    return late


def _told_lateness(title: str, late: list[float], baseline: str, one: float) -> Iterator[Row]:
    for name, share in SHARES.items():
        seconds = late[math.ceil(share * len(late)) - 1]
        yield Row(f"{title}: {name}", seconds, "s", {baseline: seconds / one})


def _told_ledger(title: str, simulation: Simulation) -> Iterator[Row]:
    numbered = simulation.numbered
    last = max(entry.timestamp for entry in simulation.ended)
    waiting = sum(entry.timestamp <= last < entry.recorded_at for entry in numbered)
    behind = max(entry.recorded_at for entry in numbered) - last
    busiest = max(Counter(entry.recorded_at.replace(microsecond=0) for entry in numbered).values())
    gone = max(at for target in simulation.world.targets.values() for at in target.gone_at)  # type: ignore[attr-defined]
    yield Row(f"{title}: last access gone from its target", (gone - simulation.ends_at).total_seconds(), "s")
    yield Row(f"{title}: writes refused for good", simulation.outside.refusals, "")
    yield Row(f"{title}: events not numbered at the last end", waiting, "")
    yield Row(f"{title}: numbered so long after it", behind.total_seconds(), "s")
    yield Row(f"{title}: most numbered in a second", busiest, "")
