"""What an export costs by how long it is: rows a second, and the most memory that a worker needs for it.

The ledger is made up as it is read, so it is neither kept nor fetched: what is measured is the writing. It is compared
with writing the canonical form of the same entries, one a line. The file is thrown away part by part.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from multiprocessing import get_context
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter
from typing import Any

from nightlatch.adapters.exports.registry import WRITERS
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.export import MOST_ROWS, Export, ExportFormat, ExportOrder, ExportState
from nightlatch.domain.ledger import Head, LedgerEntry, canonical_json
from nightlatch.services.export_jobs import PART, ExportJobs
from nightlatch.services.exports import Answered, Exports
from nightlatch.services.ports.trail import LedgerIndex
from tests.benchmarks.row import Row
from tests.builders import IVO, FakeClock, a_call, a_chain, an_event
from tests.fakes.exports import FakeExportWorkers, FakeFiles, FakeReportPrinter
from tests.fakes.store import InMemoryStore, predictable

FORKING = get_context("fork")
LENGTHS = (1_000, 10_000, 100_000, MOST_ROWS)
LONG = 100_000
BASELINE = "canonical JSON lines"
MEBIBYTE = 1024**2
CALL = {"method": "POST", "path": "/v1/requests", "query": "", "referer": ""}


def an_entry() -> LedgerEntry:
    """Build an entry of the usual size."""
    event = an_event(by=IVO.as_actor(), request_id="req_06h021j1gdo016sqb7d1q6oobk")
    details = {"session_user": "nl_maya_7f3ac1", "start": None, "end": None, "reason": "x" * 80, "call": CALL}
    [entry] = a_chain(1)
    told = {"details": details, "actor": event.actor, "request_id": event.request_id, "user_agent": "curl/8.5"}
    return entry.model_copy(update=told)


@dataclass(frozen=True)
class EndlessEntries:
    """A ledger of so many like entries, each made when it is read."""

    entry_like: LedgerEntry
    length: int
    at: datetime
    since: datetime

    @property
    def head(self) -> Head:
        """Say how many there are."""
        return Head(seq=self.length, hash=self.entry_like.hash, recorded_at=self.entry_like.recorded_at)

    def entry(self, seq: int) -> LedgerEntry | None:
        """Make one."""
        return self.entry_like.model_copy(update={"seq": seq}) if 1 <= seq <= self.length else None

    def entries(self, first: int, last: int, *, newest_first: bool = False) -> Iterator[LedgerEntry]:
        """Make them one by one."""
        numbers = range(max(first, 1), min(last, self.length) + 1)
        ordered = reversed(numbers) if newest_first else numbers
        return (self.entry_like.model_copy(update={"seq": seq}) for seq in ordered)

    def by_numbers(self, numbers: Iterable[int]) -> list[LedgerEntry]:
        """Make one for the look at the ends."""
        return [self.entry_like]

    def indexed(self, index: LedgerIndex, value: str, first: int, last: int) -> Iterator[int]:
        """Find nothing: nobody looks for anything."""
        return iter(())


@dataclass
class EndlessStore(InMemoryStore):
    """A store whose ledger is endless."""

    length: int = 0
    entry_like: LedgerEntry = field(default_factory=an_entry)

    def kept(self) -> EndlessEntries:  # type: ignore[override]  # as the port wants it, not as the fake's own tests do
        """Look at the ledger as it is now."""
        at = self.clock()
        return EndlessEntries(self.entry_like, self.length, at=at, since=self.audit_settings().kept_since(at))


@dataclass
class Nowhere:
    """Keeps nothing of a file but its size."""

    size: int = 0
    numbers: Iterator[int] = field(default_factory=count)

    def begin(self, name: str, *, content_type: str) -> str:
        """Begin again."""
        self.size = 0
        return "upload"

    def put_part(self, name: str, upload_id: str, number: int, content: bytes) -> str:
        """Count a part."""
        self.size += len(content)
        return str(next(self.numbers))

    def complete(self, name: str, upload_id: str, marks: Sequence[str]) -> None:
        """Do nothing."""

    def put(self, name: str, content: bytes, *, content_type: str) -> None:
        """Do nothing."""

    def read(self, name: str) -> Iterator[bytes]:
        """Give back as many bytes, in pieces as S3 gives them."""
        piece = bytes(MEBIBYTE)
        yield from (piece[: min(MEBIBYTE, self.size - begin)] for begin in range(0, self.size, MEBIBYTE))

    def link(self, name: str, *, file_name: str) -> str:
        """Name no place."""
        return ""


def rows(*, rounds: int) -> Iterator[Row]:
    """Measure each format at each length, each in a process of its own; what is long once only."""
    for length in LENGTHS:
        times = rounds if length < LONG else 1
        store = a_ledger(length)
        base = median(_measured(partial(_canonical, store)).seconds for _ in range(times))
        yield Row(f"{BASELINE}, {length:,}", length / base, "row/s", {})
        for format_ in (each for each in ExportFormat if not each.is_printed):  # that has a benchmark of its own
            taken = [_measured(partial(write_export, store, format_)) for _ in range(times)]
            seconds, memory = median(one.seconds for one in taken), median(one.mebibytes for one in taken)
            yield Row(f"{format_}, {length:,}", length / seconds, "row/s", {"baseline's time": seconds / base})
            yield Row(f"{format_}, {length:,}: memory", memory, "MiB", {})


def a_ledger(length: int) -> EndlessStore:
    """Build a store of so many entries."""
    return EndlessStore(clock=FakeClock(), random=predictable(), length=length)


def _canonical(store: EndlessStore) -> None:
    for entry in store.kept().entries(1, store.length):
        canonical_json(entry.model_dump(mode="json"))


def write_export(store: EndlessStore, format_: ExportFormat, *, part: int = PART) -> None:
    """Ask for an export of everything, and write it; all of it, or it is an error."""
    files, workers = Nowhere(), FakeExportWorkers()
    asking = Exports(
        unit_of_work=store, ledger=store, exports=store, writers=WRITERS, files=files, workers=workers,
        clock=store.clock, randomness=store.random, zone="Europe/Berlin",
    )  # fmt: skip
    jobs = ExportJobs(
        unit_of_work=store,
        ledger=store,
        exports=store,
        writers=WRITERS,
        files=files,
        workers=workers,
        printer=FakeReportPrinter(FakeFiles()),
        clock=store.clock,
        part=part,
    )
    order = ExportOrder.of(format_, EntryFilter(since=store.entry_like.recorded_at), include_filters=False)
    outcome = asking.export(order, a_call(IVO))
    if isinstance(outcome, Answered) and outcome.export.progress.rows != store.length:
        raise AssertionError(f"{outcome.export.progress.rows} of {store.length} rows were answered")
    if isinstance(outcome, Export):
        done = jobs.work_on(outcome.person_id, outcome.id, has_time=lambda: True)
        if done.state is not ExportState.DONE or done.progress.rows != store.length:
            raise AssertionError(f"{done.progress.rows} of {store.length} rows were written: {done.failure}")
    store.entities.clear()


@dataclass(frozen=True)
class Measured:
    """How long something took, and how much more memory the process came to have."""

    seconds: float
    mebibytes: float


def _measured(work: Callable[[], None]) -> Measured:
    queue = FORKING.SimpleQueue()
    child = FORKING.Process(target=_measure, args=(work, queue))
    child.start()
    seconds, mebibytes = queue.get()
    child.join()
    return Measured(seconds, mebibytes)


def _measure(work: Callable[[], None], queue: Any) -> None:
    before, started = getrusage(RUSAGE_SELF).ru_maxrss, perf_counter()
    work()
    queue.put((perf_counter() - started, (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024))
