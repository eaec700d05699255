"""What holds of every detector: however the ledger is divided, the same is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from nightlatch.domain.anomaly import AnomalyType
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.detection import Look, Subject, look_through
from nightlatch.domain.detectors.choices import Nothing
from nightlatch.domain.detectors.registry import detectors
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value
from tests.builders import ADA, MAYA, NOA, NOON, OMAR, ROBOT, a_definition, an_entry
from tests.unit.domain.detectors.requests import History, an_item

PEOPLE = (MAYA, NOA, OMAR, ADA, ROBOT)
PERMISSIONS = ("reader", "writer", "orders_admin", "role1")
FOUND = set(AnomalyType) - {AnomalyType.ALERT_RULE}
SENSITIVE = AnomalyChoices.model_validate(
    {
        **{name: {"enabled": True} for name in AnomalyChoices.model_fields if name != "words"},
        "rubber_stamping": {"enabled": True, "requests": 2, "approved_percent": 50},
        "reciprocal_approvals": {"enabled": True, "approvals": 1},
        "unusual_hours": {"enabled": True, "requests": 5, "weeks": 1, "hours_around": 0, "unusual_percent": 25},
        "access_automation": {"burst_requests": 2},
    }
)
LOOKING = detectors(SENSITIVE, zone="Europe/Berlin")

acts = st.tuples(
    st.sampled_from(["ask", "ask", "ask for", "approve", "reject", "flow", "destination"]),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(0, 3),
    st.sampled_from([5, 600, 7200, 8 * 86400]),
)
Act = tuple[str, int, int, int, int]


EVERY_NIGHT: list[Act] = [("ask", 0, 0, 3, 86400)] * 10
SOMETHING_FOR_EVERY_DETECTOR: list[Act] = [
    *EVERY_NIGHT,
    ("ask", 0, 0, 3, 5),
    ("reject", 1, 0, 3, 5),
    ("ask", 0, 0, 0, 600),
    ("approve", 1, 0, 3, 5),
    ("ask", 0, 0, 1, 600),
    ("ask", 0, 0, 2, 600),
    ("ask", 1, 1, 3, 600),
    ("approve", 0, 1, 3, 5),
    ("ask", 0, 0, 3, 7200),
    ("approve", 1, 0, 3, 5),
    ("ask", 0, 0, 3, 7200),
    ("approve", 1, 0, 3, 5),
    ("ask", 0, 0, 3, 7200),
    ("approve", 1, 0, 3, 5),
    ("flow", 3, 3, 3, 600),
    ("ask", 3, 3, 3, 600),
    ("destination", 3, 3, 3, 600),
]


def a_history(done: Sequence[Act]) -> list[LedgerEntry]:
    """Let people do these things: what, who, of whom, with which permission, so many seconds after the one before."""
    history, at, number = History(), NOON, 0
    for what, who, of, permission, seconds in done:
        at += timedelta(seconds=seconds)
        by, whose, item = PEOPLE[who], PEOPLE[of], an_item(PERMISSIONS[permission], "prod-orders")
        if what in {"ask", "ask for"}:
            number += 1
            history.ask(f"req_{number}", item, of=by if what == "ask" else whose, by=by, at=at)
        elif what in {"approve", "reject"}:
            yes = what == "approve"
            for kind in (
                EventType.ROLE_APPROVED if yes else EventType.ROLE_REJECTED,
                EventType.ACCESS_APPROVED if yes else EventType.ACCESS_REJECTED,
            ):
                history.tell(kind, f"req_{number}", item, of=whose, by=by, at=at)
        else:
            history.entries.append(_told(what, who, at, seq=len(history.entries) + 1))
    return history.entries


def _told(what: str, who: int, at: datetime, *, seq: int) -> LedgerEntry:
    before, after = a_definition(needed=2), a_definition(needed=1)
    details: dict[str, JsonValue] = {
        "version": 3,
        "before": before.model_dump(mode="json"),
        "after": after.model_dump(mode="json"),
    }
    is_flow = what == "flow"
    event = AuditEvent(
        event_type=EventType.FLOW_UPDATED if is_flow else EventType.DESTINATION_DELETED,
        timestamp=at,
        actor=PEOPLE[who].as_actor(),
        resource=ResourceReference(type=what, id="orders-roles"),
        description="something was changed",
        details=details if is_flow else {},
    )
    return an_entry(event, seq=seq)


def found(entries: Sequence[LedgerEntry], sizes: Sequence[int], *, room: int = 10**6) -> list[str]:
    """Look in chunks of these sizes, again and again; between them only text is remembered."""
    kinds = {detector.kind: detector.memory for detector in LOOKING}
    bodies: dict[Subject, str] = {}
    ids: list[str] = []
    rest, turn = list(entries), 0
    while rest:
        remembered: dict[Subject, Value] = {
            key: kinds[key[0]].model_validate_json(body) for key, body in bodies.items()
        }
        sight = look_through(rest[: sizes[turn % len(sizes)]], LOOKING, remembered, room=room)
        bodies |= {key: value.model_dump_json() for key, (value, _) in sight.memories.items()}
        ids += [f"{finding.type} {finding.anomaly_id} {entry.id}" for finding, entry in sight.findings]
        rest, turn = rest[sight.entries :], turn + 1
    return ids


def test_every_detector_looks_when_all_are_on_and_four_at_first() -> None:
    assert {detector.kind for detector in LOOKING} == FOUND
    assert len(detectors(AnomalyChoices(), zone="UTC")) == 4


@given(
    done=st.lists(acts, max_size=40), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4), room=st.integers(1, 9)
)
def test_however_the_ledger_is_divided_the_same_is_found(done: list[Act], sizes: list[int], room: int) -> None:
    entries = a_history(done)
    assert found(entries, sizes, room=room) == found(entries, [10**6])


def test_the_histories_that_are_tried_hold_something_for_every_detector() -> None:
    entries = a_history(SOMETHING_FOR_EVERY_DETECTOR)
    elsewhere = History(entries)
    elsewhere.ask("req_new", an_item("role1", "prod-salaries"), at=entries[-1].timestamp + timedelta(hours=9))

    kinds = {line.split()[0] for line in found(entries, [7])}

    assert kinds == FOUND


def test_whoever_did_it_is_named_unless_it_was_the_requester() -> None:
    done = [("ask for", 3, *act[2:]) if act[0] == "ask" else act for act in SOMETHING_FOR_EVERY_DETECTOR]
    sight = look_through(a_history([*done, ("ask for", 3, 2, 3, 600)]), LOOKING, {}, room=10**6)

    apart = {finding.type for finding, _ in sight.findings if finding.actor}
    assert apart == FOUND - {AnomalyType.UNUSUAL_HOURS}  # that looks only at what people ask for themselves
    for finding, entry in sight.findings:
        assert entry.actor.id in {person.id for person in finding.people}
        assert finding.actor != finding.requester


@dataclass(frozen=True)
class Curious:
    """Is concerned with everything that it is shown."""

    kind: AnomalyType
    memory: type[Value] = Nothing

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        return (entry.event_type,)

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        return Look(dict.fromkeys(memories, Nothing()))


@pytest.mark.parametrize("kind", AnomalyType)
def test_nobody_is_shown_what_detection_and_delivery_tell_but_one_how_a_delivery_or_a_rule_ends(
    kind: AnomalyType,
) -> None:
    own = [one for one in EventType if one.startswith(("anomaly.", "alert.rule.", "destination."))]
    entries = [History().tell(event_type, by=ADA) for event_type in own]

    shown = {subject for _, subject in look_through(entries, [Curious(kind)], {}, room=10**6).memories}

    ends = {"destination.disabled", "destination.deleted", "alert.rule.updated", "alert.rule.deleted"}
    assert shown == (ends if kind is AnomalyType.SAFEGUARD_WEAKENED else set())
