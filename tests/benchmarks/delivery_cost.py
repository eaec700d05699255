"""What it costs to deliver an event: calls, write units and read units of DynamoDB, and events a second.

The baseline is to read the same entries, as the feed does, and to send nothing. Each entry is of the usual size. The
events a second are of one destination whose receiver answers at once, with the store in memory: what the code itself
takes, to which the calls' and the receiver's time is added.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from statistics import median
from time import perf_counter

from nightlatch.adapters.dynamodb.audit_settings import DynamoAuditSettings
from nightlatch.adapters.dynamodb.destinations import DynamoDestinations
from nightlatch.adapters.dynamodb.ledger import DynamoLedger
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord, record_of_entry
from nightlatch.adapters.dynamodb.outbox import head_record
from nightlatch.adapters.dynamodb.unit_of_work import DynamoUnitOfWork
from nightlatch.domain.change import Change
from nightlatch.domain.delivery import Progress
from nightlatch.domain.destination import Destination, DestinationKind
from nightlatch.domain.ledger import Head, LedgerEntry
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.delivering import ORIGIN, Delivering
from nightlatch.services.ports.deliveries import Destinations
from nightlatch.services.ports.destinations import Bounds
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.ports.writing import UnitOfWork
from tests.benchmarks._metered_tables import Meter, metered
from tests.benchmarks.exports import an_entry
from tests.benchmarks.row import Row, in_turn
from tests.builders import NOON, FakeClock
from tests.fakes.destinations import FakeDeliveryQueue, FakeReceiver, FakeSenders
from tests.fakes.store import InMemoryStore, predictable

BASELINE = "read, nothing sent"
EVENTS = 200
RETENTION = timedelta(days=90)
SIEM = "siem"
WANTED = {"event_types": ["access.*"]}
NOTHING = {"event_types": ["anomaly.*"]}


@dataclass(frozen=True)
class Store:
    """What a worker works on."""

    work: UnitOfWork
    destinations: Destinations
    ledger: Ledger
    clock: FakeClock
    senders: FakeSenders = field(default_factory=FakeSenders)

    def read(self) -> None:
        """Read everything, as the feed does."""
        last, trail = 0, AuditTrail(ledger=self.ledger)
        while (page := trail.feed(after=last, limit=EVENTS)).entries:
            last = page.last

    def work_off(self, most: int) -> None:
        """Deliver everything, so many together."""
        self.senders.receivers[SIEM] = FakeReceiver(bounds=Bounds(entries=most, bytes=10**9))
        self._worker().work_off(SIEM, has_time=lambda: True)

    def _worker(self) -> Delivering:
        return Delivering(
            unit_of_work=self.work,
            destinations=self.destinations,
            ledger=self.ledger,
            senders=self.senders,
            queue=FakeDeliveryQueue(),
            clock=self.clock,
            randomness=predictable(),
        )

    def begin(self, selection: object) -> None:
        """Make the destination, at the beginning of the ledger."""
        destination = Destination.model_validate(
            {
                "id": SIEM,
                "name": "SIEM",
                "kind": DestinationKind.WEBHOOK,
                "settings": {"url": "https://siem.example.com/events"},
                "selection": selection,
                "created_at": NOON,
                "updated_at": NOON,
            }
        )
        change = Change(destination, (), (Progress.beginning(SIEM, next_seq=1),))
        self.work.commit(change, origin=ORIGIN)


WAYS: dict[str, tuple[object, Callable[[Store], None]]] = {
    BASELINE: (WANTED, lambda store: store.read()),
    "in parcels of 100": (WANTED, lambda store: store.work_off(100)),
    "in parcels of 10": (WANTED, lambda store: store.work_off(10)),
    "one by one": (WANTED, lambda store: store.work_off(1)),
    "none of them selected": (NOTHING, lambda store: store.work_off(100)),
}


def rows(*, rounds: int) -> Iterator[Row]:
    """Deliver the same events in several ways."""
    charged = {name: _charged(*way) for name, way in WAYS.items()}
    base = charged[BASELINE]
    for name, meter in charged.items():
        yield Row(f"{name}: calls", meter.calls / EVENTS, "calls", {BASELINE: meter.calls / base.calls})
        yield Row(f"{name}: reads", meter.read_units / EVENTS, "RU", {BASELINE: meter.read_units / base.read_units})
        yield Row(f"{name}: writes", meter.write_units / EVENTS, "WU")
    measures = {name: partial(_seconds, *way) for name, way in WAYS.items()}
    spent = {name: median(values) for name, values in in_turn(measures, rounds=rounds).items()}
    for name, seconds in spent.items():
        yield Row(f"{name}: speed", EVENTS / seconds, "ev/s", {BASELINE: spent[BASELINE] / seconds})


def _charged(selection: object, way: Callable[[Store], None]) -> Meter:
    with metered() as meter:
        store = _on_dynamodb()
        store.begin(selection)
        meter.take()
        way(store)
        return meter.take()


def _seconds(selection: object, way: Callable[[Store], None]) -> float:
    store = _in_memory()
    store.begin(selection)
    began = perf_counter()
    way(store)
    return perf_counter() - began


def _entries() -> list[LedgerEntry]:
    like = an_entry()
    return [like.model_copy(update={"seq": seq, "id": f"{like.event_id}-{seq}"}) for seq in range(1, EVENTS + 1)]


def _head(entries: list[LedgerEntry]) -> Head:
    return Head(seq=EVENTS, hash=entries[-1].hash, recorded_at=entries[-1].recorded_at)


def _in_memory() -> Store:
    clock, entries = FakeClock(), _entries()
    store = InMemoryStore(clock=clock, random=predictable(), ledger={entry.seq: entry for entry in entries})
    store.chain = _head(entries)
    return Store(store, store, store, clock)


def _on_dynamodb() -> Store:
    clock, entries = FakeClock(), _entries()
    with LedgerRecord.batch_write() as batch:
        for entry in entries:
            batch.save(record_of_entry(entry, retention=RETENTION))
    head_record(_head(entries)).save()
    settings = DynamoAuditSettings(retention=RETENTION)
    work = DynamoUnitOfWork(clock=clock, random=predictable(), settings=settings, open_requests=25)
    return Store(work, DynamoDestinations(clock=clock), DynamoLedger(clock=clock, retention=RETENTION), clock)
