"""What a sweep costs by how many grants are open: calls, read units and processor time.

The sweep reads the indexes and hands on; what the ends themselves cost is told by lifecycle_cost. An index is read
eventually consistently, so a unit is eight kilobytes. DynamoDB's own time is not in the milliseconds: its answers are
kept and come straight back, as in cpu_per_call.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from io import StringIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.records import StateRecord, record_of
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.identifier import prefixed, uuid7
from nightlatch.entrypoints.wakes import wake
from tests.benchmarks._metered_tables import Meter, metered
from tests.benchmarks.cpu_per_call import Tape, milliseconds
from tests.benchmarks.lifecycle_cost import Bench
from tests.benchmarks.row import Row, in_turn
from tests.builders import HOUR, NOON, a_history, a_request
from tests.fakes.aws import FakeFanOut

BASELINE = "nothing open"
INTEGRATIONS = 10
DUE = 100


class Invocation(LambdaContext):
    """A run of the function that has all the time there is."""

    _function_name = "nightlatch-expiry"


@dataclass(frozen=True)
class Measured:
    """A sweep, what it asked of DynamoDB, and what that answered."""

    sweep: Callable[[], None]
    taken: Meter
    tape: Tape


def rows(*, rounds: int) -> Iterator[Row]:
    """Measure sweeps over ever more that is open."""
    with metered() as meter:
        measured = dict(_swept(Bench(), meter))
    events = table_of(StateRecord).connection.client.meta.events
    measures = {name: partial(milliseconds, one.sweep, one.tape, events) for name, one in measured.items()}
    spent = {name: min(values) for name, values in in_turn(measures, rounds=rounds).items()}
    base = measured[BASELINE].taken
    for name, one in measured.items():
        units = one.taken.read_units
        yield Row(f"{name}: calls", one.taken.calls, "calls", {BASELINE: one.taken.calls / base.calls})
        yield Row(f"{name}: reads", units, "RU", {BASELINE: units / base.read_units})
        yield Row(f"{name}: processor", spent[name], "ms", {BASELINE: spent[name] / spent[BASELINE]})


def _swept(bench: Bench, meter: Meter) -> Iterator[tuple[str, Measured]]:
    """Open ever more, and sweep: of the first thousand some end earlier than all others."""
    clock, granted = bench.world.clock, a_history(a_request())[Status.GRANTED].state
    clock.step = timedelta()
    yield BASELINE, _measured(bench, meter)
    _open(granted, range(DUE), ends_at=NOON + HOUR)
    yield f"{DUE} open", _measured(bench, meter)
    _open(granted, range(DUE, 1_000), ends_at=NOON + 3 * HOUR)
    yield "1,000 open", _measured(bench, meter)
    clock.at(NOON + 2 * HOUR)
    if (due := sum(bench.provisioning.backlog().due.values())) != DUE:
        raise AssertionError(f"{due} are due, not {DUE}")
    yield f"{DUE} due of 1,000 open", _measured(bench, meter)
    clock.at(NOON)
    _open(granted, range(1_000, 10_000), ends_at=NOON + 3 * HOUR)
    yield "10,000 open", _measured(bench, meter)


def _open(granted: AccessRequest, numbers: range, *, ends_at: datetime) -> None:
    """Store grants that are open, past the services: only where they are due matters to a sweep."""
    with StateRecord.batch_write() as batch:
        for number in numbers:
            request_id = prefixed("req", uuid7(NOON, random=(number << 32).to_bytes(8, "big")))
            where = granted.integration.model_copy(update={"id": f"db-{number % INTEGRATIONS}"})
            changed = {"id": request_id, "integration": where, "ends_at": ends_at, "due_at": ends_at}
            batch.save(record_of(granted.model_copy(update=changed)))


def _measured(bench: Bench, meter: Meter) -> Measured:
    at, tape = bench.world.clock.now, Tape()
    sweep = partial(_sweep, bench, at)
    meter.take()
    with tape.recording(table_of(StateRecord).connection.client.meta.events):
        sweep()
    return Measured(sweep, meter.take(), tape)


def _sweep(bench: Bench, at: datetime) -> None:
    bench.world.clock.at(at)
    wake(
        {"sweep": True},
        Invocation(),
        provisioning=bench.provisioning,
        fan_out=FakeFanOut(),
        logger=Logger(service="sweep-cost", level="ERROR"),
        metrics=StringIO(),
    )
