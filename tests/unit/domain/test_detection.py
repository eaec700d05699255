"""Looking through entries: what fits, what is remembered, what nobody looks at."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.anomaly import Anomaly, AnomalyType, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look, look_through, subjects_of
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value, rfc3339
from tests.builders import HOUR, NOON, a_finding, an_entry, an_event


class Seen(Value):
    """How many entries were seen."""

    times: int = 0


@dataclass(frozen=True)
class Counting:
    """Remembers how often each request was told of, and finds every third time."""

    kind: AnomalyType = AnomalyType.INACTIVE_USER
    memory: type[Value] = Seen

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember the request."""
        return (str(entry.request_id),)

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Count."""
        [(subject, seen)] = memories.items()
        assert isinstance(seen, Seen)
        times = seen.times + 1
        findings = (a_finding(f"{subject} {times}"),) if times % 3 == 0 else ()
        return Look({subject: Seen(times=times)}, findings)


def told(*request_ids: str, event_type: EventType = EventType.ACCESS_REQUESTED) -> list[LedgerEntry]:
    return [
        an_entry(an_event(event_type, request_id=request_id), seq=seq) for seq, request_id in enumerate(request_ids, 1)
    ]


def test_what_an_entry_leaves_behind_is_known_at_the_next() -> None:
    sight = look_through(told("a", "b", "a", "a"), [Counting()], {}, room=100)

    assert sight.entries == 4
    assert {subject: value for (_, subject), (value, _) in sight.memories.items()} == {
        "a": Seen(times=3),
        "b": Seen(times=1),
    }
    assert [(finding.scope, entry.seq) for finding, entry in sight.findings] == [("a 3", 4)]


def test_what_was_remembered_before_counts() -> None:
    before = {(AnomalyType.INACTIVE_USER, "a"): Seen(times=2)}
    assert len(look_through(told("a"), [Counting()], before, room=100).findings) == 1


@pytest.mark.parametrize("event_type", ["anomaly.detected", "alert.rule.updated", "destination.disabled"])
def test_nobody_looks_at_what_tells_of_findings_and_deliveries(event_type: str) -> None:
    entries = told("a", event_type=EventType(event_type))

    assert subjects_of(entries, [Counting()]) == set()
    sight = look_through(entries, [Counting()], {}, room=100)
    assert (sight.entries, sight.memories, sight.findings) == (1, {}, [])


@given(names=st.lists(st.sampled_from("abcd"), max_size=30), room=st.integers(0, 12))
def test_as_much_is_taken_as_fits_but_always_one(names: list[str], room: int) -> None:
    entries, found, seen = told(*names), list[Finding](), dict[tuple[AnomalyType, str], Value]()
    while entries:
        sight = look_through(entries, [Counting()], seen, room=room)
        assert sight.entries == 1 or len(sight.memories) + 2 * len(sight.findings) <= room
        assert sight.entries
        seen |= {subject: value for subject, (value, _) in sight.memories.items()}
        found += [finding for finding, _ in sight.findings]
        entries = entries[sight.entries :]

    assert found == [finding for finding, _ in look_through(told(*names), [Counting()], {}, room=10**6).findings]


def test_what_is_not_changed_is_not_written() -> None:
    @dataclass(frozen=True)
    class Still(Counting):
        def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
            """Remember what there was."""
            return Look(memories)

    before = {(AnomalyType.INACTIVE_USER, "a"): Seen(times=2)}
    assert look_through(told("a"), [Still()], before, room=9).memories == {}


def test_an_anomaly_is_told_now_and_says_when_it_was_detected() -> None:
    change = Anomaly.detected(a_finding(), at=NOON, told_at=NOON + HOUR)
    [event] = change.events

    assert (change.state.detected_at, change.state.updated_at) == (NOON, NOON + HOUR)
    assert (event.timestamp, event.details["detected_at"]) == (NOON + HOUR, rfc3339(NOON))
