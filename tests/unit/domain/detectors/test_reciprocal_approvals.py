"""Reciprocal approvals: two people approve each other's requests."""

from datetime import timedelta

import pytest

from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detectors.choices import ReciprocalApprovalsChoices
from nightlatch.domain.detectors.reciprocal_approvals import ReciprocalApprovals
from nightlatch.domain.identity import Principal
from tests.builders import EVE, NOA, NOON, OMAR, ROBOT
from tests.unit.domain.detectors.requests import HOUR, History, found_by

DAY = timedelta(days=1)


def look(history: History, **choices: object) -> list[Finding]:
    return found_by(ReciprocalApprovals(ReciprocalApprovalsChoices.model_validate(choices)), history.entries, chunk=5)


def approve(history: History, times: int, *, of: Principal, by: Principal, gap: timedelta = HOUR) -> None:
    """Let somebody approve so many requests of somebody else."""
    for _ in range(times):
        number = len(history.entries)
        history.tell(EventType.ROLE_APPROVED, f"req_{number}", of=of, by=by, at=NOON + number * gap)


def test_three_approvals_each_are_found_at_the_last() -> None:
    history = History()
    approve(history, 4, of=NOA, by=OMAR)
    approve(history, 3, of=OMAR, by=NOA)

    [finding] = look(history)

    assert finding.severity is AnomalySeverity.MEDIUM
    assert finding.reason == "Noa approved 3 requests of Omar, who approved 4 of Noa's"
    assert (finding.scope, finding.window) == (" ".join(sorted((NOA.id, OMAR.id))), "2026-11")
    assert (finding.request_id, finding.people) == ("req_6", (OMAR.as_person(), NOA.as_person()))
    assert finding.evidence.entries == tuple(entry.id for entry in history.entries)
    assert finding.evidence.values["approvers"] == [
        {"id": NOA.id, "name": "Noa", "approvals": 3},
        {"id": OMAR.id, "name": "Omar", "approvals": 4},
    ]
    assert finding.evidence.thresholds == {"approvals": 3, "days": 30}


@pytest.mark.parametrize("returned", [0, 2])
def test_what_is_not_returned_as_often_is_no_finding(returned: int) -> None:
    history = History()
    approve(history, 20, of=NOA, by=OMAR)
    approve(history, returned, of=OMAR, by=NOA)
    assert look(history) == []


def test_a_circle_of_three_is_no_pair() -> None:
    history = History()
    approve(history, 5, of=NOA, by=OMAR)
    approve(history, 5, of=OMAR, by=EVE)
    approve(history, 5, of=EVE, by=NOA)
    assert look(history) == []


def test_a_request_of_many_items_counts_once_and_a_rejection_never() -> None:
    history = History()
    approve(history, 3, of=NOA, by=OMAR)
    for _ in range(3):
        history.tell(EventType.ROLE_APPROVED, "req_9", of=OMAR, by=NOA)
        history.tell(EventType.ROLE_REJECTED, f"req_{len(history.entries)}", of=OMAR, by=NOA)
    assert look(history) == []


def test_approvals_before_the_window_do_not_count() -> None:
    history = History()
    approve(history, 3, of=NOA, by=OMAR, gap=6 * DAY)
    approve(history, 3, of=OMAR, by=NOA, gap=6.01 * DAY)
    assert look(history) == []
    assert len(look(history, days=31)) == 1


def test_it_is_told_once_a_month() -> None:
    history = History()
    approve(history, 3, of=NOA, by=OMAR)
    approve(history, 40, of=OMAR, by=NOA, gap=8 * HOUR)
    assert [finding.window for finding in look(history)] == ["2026-11", "2026-12"]


def test_services_and_whoever_is_exempt_are_not_looked_at() -> None:
    history = History()
    approve(history, 3, of=NOA, by=OMAR)
    approve(history, 3, of=OMAR, by=NOA)
    assert look(history, exempt=[NOA.id]) == look(history, exempt=[OMAR.id]) == []

    with_a_service = History()
    approve(with_a_service, 3, of=ROBOT, by=OMAR)
    approve(with_a_service, 3, of=OMAR, by=ROBOT)
    assert look(with_a_service) == []


def test_thresholds_and_severity_are_chosen() -> None:
    history = History()
    approve(history, 1, of=NOA, by=OMAR)
    approve(history, 1, of=OMAR, by=NOA)
    [finding] = look(history, approvals=1, severity="high")
    assert finding.severity is AnomalySeverity.HIGH
