"""The State stream rings, and may do so twice, late or not at all: the record decides, and the sweep is the guarantee.

The emulator plays only some of this: here the test is Lambda, as template.yaml sets it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.records import RequestRecord, StateRecord, value_of
from nightlatch.bootstrap import state
from nightlatch.bootstrap.ledger import ledger
from nightlatch.domain.access_request import CLOSED, AccessRequest, Status
from nightlatch.domain.errors import NotFoundError
from tests.builders import ADA, HOUR, MAYA, NOA, OMAR
from tests.integration.aws.deployed import Deployed
from tests.integration.aws.event_source_mapping import (
    BATCHES_AGAIN,
    Changes,
    EventSourceMapping,
    Fate,
    Record,
    Settings,
    Turn,
)
from tests.integration.aws.outbound import FOR_EVER, Failing, Fault

LONGEST_ROUND = timedelta(days=1)


@dataclass
class Streamed:
    """A Nightlatch whose functions are rung by its State table's stream."""

    nightlatch: Deployed
    changes: Changes
    mappings: dict[str, EventSourceMapping] = field(default_factory=dict)
    _read: int = 0

    def reset(self) -> None:
        """Begin anew."""
        self.nightlatch.reset()
        self.changes.clear()
        self._read = 0
        one = self.nightlatch
        self.mappings = {
            name: EventSourceMapping(Settings.in_template(name), one.invoke, one.clock, one.outbound)
            for name in ("provisioning", "ledger")
        }

    def pump(self, turns: Iterator[Turn] | None = None) -> None:
        """Let both functions be rung for everything that has changed, and for what they change."""
        turns = turns or iter(())
        while self._read < len(self.changes.records):
            news, self._read = self.changes.records[self._read :], len(self.changes.records)
            for mapping in self.mappings.values():
                mapping.take(news)
                mapping.hand_over(turns)
        self.nightlatch.outbound.plans.clear()

    def handed(self, function: str) -> list[Record]:
        """List what a function was handed."""
        return [record for batch in self.mappings[function].batches for record in batch]


@pytest.fixture(scope="module")
def wired_stream(wired: Deployed) -> Iterator[Streamed]:
    """Read the stream of the wired tables."""
    changes = Changes("state", wired.clock)
    events = table_of(StateRecord).connection.client.meta.events
    changes.watch(events)
    yield Streamed(wired, changes)
    changes.ignore(events)


@pytest.fixture
def streamed(wired_stream: Streamed) -> Streamed:
    """Begin with one database, one flow and nothing told."""
    wired_stream.reset()
    return wired_stream


STEPS: dict[str, Callable[[Deployed, str], object]] = {
    "approve": lambda one, request_id: one.command(request_id, "approve", by=NOA),
    "reject": lambda one, request_id: one.command(request_id, "reject", by=OMAR),
    "cancel": lambda one, request_id: one.command(request_id, "cancel", by=MAYA),
    "return": lambda one, request_id: one.command(request_id, "return", by=MAYA),
    "revoke": lambda one, request_id: one.command(request_id, "revoke", by=ADA, reason="leak"),
    "minute": lambda one, _: one.clock.advance(timedelta(minutes=1)),
    "hour": lambda one, _: one.clock.advance(HOUR),
}

turns = st.builds(Turn, fate=st.sampled_from(Fate), lane=st.integers(0, 9), call=st.integers(0, 8))
steps = st.tuples(st.sampled_from(["approve", "approve", "pump", *STEPS]), st.integers(0, 2))


@settings(max_examples=15)
@given(fates=st.lists(turns, max_size=12), acts=st.lists(steps, min_size=3, max_size=12))
def test_whatever_the_stream_does_the_sweep_brings_everything_where_it_should_be(
    wired_stream: Streamed, fates: list[Turn], acts: list[tuple[str, int]]
) -> None:
    """D4. I3. J1: batches doubled, lost, late and killed in the middle; lanes in any order."""
    wired_stream.reset()
    one, coming = wired_stream.nightlatch, iter(fates)
    request_ids = [one.submitted() for _ in range(3)]

    for step, number in acts:
        if step == "pump":
            wired_stream.pump(coming)
        else:
            STEPS[step](one, request_ids[number])
    wired_stream.pump(coming)
    bring_to_the_end(one)

    assert {one.request(request_id).status for request_id in request_ids} <= CLOSED
    assert one.connector.accesses == {}
    told = [(entry.event_id, entry.request_id) for entry in one.trail()]
    assert by_request(told) == by_request(wired_stream.changes.committed())


def bring_to_the_end(one: Deployed) -> None:
    """Sweep: what is approved begins, what is granted is over, what waits for a vote lapses, what is closed is seen."""
    for span in (timedelta(0), HOUR, LONGEST_ROUND):
        one.clock.advance(span)
        one.sweep(minutes=4)


def by_request(events: list[tuple[str, str | None]]) -> dict[str | None, list[str]]:
    """Sort events by request, each request's in the order given. Those of no request have no order among them."""
    in_order = sorted(events, key=lambda event: str(event[1]))
    ids = {key: [event_id for event_id, _ in group] for key, group in groupby(in_order, key=lambda event: event[1])}
    return {key: found if key else sorted(found) for key, found in ids.items()}


def whole_life(streamed: Streamed) -> str:
    """Ask, approve, grant and give back, with every change pumped."""
    request_id = streamed.nightlatch.approved()
    streamed.pump()
    streamed.nightlatch.command(request_id, "return", by=MAYA)
    streamed.pump()
    return request_id


def test_the_doorbell_alone_grants_ends_and_tells(streamed: Streamed) -> None:
    request_id = whole_life(streamed)

    assert streamed.nightlatch.request(request_id).status is Status.CANCELED
    assert streamed.nightlatch.told(request_id)[-2:] == ["access.revoking", "access.returned"]


def test_the_filters_let_pass_what_is_to_be_done_and_nothing_else(streamed: Streamed) -> None:
    whole_life(streamed)

    images = (record["dynamodb"]["NewImage"] for record in streamed.handed("provisioning"))
    states = [value_of(RequestRecord.from_raw_data(image), AccessRequest).status for image in images]
    rung = {record["dynamodb"]["NewImage"]["pk"]["S"] for record in streamed.handed("ledger")}
    assert states == ["APPROVED", "REVOKING"]
    assert rung == {"OUTBOX#0"}
    assert len(streamed.handed("ledger")) == len(streamed.changes.rows()) < len(streamed.changes.committed())


def test_one_ring_drains_the_events_of_many_requests(streamed: Streamed) -> None:
    for _ in range(3):
        streamed.nightlatch.approved()
    streamed.pump()

    assert max(len(batch) for batch in streamed.mappings["ledger"].batches) > 3


def test_requests_that_arrive_in_one_batch_are_all_granted(streamed: Streamed) -> None:
    """Requests share a lane when their keys happen to: here all do."""
    request_ids = [streamed.nightlatch.approved() for _ in range(3)]
    mapping = streamed.mappings["provisioning"]
    mapping.settings = replace(mapping.settings, lanes=1)
    streamed.pump()

    assert len(mapping.batches[0]) == 3
    assert {streamed.nightlatch.request(request_id).status for request_id in request_ids} == {Status.GRANTED}


@pytest.mark.parametrize("function", ["provisioning", "ledger"])
def test_a_shard_that_is_read_again_from_some_batches_ago_does_nothing_twice(streamed: Streamed, function: str) -> None:
    """D4. I3: what is told again is old: those requests have gone on since."""
    one, mapping = streamed.nightlatch, streamed.mappings.pop(function)
    mapping.settings = replace(mapping.settings, lanes=1, batch_size=1)
    streamed.mappings = {function: mapping, **streamed.mappings}
    request_ids = [whole_life(streamed) for _ in range(2)]
    last = one.approved()
    streamed.pump(iter([Turn(Fate.AGAIN)] * 2))

    handed = [id(record) for record in streamed.handed(function)]
    assert len(handed) >= len({*handed}) + BATCHES_AGAIN
    assert [one.request(request_id).status for request_id in request_ids] == [Status.CANCELED] * 2
    assert one.request(last).status is Status.GRANTED
    assert one.connector.calls.count("grant") == 3
    told = [(entry.event_id, entry.request_id) for entry in one.trail()]
    assert by_request(told) == by_request(streamed.changes.committed())


@pytest.mark.parametrize("function", ["provisioning", "ledger"])
def test_what_failed_too_often_is_a_dead_letter_and_the_sweep_does_it(streamed: Streamed, function: str) -> None:
    """J2. I3."""
    one = streamed.nightlatch
    request_id = one.approved()
    one.outbound.arrange(Failing(Fault.REFUSED), of="dynamodb.", times=FOR_EVER)
    mapping = streamed.mappings[function]

    mapping.take(streamed.changes.records)
    mapping.hand_over(iter(()))
    one.outbound.plans.clear()
    one.sweep()

    assert mapping.dead_letters
    tries = [batch for batch in mapping.batches if batch == [mapping.dead_letters[0]]]
    assert len(tries) == 1 + mapping.settings.retries
    assert one.request(request_id).status is Status.GRANTED
    assert one.told(request_id)[-1] == "access.granted"


@pytest.mark.parametrize("function", ["provisioning", "ledger"])
def test_what_is_too_old_is_a_dead_letter_and_the_sweep_does_it(streamed: Streamed, function: str) -> None:
    """D4. I3."""
    request_id = streamed.nightlatch.approved()
    mapping = streamed.mappings[function]

    mapping.take(streamed.changes.records)
    mapping.hand_over(iter([Turn(Fate.LATE)]))
    streamed.nightlatch.sweep()

    assert mapping.dead_letters
    assert mapping.batches == []
    assert streamed.nightlatch.request(request_id).status is Status.GRANTED


# What DynamoDB removes by itself


def past_retention(streamed: Streamed) -> list[Record]:
    """Let everything of a request's whole life be over, and removed: its state, its grant and a receipt."""
    one = streamed.nightlatch
    one.submit(key="ask")
    whole_life(streamed)
    one.clock.advance(timedelta(days=91))
    return streamed.changes.expire(one.clock.now)


def test_what_is_removed_when_its_time_is_over_rings_nobody(streamed: Streamed) -> None:
    """D5."""
    told = past_retention(streamed)

    kinds = {record["dynamodb"]["Keys"]["sk"]["S"] for record in told}
    assert kinds == {"REQUEST", "GRANT", "ask"}
    assert {record["eventName"] for record in told} == {"REMOVE"}
    assert not [
        record for record in told for mapping in streamed.mappings.values() if mapping.settings.lets_pass(record)
    ]


def test_a_doorbell_for_what_is_removed_does_nothing(streamed: Streamed) -> None:
    """D5: even if a filter let it through, and the item is still there."""
    one = streamed.nightlatch
    removed = past_retention(streamed)
    written, calls = len(streamed.changes.records), len(one.connector.calls)

    one.invoke("provisioning", {"Records": removed})
    one.invoke("ledger", {"Records": removed})

    assert len(streamed.changes.records) == written
    assert len(one.connector.calls) == calls


def test_what_is_past_its_time_but_still_there_is_not_served(streamed: Streamed) -> None:
    """D5: not a request, not its grant, not a receipt, not an entry of the ledger."""
    one = streamed.nightlatch
    first = one.submit(key="ask").json["id"]
    one.command(first, "cancel", by=MAYA)
    request_id = whole_life(streamed)
    one.sweep()
    head = ledger().kept().head.seq
    one.clock.advance(timedelta(days=91))

    assert one.call("access_requests", "GET", f"/v1/requests/{request_id}", None, by=MAYA).status == 404
    assert one.command(request_id, "credentials", by=MAYA).status == 404
    with pytest.raises(NotFoundError):
        state.requests().grant(request_id)
    assert one.submit(key="ask").json["id"] != first
    assert list(ledger().kept().entries(1, head)) == []
