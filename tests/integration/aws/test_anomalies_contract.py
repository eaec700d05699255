"""What every store promises about anomalies, and about what finding them rests on."""

import json
from datetime import timedelta

import boto3
import pytest
from botocore.stub import Stubber

from nightlatch.adapters.lambda_detection_workers import LambdaDetectionWorkers
from nightlatch.domain.alert_rule import AlertRule, delivered, in_force
from nightlatch.domain.anomaly import Anomaly, AnomalyType
from nightlatch.domain.anomaly_settings import AnomalyChoices, AnomalySettings
from nightlatch.domain.detection_lane import LIVE, DetectionLane, DetectorMemory
from nightlatch.domain.detectors.choices import HighRiskAccessChoices
from nightlatch.domain.errors import NotFoundError, RivalChangeError, StoreUnavailableError
from nightlatch.services.ports.anomalies import AnomalyFilter, place_of
from tests.builders import ADA, an_anomaly
from tests.fakes.anomalies import FakeDetectionWorkers
from tests.integration.aws.builders import HOUR, MILLISECOND, NOW, ORIGIN
from tests.integration.aws.conftest import RETENTION, Store

DAY = timedelta(days=1)
KIND = AnomalyType.INACTIVE_USER


# Anomalies


def test_an_anomaly_is_read_as_it_was_written(store: Store) -> None:
    found = an_anomaly(at=NOW)
    store.put(found)

    assert store.anomalies.anomaly(found.id) == found


def test_an_anomaly_that_there_is_not_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.anomalies.anomaly("ano_none")


def test_the_same_anomaly_cannot_be_made_twice(store: Store) -> None:
    store.put(an_anomaly(at=NOW))
    with pytest.raises(RivalChangeError):
        store.put(an_anomaly(at=NOW + HOUR))


def test_it_is_said_which_anomalies_there_are(store: Store) -> None:
    one, other = an_anomaly("req_1"), an_anomaly("req_2")
    store.put(one)

    assert store.anomalies.known([one.id, other.id]) == {one.id}
    assert store.anomalies.known([]) == set()


def test_anomalies_are_listed_by_detection_the_latest_first(store: Store) -> None:
    spans = (timedelta(0), MILLISECOND, HOUR, 40 * DAY, 80 * DAY)
    found = [an_anomaly(f"req_{span}", at=NOW - span) for span in spans]
    store.put(*reversed(found))

    assert list(store.anomalies.candidates(AnomalyFilter())) == found


def test_a_list_goes_on_below_what_was_listed_last(store: Store) -> None:
    found = [an_anomaly(f"req_{number}", at=NOW - (number // 2) * 20 * DAY) for number in range(8)]
    store.put(*found)
    everything = list(store.anomalies.candidates(AnomalyFilter()))

    for number, one in enumerate(everything):
        assert list(store.anomalies.candidates(AnomalyFilter(below=place_of(one)))) == everything[number + 1 :]


def test_a_time_is_from_its_first_moment_to_before_its_last(store: Store) -> None:
    found = [an_anomaly(f"req_{number}", at=NOW - number * DAY) for number in range(4)]
    store.put(*found)

    within = AnomalyFilter(since=NOW - 2 * DAY, until=NOW)
    assert list(store.anomalies.candidates(within)) == found[1:3]


def test_an_anomaly_is_kept_for_the_retention_from_its_last_change(store: Store) -> None:
    """D5."""
    old, judged = an_anomaly("req_1", at=NOW), an_anomaly("req_2", at=NOW)
    store.put(old, judged)
    store.work.commit(judged.resolve(by=ADA, note="known", at=NOW + DAY), origin=ORIGIN)
    store.clock.now = NOW + RETENTION + HOUR

    assert [one.id for one in store.anomalies.candidates(AnomalyFilter())] == [judged.id]
    with pytest.raises(NotFoundError):
        store.anomalies.anomaly(old.id)


# Lanes and memories


def a_memory(subject: str, *, lane: str = LIVE, kind: AnomalyType = KIND) -> DetectorMemory:
    return DetectorMemory(
        version=1, lane=lane, kind=kind, subject=subject, body={"last": subject}, kept_until=NOW + DAY
    )


def test_the_live_lane_begins_at_the_first_entry(store: Store) -> None:
    assert store.lanes.lane(LIVE) == DetectionLane(id=LIVE)
    assert store.lanes.lanes() == []


def test_lanes_are_read_back(store: Store) -> None:
    live = DetectionLane(id=LIVE).moved(12, ())
    replay = DetectionLane(id="rpl_1", version=1, until=9, dry_run=True, choices=AnomalyChoices(), asked_at=NOW)
    store.put(live, replay)

    assert store.lanes.lane(LIVE) == live
    assert store.lanes.lane("rpl_1") == replay
    assert store.lanes.lanes() == [live, replay]


def test_a_replay_is_forgotten_after_a_month_and_the_live_lane_never(store: Store) -> None:
    """D5."""
    live = DetectionLane(id=LIVE).moved(12, ())
    store.put(live, DetectionLane(id="rpl_1", version=1, asked_at=NOW))
    store.clock.now = NOW + 31 * DAY

    assert store.lanes.lanes() == [live]
    with pytest.raises(NotFoundError):
        store.lanes.lane("rpl_1")


def test_of_two_who_move_a_lane_the_second_is_refused(store: Store) -> None:
    lane = store.lanes.lane(LIVE)
    store.put(lane.moved(12, ()))
    with pytest.raises(RivalChangeError):
        store.put(lane.moved(10, ()))
    assert store.lanes.lane(LIVE).next_seq == 12


def test_memories_are_read_by_lane_kind_and_subject(store: Store) -> None:
    subjects = [f"usr_{number}" for number in range(120)]
    for start in (0, 60):
        store.put(*(a_memory(subject) for subject in subjects[start : start + 60]))
    others = [a_memory("usr_1", lane="rpl_1"), a_memory("usr_1", kind=AnomalyType.ACCESS_AUTOMATION)]
    store.put(*others)

    wanted = [(KIND, subject) for subject in (*subjects, "usr_nobody")]
    assert store.memories.memories(LIVE, wanted) == {(KIND, subject): a_memory(subject) for subject in subjects}
    assert store.memories.memories("rpl_1", [(KIND, "usr_1")]) == {(KIND, "usr_1"): others[0]}


def test_a_memory_past_its_time_is_still_read_so_that_it_can_be_followed(store: Store) -> None:
    store.put(a_memory("usr_1"))
    store.clock.now = NOW + 2 * DAY

    assert store.memories.memories(LIVE, [(KIND, "usr_1")])


# Settings


def test_settings_that_nobody_has_chosen_are_as_delivered(store: Store) -> None:
    assert store.anomaly_settings.anomaly_settings() == AnomalySettings(version=0, choices=AnomalyChoices())


def test_chosen_settings_are_read_back(store: Store) -> None:
    choices = AnomalyChoices(high_risk_access=HighRiskAccessChoices(enabled=False))
    settings = store.anomaly_settings.anomaly_settings().choose(choices, by=ADA, at=NOW)
    store.work.commit(settings, origin=ORIGIN)

    assert store.anomaly_settings.anomaly_settings() == settings.state


def test_anomalies_are_found_apart_from_the_requests_of_their_month(store: Store) -> None:
    store.put(an_anomaly(at=NOW))

    assert isinstance(next(store.anomalies.candidates(AnomalyFilter())), Anomaly)
    assert store.lanes.lanes() == []


# Alert rules


def test_what_comes_with_nightlatch_is_there_without_being_stored(store: Store) -> None:
    assert store.alert_rules.alert_rules() == in_force(list(delivered()))


def test_rules_are_read_by_id_and_a_stored_one_takes_the_place_of_a_delivered_one(store: Store) -> None:
    failed = next(rule for rule in delivered() if rule.id == "failed-sign-ins")
    changed = failed.chosen(failed.choices.model_copy(update={"count": 3}), by=ADA, at=NOW).state
    mine = AlertRule(id="mine", choices=failed.choices)
    store.put(mine, changed)

    read = store.alert_rules.alert_rules()
    assert [rule.id for rule in read] == ["failed-sign-ins", "mine", "settings-out-of-hours"]
    assert read[:2] == [changed, mine]


def test_a_rule_that_is_taken_away_is_gone(store: Store) -> None:
    mine = AlertRule(id="mine", choices=delivered()[0].choices)
    store.put(mine)
    store.work.record(mine.deleted(by=ADA, at=NOW), origin=ORIGIN, ending=(mine,))

    assert mine not in store.alert_rules.alert_rules()


# Whoever looks through the past


def test_a_replay_is_one_asynchronous_invocation(aws: str) -> None:
    client = boto3.client("lambda", region_name=aws)
    payload = json.dumps({"lane": "rpl_1"}).encode()

    with Stubber(client) as stubber:
        expected = {"FunctionName": "anomaly-detection", "InvocationType": "Event", "Payload": payload}
        stubber.add_response("invoke", {"StatusCode": 202}, expected)
        LambdaDetectionWorkers(lambda: client, function="anomaly-detection").work_on("rpl_1")
        stubber.assert_no_pending_responses()


def test_workers_that_cannot_be_woken_are_away_for_now(aws: str) -> None:
    client = boto3.client("lambda", region_name=aws)
    fake = FakeDetectionWorkers(is_down=True)

    with Stubber(client) as stubber:
        stubber.add_client_error("invoke", "TooManyRequestsException")
        for workers in (fake, LambdaDetectionWorkers(lambda: client, function="anomaly-detection")):
            with pytest.raises(StoreUnavailableError):
                workers.work_on("rpl_1")
