"""The sequencer on the real store: rivals, doorbells doubled and lost, deaths at each call, and a reader meanwhile."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from random import Random
from typing import Any

import pytest

from nightlatch.adapters.dynamodb.connection import SharedConnection, table_of
from nightlatch.adapters.dynamodb.records import StateRecord
from nightlatch.bootstrap import state
from nightlatch.bootstrap.ledger import ledger
from nightlatch.bootstrap.sequencer import sequencer
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.sequencer import Sequencer
from tests.builders import API, KilledError, an_event
from tests.integration.aws.deployed import Deployed, surviving
from tests.integration.aws.event_source_mapping import Changes
from tests.integration.aws.outbound import Death, Meanwhile

REQUESTS = ("req_1", "req_2", "req_3")
SWEEP = {"sweep": True}
WRITERS = 20
WRITES = 1_000
PAGES = (1, 7, 1_000)


@pytest.fixture
def committed(nightlatch: Deployed) -> Iterator[Changes]:
    """See every event that is committed."""
    changes = Changes("state", nightlatch.clock)
    events = table_of(StateRecord).connection.client.meta.events
    changes.watch(events)
    yield changes
    changes.ignore(events)


def record(nightlatch: Deployed, number: int, *, events: int = 1) -> None:
    """Commit events of one of the requests."""
    request_id = REQUESTS[number % len(REQUESTS)]
    told = (an_event(at=nightlatch.clock(), request_id=request_id) for _ in range(events))
    state.unit_of_work().record(*told, origin=API)


def as_committed(nightlatch: Deployed, changes: Changes) -> bool:
    """Say whether the ledger holds what was committed: each once, a request's in order, chained without a gap."""
    entries = nightlatch.trail()
    told = changes.committed()
    return len(entries) == len(told) and all(
        [entry.event_id for entry in entries if entry.request_id == request_id]
        == [event_id for event_id, of in told if of == request_id]
        for request_id in REQUESTS
    )


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_a_function_that_dies_at_any_call_takes_no_event_twice_and_loses_none(
    nightlatch: Deployed, committed: Changes, *, after_effect: bool
) -> None:
    """I3."""
    for number in range(20):
        record(nightlatch, number, events=3)
        plan = nightlatch.outbound.arrange(Death(after_effect=after_effect), at=number)
        with surviving():
            nightlatch.invoke("ledger", SWEEP)
        nightlatch.outbound.plans.clear()
        if not plan.was_reached:
            break
        nightlatch.invoke("ledger", SWEEP)

    assert number > 3
    assert as_committed(nightlatch, committed)


@pytest.mark.parametrize("what", ["a rival drains", "an event is committed", "both"])
def test_whatever_happens_before_any_call_every_event_is_taken_once(
    nightlatch: Deployed, committed: Changes, what: str
) -> None:
    """I3."""

    def meanwhile() -> None:
        if what != "a rival drains":
            record(nightlatch, 1)
        if what != "an event is committed":
            nightlatch.invoke("ledger", SWEEP)

    for number in range(20):
        record(nightlatch, number, events=2)
        plan = nightlatch.outbound.arrange(Meanwhile(meanwhile), at=number)
        nightlatch.invoke("ledger", SWEEP)
        nightlatch.outbound.plans.clear()
        if not plan.was_reached:
            break

    assert number > 3
    nightlatch.invoke("ledger", SWEEP)
    assert as_committed(nightlatch, committed)


# Truly at once. moto is not made for threads: each call to it is made alone, and they take turns between calls.


@pytest.fixture
def one_call_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let threads take turns between calls, as DynamoDB does with transactions on the same items."""
    turn, dispatch = threading.Lock(), SharedConnection.dispatch

    def alone(self: SharedConnection, operation_name: str, operation_kwargs: dict[str, Any]) -> Any:
        with turn:
            return dispatch(self, operation_name, operation_kwargs)

    monkeypatch.setattr(SharedConnection, "dispatch", alone)


def at_once(*works: Callable[[], None]) -> None:
    """Do everything at the same time, and come back when all is done."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("one_call_at_a_time")
def test_a_reader_of_the_feed_meets_every_event_once_in_order_while_writers_and_rivals_die(
    nightlatch: Deployed, committed: Changes
) -> None:
    """I3: a thousand writes, three sequencers of which any may die at any call, and a reader that never stops."""
    over, feed = threading.Event(), AuditTrail(ledger=ledger())
    read: list[LedgerEntry] = []
    writers = [Mortal(Random(number), 0.1) for number in range(WRITERS)]

    def write(mortal: Mortal, number: int) -> None:
        for _ in range(WRITES // WRITERS):
            with suppress(KilledError):
                mortal.perhaps()
                record(nightlatch, number, events=1 + number % 2)
                mortal.perhaps()

    def sequence(mortal: Mortal) -> None:
        while not over.is_set():
            with suppress(KilledError):
                outbox = mortal.around(sequencer()._outbox)
                Sequencer(outbox=outbox, clock=nightlatch.clock, random=os.urandom).drain(batches=1)

    def follow() -> None:
        for limit in cycle(PAGES):
            if over.is_set():
                break
            read.extend(feed.feed(after=read[-1].seq if read else 0, limit=limit).entries)

    rivals = [threading.Thread(target=sequence, args=(Mortal(Random(100 + number), 0.1),)) for number in range(3)]
    reader = threading.Thread(target=follow)
    for thread in (*rivals, reader):
        thread.start()
    at_once(*(lambda mortal=mortal, number=number: write(mortal, number) for number, mortal in enumerate(writers)))
    over.set()
    for thread in (*rivals, reader):
        thread.join()
    nightlatch.invoke("ledger", SWEEP)
    read.extend(feed.feed(after=read[-1].seq if read else 0, limit=2 * WRITES).entries)

    assert len(read) > WRITES
    assert read == nightlatch.trail()
    assert sorted(entry.event_id for entry in read) == sorted(event_id for event_id, _ in committed.committed())


class Mortal:
    """Somebody who dies before or after any call with a certain probability."""

    def __init__(self, random: Random, risk: float) -> None:
        self._random = random
        self._risk = risk

    def perhaps(self) -> None:
        """Die, perhaps."""
        if self._random.random() < self._risk:
            raise KilledError

    def around(self, port: Any) -> Any:
        """Wrap a port whose caller may die at each of its calls."""
        return _Risky(self, port)


class _Risky:
    def __init__(self, mortal: Mortal, port: Any) -> None:
        self._mortal = mortal
        self._port = port

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._mortal.perhaps()
            answer = getattr(self._port, name)(*args, **kwargs)
            self._mortal.perhaps()
            return answer

        return call
