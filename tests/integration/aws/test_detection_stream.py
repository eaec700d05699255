"""The Ledger stream rings detection, and may do so twice, late or not at all: nothing is lost, and nothing is doubled.

What should be found is known by looking through the whole trail at once, without any store.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.adapters.dynamodb.anomalies import DynamoAnomalies
from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.records import StateRecord
from nightlatch.bootstrap.detection import detection
from nightlatch.domain.anomaly import AnomalyType
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import look_through
from nightlatch.domain.detectors.registry import detectors
from nightlatch.services.ports.anomalies import AnomalyFilter
from tests.builders import EVE, MAYA, NOA, a_principal
from tests.integration.aws.deployed import Deployed, surviving
from tests.integration.aws.event_source_mapping import Changes, EventSourceMapping, Fate, Settings, Turn
from tests.integration.aws.outbound import FOR_EVER, Death, Failing, Fault, Meanwhile

DETECTION = "anomaly_detection"
SWEEP = {"sweep": True}
RING = {"Records": [{"eventName": "INSERT"}]}
DEVELOPERS = [a_principal(name, groups=["developers"]) for name in ("maya", "lena", "omar", "kim")]


@dataclass
class Rung:
    """A Nightlatch whose ledger rings detection."""

    nightlatch: Deployed
    changes: Changes
    mapping: EventSourceMapping = field(init=False)
    _read: int = 0

    def reset(self) -> None:
        """Begin anew."""
        self.nightlatch.reset()
        self.changes.clear()
        self._read = 0
        one = self.nightlatch
        self.mapping = EventSourceMapping(Settings.in_template(DETECTION), one.invoke, one.clock, one.outbound)

    def pump(self, turns: Iterator[Turn] | None = None) -> None:
        """Number what waits, and ring for everything that came into the ledger, what ringing makes included."""
        turns = turns or iter(())
        while True:
            self.nightlatch.invoke("ledger", SWEEP)
            news, self._read = self.changes.records[self._read :], len(self.changes.records)
            if not news:
                break
            self.mapping.take(news)
            self.mapping.hand_over(turns)
            self.nightlatch.outbound.plans.clear()

    def sweep(self) -> None:
        """Let the sweep run, and what it tells be numbered."""
        self.nightlatch.invoke(DETECTION, SWEEP)
        self.nightlatch.invoke("ledger", SWEEP)


@pytest.fixture(scope="module")
def wired_ledger(wired: Deployed) -> Iterator[Rung]:
    """Read the stream of the wired ledger."""
    changes = Changes("ledger", wired.clock)
    events = table_of(StateRecord).connection.client.meta.events
    changes.watch(events)
    yield Rung(wired, changes)
    changes.ignore(events)


@pytest.fixture
def rung(wired_ledger: Rung) -> Rung:
    """Begin with one database, one flow and nothing told."""
    wired_ledger.reset()
    return wired_ledger


def ask(one: Deployed, who: int) -> str:
    """Let somebody ask for what nobody has asked for yet."""
    return str(one.submit(next(one.unasked), by=DEVELOPERS[who]).json["id"])


def should_be_found(one: Deployed) -> list[str]:
    """Look through the whole trail at once."""
    sight = look_through(one.trail(), detectors(AnomalyChoices(), zone="UTC"), {}, room=10**9)
    return sorted(finding.anomaly_id for finding, _ in sight.findings)


def found(one: Deployed) -> list[str]:
    """List the anomalies that are kept, and see that each was told once."""
    kept = sorted(anomaly.id for anomaly in DynamoAnomalies(clock=one.clock).candidates(AnomalyFilter()))
    told = [entry.resource.id for entry in one.trail() if entry.event_type == EventType.ANOMALY_DETECTED]
    assert sorted(told) == kept
    return kept


turns = st.builds(Turn, fate=st.sampled_from(Fate), lane=st.integers(0, 9), call=st.integers(0, 9))
acts = st.tuples(st.sampled_from(["ask", "ask", "approve", "reject", "pump", "minute"]), st.integers(0, 3))

ACTS: dict[str, Callable[[Deployed, str], object]] = {
    "approve": lambda one, request_id: one.command(request_id, "approve", by=NOA),
    "reject": lambda one, request_id: one.command(request_id, "reject", by=NOA),
    "minute": lambda one, _: one.clock.advance(timedelta(minutes=1)),
}


@settings(max_examples=15)
@given(fates=st.lists(turns, max_size=12), what=st.lists(acts, min_size=3, max_size=14))
def test_whatever_the_stream_does_each_anomaly_is_there_once(
    wired_ledger: Rung, fates: list[Turn], what: list[tuple[str, int]]
) -> None:
    """D4. I3. J1: batches doubled, lost, late and killed in the middle."""
    wired_ledger.reset()
    one, coming = wired_ledger.nightlatch, iter(fates)
    last = ask(one, 0)

    for act, who in what:
        if act == "pump":
            wired_ledger.pump(coming)
        elif act == "ask":
            last = ask(one, who)
        else:
            ACTS[act](one, last)
    wired_ledger.pump(coming)
    wired_ledger.sweep()

    assert found(one) == should_be_found(one) != []


def test_the_doorbell_alone_finds_everything(rung: Rung) -> None:
    for who in range(4):
        ask(rung.nightlatch, who)
    rung.pump()

    assert found(rung.nightlatch) == should_be_found(rung.nightlatch)
    assert len(found(rung.nightlatch)) == 4


def test_a_batch_is_at_most_what_the_template_says_and_one_ring_looks_at_all_of_it(rung: Rung) -> None:
    for number in range(60):
        ask(rung.nightlatch, number % 4) if number < 20 else rung.nightlatch.submit(by=EVE)
    rung.mapping.settings = replace(rung.mapping.settings, batch_size=7)
    rung.pump()

    assert max(len(batch) for batch in rung.mapping.batches) <= 7
    assert found(rung.nightlatch) == should_be_found(rung.nightlatch)


def test_what_failed_too_often_is_a_dead_letter_and_the_sweep_finds_it(rung: Rung) -> None:
    """J2. I3."""
    one = rung.nightlatch
    ask(one, 0)
    one.invoke("ledger", SWEEP)
    one.outbound.arrange(Failing(Fault.REFUSED), of="dynamodb.", times=FOR_EVER)
    rung.mapping.take(rung.changes.records)
    rung.mapping.hand_over(iter(()))
    one.outbound.plans.clear()
    rung.sweep()

    assert rung.mapping.dead_letters
    assert found(one) == should_be_found(one) != []


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_killed_at_any_call_the_same_is_found_as_by_an_undisturbed_run(rung: Rung, *, after_effect: bool) -> None:
    """I3."""
    one = rung.nightlatch
    for number in range(30):
        one.reset()
        for who in range(4):
            ask(one, who)
        one.invoke("ledger", SWEEP)
        plan = one.outbound.arrange(Death(after_effect=after_effect), at=number)
        with surviving():
            one.invoke(DETECTION, RING)
        one.outbound.plans.clear()
        one.invoke(DETECTION, RING)
        one.invoke("ledger", SWEEP)
        assert found(one) == should_be_found(one) != []
        if not plan.was_reached:
            break

    assert 6 < number < 29


@pytest.mark.parametrize("event", [RING, SWEEP], ids=["ring", "sweep"])
def test_two_at_once_find_everything_once(rung: Rung, event: dict[str, object]) -> None:
    one = rung.nightlatch
    for number in range(40):
        one.reset()
        for who in range(4):
            ask(one, who)
        one.invoke("ledger", SWEEP)
        plan = one.outbound.arrange(Meanwhile(lambda: one.invoke(DETECTION, RING)), at=number)
        one.invoke(DETECTION, event)
        one.outbound.plans.clear()
        one.invoke(DETECTION, RING)
        one.invoke("ledger", SWEEP)
        assert found(one) == should_be_found(one) != []
        if not plan.was_reached:
            break

    assert 6 < number < 39


def test_a_ring_with_nothing_new_writes_nothing(rung: Rung) -> None:
    one = rung.nightlatch
    ask(one, 0)
    rung.pump()
    one.outbound.clear()
    one.invoke(DETECTION, RING)

    assert "dynamodb.TransactWriteItems" not in one.outbound.calls


def test_what_is_removed_when_its_time_is_over_rings_nobody(rung: Rung) -> None:
    """D5."""
    ask(rung.nightlatch, 0)
    rung.pump()
    rung.nightlatch.clock.advance(timedelta(days=91))
    removed = rung.changes.expire(rung.nightlatch.clock.now)

    assert removed
    assert not [record for record in removed if rung.mapping.settings.lets_pass(record)]


def test_the_first_request_of_a_person_is_found_end_to_end(rung: Rung) -> None:
    request_id = ask(rung.nightlatch, 0)
    rung.pump()
    [anomaly] = DynamoAnomalies(clock=rung.nightlatch.clock).candidates(AnomalyFilter())

    assert (anomaly.finding.type, anomaly.finding.request_id) == (AnomalyType.INACTIVE_USER, request_id)
    assert anomaly.finding.requester == MAYA.as_person()
    assert detection().step() is None
