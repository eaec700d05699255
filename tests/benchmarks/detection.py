"""What detection takes: events a second through all detectors, and what a step asks of the State table for each event.

The baselines, in the same run: reading the same entries without looking at them, and what the sequencer does for them.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from random import Random
from time import process_time

from nightlatch.adapters.dynamodb.alert_rules import DynamoAlertRules
from nightlatch.adapters.dynamodb.anomalies import DynamoAnomalies
from nightlatch.adapters.dynamodb.anomaly_settings import DynamoAnomalySettings
from nightlatch.adapters.dynamodb.lanes import DynamoLanes, DynamoMemories
from nightlatch.adapters.dynamodb.ledger import DynamoLedger
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord, entry_of, record_of_entry
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.detection import Subject, look_through
from nightlatch.domain.detectors.registry import detectors
from nightlatch.domain.value import Value
from nightlatch.services.detection import CHUNK, Detection
from tests.benchmarks._metered_tables import Meter, metered
from tests.benchmarks.lifecycle_cost import RETENTION, Bench
from tests.benchmarks.row import Row, compared, in_turn
from tests.builders import MAYA, NOA, a_call
from tests.proof.askers import BROWSER, PEOPLE, PROGRAMS, told

LIFECYCLES = 12
BASELINE = "entries read, and nothing more"


def rows(*, rounds: int) -> Iterator[Row]:
    """Measure the detectors' speed, and count what the store is asked."""
    yield from _speed(rounds)
    with metered() as meter:
        yield from _counted("a ring for each commit", *_lifecycles(meter, rings=True))
    with metered() as meter:
        yield from _counted("one ring for all", *_lifecycles(meter, rings=False))


def _speed(rounds: int) -> Iterator[Row]:
    records = _stored()
    measures: Mapping[str, Callable[[], None]] = {
        BASELINE: partial(_read, records),
        "through all detectors, in steps": partial(_detect, records),
    }
    taken = in_turn({name: partial(_timed, work) for name, work in measures.items()}, rounds=rounds)
    each = {name: [seconds / len(records) * 1e6 for seconds in times] for name, times in taken.items()}
    for row in compared(each, unit="µs", baselines=(BASELINE,)):
        yield row
        yield Row(f"  {row.what}", 1e6 / row.value, "ev/s")


def _stored() -> list[LedgerRecord]:
    """Store what people and programs do in six weeks, a few of each, as it lies in the table."""
    ways = [*PEOPLE.items(), *PROGRAMS.items()]
    entries = [entry for name, way in ways for entry in told(way(Random(name)), agent=BROWSER)]
    return [record_of_entry(entry, retention=RETENTION) for entry in entries]


def _timed(work: Callable[[], None]) -> float:
    begun = process_time()
    work()
    return process_time() - begun


def _read(records: list[LedgerRecord]) -> None:
    for record in records:
        entry_of(record)


def _detect(records: list[LedgerRecord]) -> None:
    looking = detectors(AnomalyChoices(), zone="UTC")
    kinds = {detector.kind: detector.memory for detector in looking}
    bodies: dict[Subject, str] = {}
    for start in range(0, len(records), CHUNK):
        entries = [entry_of(record) for record in records[start : start + CHUNK]]
        remembered: dict[Subject, Value] = {
            subject: kinds[subject[0]].model_validate_json(body) for subject, body in bodies.items()
        }
        sight = look_through(entries, looking, remembered, room=10**6)
        bodies |= {subject: value.model_dump_json() for subject, (value, _) in sight.memories.items()}


def _lifecycles(meter: Meter, *, rings: bool) -> tuple[Meter, Meter, int]:
    """Lead requests through their lives; return what sequencing cost, what detection cost, and how many events."""
    bench, sequencing, detecting = Bench(), Meter(), Meter()
    bench.prepare()
    detection = _detection(bench)
    _follow(detection)
    before = _head(bench)
    meter.take()
    for number in range(LIFECYCLES):
        for act in _acts(bench):
            act()
            meter.take()
            bench.sequence()
            _add(sequencing, meter.take())
            if rings or number == LIFECYCLES - 1:
                _follow(detection)
                _add(detecting, meter.take())
        bench.world.clock.advance(timedelta(hours=7))
    return sequencing, detecting, _head(bench) - before


def _acts(bench: Bench) -> Iterator[Callable[[], object]]:
    made: list[str] = []
    yield lambda: made.append(bench.asking.submit(bench.submission("role1"), a_call(MAYA)).id)
    yield lambda: bench.approve(made[0], "item-1", a_call(NOA))
    yield lambda: bench.advance(made[0])
    bench.world.clock.advance(timedelta(hours=2))
    yield lambda: bench.advance(made[0])


def _detection(bench: Bench) -> Detection:
    clock = bench.world.clock
    return Detection(
        unit_of_work=bench.work,
        ledger=DynamoLedger(clock=clock, retention=RETENTION),
        lanes=DynamoLanes(clock=clock),
        memories=DynamoMemories(),
        anomalies=DynamoAnomalies(clock=clock),
        rules=DynamoAlertRules(),
        settings=DynamoAnomalySettings(),
        clock=clock,
        zone="UTC",
    )


def _follow(detection: Detection) -> None:
    while detection.step():
        pass


def _head(bench: Bench) -> int:
    return DynamoLedger(clock=bench.world.clock, retention=RETENTION).kept().head.seq


def _add(total: Meter, taken: Meter) -> None:
    total.calls += taken.calls
    total.read_units += taken.read_units
    total.write_units += taken.write_units


def _counted(name: str, sequencing: Meter, detecting: Meter, events: int) -> Iterator[Row]:
    for what, cost, base in (
        ("calls", detecting.calls, sequencing.calls),
        ("reads", detecting.read_units, sequencing.read_units),
        ("writes", detecting.write_units, sequencing.write_units),
    ):
        unit = {"calls": "calls", "reads": "RU", "writes": "WU"}[what]
        yield Row(f"{name}: {what} an event", cost / events, unit, {"the sequencer's": cost / base} if base else {})
