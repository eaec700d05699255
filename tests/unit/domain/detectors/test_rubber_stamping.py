"""Rubber stamping: most decisions within seconds of the asking, and hardly ever a no."""

from datetime import timedelta

import pytest

from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detectors.choices import RubberStampingChoices
from nightlatch.domain.detectors.rubber_stamping import RubberStamping
from nightlatch.domain.identity import Principal
from tests.builders import EVE, MAYA, NOA, NOON, OMAR, ROBOT, SECOND
from tests.unit.domain.detectors.requests import HOUR, History, found_by

DAY = timedelta(days=1)
YES, NO = EventType.ROLE_APPROVED, EventType.ROLE_REJECTED


def look(history: History, **choices: object) -> list[Finding]:
    return found_by(RubberStamping(RubberStampingChoices.model_validate(choices)), history.entries, chunk=7)


def decide(
    history: History,
    times: int = 1,
    *,
    after: int = 5,
    says: EventType = YES,
    by: Principal = NOA,
    of: Principal = MAYA,
    gap: timedelta = HOUR,
) -> None:
    """Let so many requests be made, an hour after each other, and each be decided after so many seconds."""
    for _ in range(times):
        number = len(history.entries)
        asked_at = NOON + number * gap
        history.ask(f"req_{number}", of=of, at=asked_at)
        history.tell(says, f"req_{number}", of=of, by=by, at=asked_at + after * SECOND)


def test_ten_approvals_within_seconds_are_found_at_the_tenth() -> None:
    history = History()
    decide(history, 10)

    [finding] = look(history)

    assert finding.severity is AnomalySeverity.MEDIUM
    assert finding.reason == "Noa decided 10 of 10 requests within 30 seconds, and approved 10"
    assert (finding.scope, finding.window) == (NOA.id, "2026-11")
    assert (finding.request_id, finding.actor) == ("req_18", NOA.as_person())
    assert finding.evidence.values == {
        "approver": {"id": NOA.id, "name": "Noa"},
        "requests": 10,
        "fast": 10,
        "approved": 10,
        "median_seconds": 5,
    }
    assert finding.evidence.entries == tuple(entry.id for entry in history.entries[1::2])
    assert finding.evidence.thresholds["seconds"] == 30


def test_nine_are_no_habit() -> None:
    history = History()
    decide(history, 9)
    assert look(history) == []


@pytest.mark.parametrize(("slow", "found"), [(2, 1), (3, 0)])
def test_whoever_takes_time_over_more_than_a_fifth_is_no_rubber_stamp(slow: int, found: int) -> None:
    history = History()
    decide(history, slow, after=31)
    decide(history, 10 - slow, after=30)
    assert len(look(history)) == found


@pytest.mark.parametrize(("refused", "found"), [(1, 1), (2, 0)])
def test_whoever_says_no_at_times_is_no_rubber_stamp(refused: int, found: int) -> None:
    history = History()
    decide(history, refused, says=NO)
    decide(history, 20 - refused)
    assert len(look(history)) == found


def test_one_refused_item_makes_it_a_no_and_a_request_counts_once() -> None:
    history = History()
    decide(history, 9)
    for says in (YES, YES, NO):
        history.tell(says, "req_16", by=NOA, at=NOON + 16 * HOUR + 6 * SECOND)
    assert look(history) == []

    decide(history)
    assert look(history) == []
    assert [finding.evidence.values["approved"] for finding in look(history, approved_percent=90)] == [9]


def test_each_approver_is_known_alone_whoever_asks() -> None:
    history = History()
    decide(history, 5, by=NOA)
    decide(history, 5, by=OMAR)
    decide(history, 5, by=NOA, of=EVE)
    assert [finding.scope for finding in look(history)] == [NOA.id]


def test_it_is_told_once_a_month() -> None:
    history = History()
    decide(history, 30, gap=6 * HOUR)
    assert [finding.window for finding in look(history)] == ["2026-11", "2026-12"]


def test_what_was_decided_before_the_window_does_not_count() -> None:
    history = History()
    decide(history, 10, gap=2 * DAY)
    assert look(history) == []
    assert len(look(history, days=40)) == 1


def test_of_what_was_asked_before_anybody_looked_nothing_is_known() -> None:
    history = History()
    decide(history, 10)
    history.entries = history.entries[1:]
    assert look(history) == []


def test_services_and_whoever_is_exempt_are_not_looked_at() -> None:
    history = History()
    decide(history, 10)
    assert look(history, exempt=[NOA.id]) == look(history, exempt=[MAYA.id]) == []

    by_a_service = History()
    decide(by_a_service, 10, by=ROBOT)
    assert look(by_a_service) == []


def test_thresholds_and_severity_are_chosen() -> None:
    history = History()
    decide(history, 2, after=100)
    [finding] = look(history, requests=2, seconds=100, severity="low")
    assert finding.severity is AnomalySeverity.LOW
