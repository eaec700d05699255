"""What numbering an event costs, by how many are numbered at once: calls, units, and events per second.

Counted is one run of the sequencer over that many commits of one event each, and the look that finds nothing more.
Events per second are of processor time, against botocore alone making the same calls, with the answers of one run
played back to both: how fast DynamoDB is does not count.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import count

import boto3
from moto import mock_aws

from nightlatch.adapters.dynamodb.connection import bind
from nightlatch.adapters.dynamodb.keys import OUTBOX
from nightlatch.adapters.dynamodb.outbox import DynamoOutbox, rows_of
from nightlatch.adapters.dynamodb.records import StateRecord
from nightlatch.services.sequencer import Sequencer
from tests.benchmarks._metered_tables import TABLES, metered
from tests.benchmarks.cold_start import ENVIRONMENT
from tests.benchmarks.cpu_per_call import BASELINE, of_botocore, of_ours, recorded
from tests.benchmarks.row import Row, in_turn
from tests.builders import FakeClock, a_pending_event, an_event
from tests.integration.aws.tables import make_anew

BATCHES = (1, 10, 50)
ONE = "1 at once"
NUMBERS = count(4, 4)  # the lowest two bits do not come into an id


def rows(*, rounds: int) -> Iterator[Row]:
    """Count, and then measure."""
    yield from _costs()
    os.environ.update(ENVIRONMENT)
    tapes = {}
    for size in BATCHES:
        with mock_aws():
            make_anew(boto3.client("dynamodb"), TABLES)
            bind(state_table="state", ledger_table="ledger", region=ENVIRONMENT["AWS_DEFAULT_REGION"])
            _wait(size)
            tapes[size] = recorded(_number)
    os.environ.update(ENVIRONMENT)  # moto takes its own credentials away
    ours = {f"{size} at once": partial(of_ours, _number, tape) for size, tape in tapes.items()}
    bare = {f"{size} at once: {BASELINE}": partial(of_botocore, tape) for size, tape in tapes.items()}
    taken = {name: min(values) for name, values in in_turn({**ours, **bare}, rounds=rounds).items()}
    for size in BATCHES:
        name = f"{size} at once"
        ratio = {BASELINE: taken[name] / taken[f"{name}: {BASELINE}"]}
        yield Row(f"{name}: numbered", size * 1000 / taken[name], "per s", {f"the time of {BASELINE}": ratio[BASELINE]})


def _costs() -> Iterator[Row]:
    spent = {}
    with metered() as meter:
        for size in BATCHES:
            _wait(size)
            meter.take()
            _number()
            spent[f"{size} at once"] = (size, meter.take())
    (alone, first) = spent[ONE]
    for name, (size, meter) in spent.items():
        for what, unit, value, before in (
            ("calls", "calls", meter.calls, first.calls),
            ("writes", "WU", meter.write_units, first.write_units),
            ("reads", "RU", meter.read_units, first.read_units),
        ):
            yield Row(f"{name}: {what} an event", value / size, unit, {ONE: value / size / (before / alone)})


def _wait(events: int) -> None:
    """Put events into the outbox, each of a commit of its own."""
    for number in (next(NUMBERS) for _ in range(events)):
        [row] = rows_of([a_pending_event(number, an_event(request_id=f"req_{number}"))])
        StateRecord(OUTBOX, row.key, body=row.model_dump_json()).save()


def _number() -> None:
    outbox = DynamoOutbox(random=os.urandom, retention=timedelta(days=90))
    Sequencer(outbox=outbox, clock=FakeClock(), random=os.urandom).drain(batches=2)
