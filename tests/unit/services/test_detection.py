"""Detection: each entry is looked at once, and what was found is there once, whoever dies and whoever else is at it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.anomaly import AnomalyType
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.audit_settings import AuditChoices, Reads
from nightlatch.domain.change import Change
from nightlatch.domain.detection_lane import LIVE, DetectionLane, DetectorMemory, LaneState
from nightlatch.domain.detectors.choices import (
    AccessAutomationChoices,
    ApprovedAfterRejectionChoices,
    HighRiskAccessChoices,
    InactiveUserChoices,
)
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.selectors import TargetSelector
from nightlatch.services.asking import Submission, WantedItem
from nightlatch.services.ports.anomalies import AnomalyFilter
from tests.builders import (
    ADA,
    API,
    EVERYBODY,
    MAYA,
    NOA,
    OMAR,
    KilledError,
    Outside,
    World,
    a_call,
    a_definition,
    a_resource,
)
from tests.unit.services.deliveries import SIEM, create

RISKY = AnomalyType.HIGH_RISK_ACCESS
ON_AT_FIRST = {
    AnomalyType.HIGH_RISK_ACCESS,
    AnomalyType.APPROVED_AFTER_REJECTION,
    AnomalyType.INACTIVE_USER,
    AnomalyType.ACCESS_AUTOMATION,
}
ONE = AnomalyChoices(
    approved_after_rejection=ApprovedAfterRejectionChoices(enabled=False),
    inactive_user=InactiveUserChoices(enabled=False),
    access_automation=AccessAutomationChoices(enabled=False),
)
OFF_AT_FIRST = AnomalyChoices.model_validate(
    {
        "high_risk_access": {"enabled": False},
        "approved_after_rejection": {"enabled": False},
        "inactive_user": {"enabled": False},
        "access_automation": {"enabled": False},
        "escalation_ladder": {"enabled": True},
        "rubber_stamping": {"enabled": True, "requests": 4},
        "reciprocal_approvals": {"enabled": True, "approvals": 1},
        "flow_loosened_and_used": {"enabled": True},
        "unusual_hours": {"enabled": True, "requests": 8, "weeks": 1},
        "safeguard_weakened": {"enabled": True},
    }
)
NONE = ONE.model_copy(update={"high_risk_access": HighRiskAccessChoices(enabled=False)})


def a_world() -> World:
    """Build a Nightlatch whose one resource is sensitive."""
    world = World()
    world.store.replace_resources(
        "orders-db", [a_resource("orders", *world.connector.roles, "orders_admin", tags=["prod"])]
    )
    choose(world, ONE)
    return world


def ask_for_risk(world: World, number: int = 1) -> None:
    """Let so many elevated requests be made and withdrawn."""
    for _ in range(number):
        request = world.submitted("orders_admin")
        world.requests.cancel(request.id, a_call(MAYA))


@pytest.fixture
def world() -> World:
    return a_world()


def anomalies(world: World) -> list[str]:
    return sorted(str(one.finding.request_id) for one in world.anomalies.candidates(AnomalyFilter()))


def told(world: World) -> list[str]:
    return sorted(str(event.request_id) for event in world.events() if event.event_type == EventType.ANOMALY_DETECTED)


def asked(world: World) -> list[str]:
    return sorted(str(event.request_id) for event in world.events() if event.event_type == EventType.ACCESS_REQUESTED)


def test_what_is_found_is_kept_and_told_at_once(world: World) -> None:
    ask_for_risk(world)
    [found] = world.detected()

    assert found.finding.type is RISKY
    assert told(world) == [found.finding.request_id] == asked(world)


def test_an_anomaly_is_detected_when_its_entry_was_recorded_and_told_now(world: World) -> None:
    ask_for_risk(world)
    world.events()
    world.clock.advance(timedelta(days=3))
    [found] = world.detected()
    [event] = [event for event in world.events() if event.event_type == EventType.ANOMALY_DETECTED]

    assert found.detected_at == world.store.ledger[1].recorded_at
    assert event.timestamp == found.updated_at > found.detected_at


def test_a_step_with_nothing_new_writes_nothing(world: World) -> None:
    world.detected()
    before = dict(world.store.entities)

    assert world.detection.step() is None
    assert world.store.entities == before


def test_every_ring_finds_nothing_twice(world: World) -> None:
    ask_for_risk(world, 3)
    for _ in range(3):
        world.detected()

    assert anomalies(world) == told(world) == asked(world)


def test_what_detection_itself_tells_is_passed_over(world: World) -> None:
    ask_for_risk(world)
    for _ in range(5):
        world.detected()

    assert len(told(world)) == 1
    assert world.detection.step() is None


@given(chunk=st.integers(1, 30), room=st.integers(1, 30), number=st.integers(0, 12))
def test_however_the_entries_are_divided_the_same_is_found(chunk: int, room: int, number: int) -> None:
    world = a_world()
    ask_for_risk(world, number)
    world.events()
    detection = world.detection_with(Outside(), chunk=chunk, room=room)
    while detection.step():
        pass

    assert anomalies(world) == told(world) == asked(world)


def test_a_chunk_ends_early_when_a_transaction_is_full(world: World) -> None:
    ask_for_risk(world, 60)
    world.events()
    step = world.detection.step()

    assert step
    assert step.entries < len(world.store.ledger)
    world.detected()
    assert anomalies(world) == asked(world)


# Rivals and deaths


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_killed_at_any_call_nothing_is_lost_and_nothing_doubled(*, after_effect: bool) -> None:
    """I3."""
    undisturbed = a_world()
    ask_for_risk(undisturbed, 3)
    expected = [(one.id, one.finding, one.detected_at) for one in undisturbed.detected()]
    for number in range(100):
        world, outside = a_world(), Outside(dies_at=number, after_effect=after_effect)
        ask_for_risk(world, 3)
        world.events()
        detection = world.detection_with(outside, chunk=2)
        try:
            while detection.step():
                pass
        except KilledError:
            assert [(one.id, one.finding, one.detected_at) for one in world.detected()] == expected
            assert len(told(world)) == 3
            continue
        break

    assert 10 < number < 99


def test_of_rivals_one_moves_the_lane_and_the_other_is_told(world: World) -> None:
    ask_for_risk(world)
    world.events()
    world.store.interruptions = [world.detection.step]
    with pytest.raises(RivalChangeError):
        world.detection.step()

    world.detected()
    assert anomalies(world) == told(world) == asked(world)


def test_a_rival_in_another_lane_makes_the_same_anomaly_once(world: World) -> None:
    ask_for_risk(world)
    world.events()
    world.store.commit(Change(a_replay(world)), origin=API)
    world.store.interruptions = [lambda: world.detection.step("rpl_1")]
    with pytest.raises(RivalChangeError):
        world.detection.step()

    world.detected()
    assert anomalies(world) == told(world) == asked(world)


# Lanes


def a_replay(world: World, **fields: object) -> DetectionLane:
    """Build a replay of everything that is there."""
    return DetectionLane.model_validate(
        {"id": "rpl_1", "version": 1, "until": world.store.chain.seq, "asked_at": world.clock.now, **fields}
    )


def replayed(world: World, **fields: object) -> DetectionLane:
    """Let a replay run to its end."""
    world.events()
    world.store.commit(Change(a_replay(world, **fields)), origin=API)
    while world.detection.step("rpl_1"):
        pass
    return world.anomalies.lane("rpl_1")


def test_the_live_lane_begins_with_the_oldest_entry_that_is_kept(world: World) -> None:
    ask_for_risk(world, 2)
    world.events()
    world.clock.advance(timedelta(days=91))
    ask_for_risk(world)

    assert len(world.detected()) == 1
    assert anomalies(world) == asked(world)[-1:]


def test_a_lane_that_retention_has_passed_goes_on_with_what_is_kept(world: World) -> None:
    ask_for_risk(world)
    world.detected()
    ask_for_risk(world, 2)
    world.events()
    world.clock.advance(timedelta(days=91))
    ask_for_risk(world)
    world.detected()

    assert anomalies(world) == asked(world)[-1:]
    assert world.anomalies.lane(LIVE).next_seq == world.store.chain.seq + 1 - len(told(world)[1:])


def test_when_nothing_at_all_is_kept_the_lane_waits_at_the_end(world: World) -> None:
    ask_for_risk(world)
    world.events()
    world.clock.advance(timedelta(days=91))
    step = world.detection.step()

    assert step
    assert (step.entries, step.next_seq) == (0, world.store.chain.seq + 1)
    assert world.detection.step() is None


def test_a_replay_finds_what_was_there_and_makes_nothing_twice(world: World) -> None:
    ask_for_risk(world, 2)
    world.detected()
    lane = replayed(world)

    assert (lane.state, lane.counts) == (LaneState.DONE, {RISKY: 2})
    assert anomalies(world) == told(world) == asked(world)


def test_a_replay_keeps_what_was_not_found_before(world: World) -> None:
    choose(world, NONE)
    ask_for_risk(world, 2)
    assert world.detected() == []

    lane = replayed(world, choices=ONE)

    assert lane.counts == {RISKY: 2}
    assert anomalies(world) == told(world) == asked(world)


def test_a_dry_run_counts_and_keeps_nothing(world: World) -> None:
    ask_for_risk(world, 2)
    lane = replayed(world, dry_run=True)

    assert lane.counts == {RISKY: 2}
    assert anomalies(world) == told(world) == []


def test_a_replay_counts_only_what_was_recorded_since(world: World) -> None:
    ask_for_risk(world, 2)
    world.events()
    world.clock.advance(timedelta(days=1))
    since = world.clock.now
    ask_for_risk(world)

    assert replayed(world, since=since, dry_run=True).counts == {RISKY: 1}


def test_a_replay_that_is_over_does_nothing_more(world: World) -> None:
    ask_for_risk(world)
    replayed(world)
    ask_for_risk(world)
    world.events()

    assert world.detection.step("rpl_1") is None
    assert world.detection.unfinished() == [LIVE]


def test_the_live_lane_comes_before_the_replays(world: World) -> None:
    world.store.commit(Change(a_replay(world, until=9)), origin=API)
    assert world.detection.unfinished() == [LIVE, "rpl_1"]


def choose(world: World, choices: AnomalyChoices) -> None:
    """Put settings in force."""
    world.store.commit(Change(world.anomalies.anomaly_settings().changed(choices=choices)), origin=API)


def test_settings_hold_from_the_next_step_on(world: World) -> None:
    choose(world, NONE)
    ask_for_risk(world)
    world.detected()
    choose(world, ONE)
    ask_for_risk(world)
    world.detected()

    assert len(anomalies(world)) == 1


def test_every_type_that_is_looked_for_at_first_is_found_of_real_requests() -> None:
    world = World()
    world.store.replace_resources("orders-db", [a_resource("orders", "orders_admin", "role1", tags=["prod"])])
    for _ in range(10):
        world.approvals.reject(world.submitted("role1").id, a_call(NOA))
    world.approvals.approve(world.submitted("orders_admin").id, a_call(NOA))

    found = world.detected()

    assert {one.finding.type for one in found} == ON_AT_FIRST
    assert [one.finding.type for one in found].count(AnomalyType.INACTIVE_USER) == 1


def test_each_type_that_is_off_at_first_is_found_of_real_requests() -> None:
    world = World()
    world.store.replace_resources("orders-db", [a_resource("orders", "reader", "writer", "admin"), a_resource("bills")])
    choose(world, OFF_AT_FIRST)
    everything = TargetSelector(integration="orders-db", names=("*",), permissions=("*",))
    world.flows.put("orders-roles", a_definition(who=EVERYBODY, what=everything), a_call(ADA), if_match=1)
    for _ in range(8):
        world.requests.cancel(world.submitted("reader").id, a_call(MAYA))
        world.clock.advance(timedelta(days=1))
    for permission in ("reader", "writer", "admin"):
        world.approvals.approve(world.submitted(permission).id, a_call(NOA))
    world.approvals.approve(world.submitted("reader", by=NOA).id, a_call(OMAR))
    world.approvals.approve(world.submitted("reader", by=OMAR).id, a_call(NOA))
    world.clock.advance(timedelta(hours=12))
    world.asking.submit(
        Submission("orders-db", [WantedItem("database", "bills", "role1")], "to pay them"), a_call(MAYA)
    )
    world.flows.put("orders-roles", a_definition(people=["*"]), a_call(ADA), if_match=2)
    world.flows.put("orders-roles", a_definition(who=EVERYBODY), a_call(ADA), if_match=3)
    world.submitted("reader", by=ADA)
    world.audit_settings.put(
        AuditChoices(retention_days=30, reads=Reads.SENSITIVE, writers=()), a_call(ADA), if_match=0
    )

    found = [one.finding.type for one in world.detected()]

    assert sorted(found) == sorted(set(AnomalyType) - ON_AT_FIRST - {AnomalyType.ALERT_RULE})


def test_a_destination_that_somebody_disables_is_found_once_and_nothing_follows_from_that() -> None:
    world = World()
    choose(world, OFF_AT_FIRST)
    create(world, SIEM)
    world.destinations.disable(SIEM, a_call(ADA), reason="too much noise")
    for _ in range(3):
        found = world.detected()

    assert [one.finding.type for one in found] == [AnomalyType.SAFEGUARD_WEAKENED]
    assert world.detection.step() is None


def test_memories_hold_from_one_step_to_the_next(world: World) -> None:
    choose(world, AnomalyChoices())
    world.submitted("role1")
    world.detected()
    world.clock.advance(timedelta(days=50))
    world.submitted("role3")
    found = world.detected()

    assert [one.finding.type for one in found] == [AnomalyType.INACTIVE_USER]


def test_what_is_remembered_in_other_words_is_forgotten(world: World) -> None:
    choose(world, AnomalyChoices())
    world.submitted("role1")
    world.detected()
    key, memory = next((key, one) for key, one in world.store.entities.items() if isinstance(one, DetectorMemory))
    world.store.entities[key] = memory.model_copy(update={"body": {"seen": "long ago"}})
    world.submitted("role3")

    assert len(world.detected()) >= 1
    assert world.detection.step() is None
