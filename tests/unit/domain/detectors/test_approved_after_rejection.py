"""Approved after being rejected: something like it was refused by a person, and is given now."""

from datetime import timedelta

import pytest

from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detectors.approved_after_rejection import ApprovedAfterRejection
from nightlatch.domain.detectors.choices import ApprovedAfterRejectionChoices, RiskWords
from tests.builders import EVE, MAYA, NOA, NOON, OMAR
from tests.unit.domain.detectors.requests import History, an_item, found_by

DAY = timedelta(days=1)
REJECTED, APPROVED = EventType.ACCESS_REJECTED, EventType.ACCESS_APPROVED


def look(history: History, choices: ApprovedAfterRejectionChoices | None = None) -> list[Finding]:
    return found_by(ApprovedAfterRejection(choices or ApprovedAfterRejectionChoices(), RiskWords()), history.entries)


def test_what_was_rejected_and_is_then_approved_is_found() -> None:
    history = History()
    rejected = history.tell(REJECTED, "req_1", by=NOA)
    approved = history.tell(APPROVED, "req_2", by=OMAR, at=NOON + 3 * DAY)

    [finding] = look(history)

    assert finding.severity is AnomalySeverity.MEDIUM
    assert finding.reason == "Noa refused Maya something like role1 on orders, and Omar approved"
    assert finding.request_id == "req_2"
    assert (finding.requester, finding.actor) == (MAYA.as_person(), OMAR.as_person())
    assert finding.evidence.entries == (rejected.id, approved.id)
    assert (finding.evidence.values["rejected_by"], finding.evidence.values["days_between"]) == ("Noa", 3)
    assert finding.evidence.thresholds["days"] == 90


def test_an_elevated_permission_is_high_and_as_high_as_any_other() -> None:
    history = History()
    history.tell(REJECTED, "req_1", an_item("reader"), by=NOA)
    history.tell(APPROVED, "req_2", an_item("orders_admin"), by=OMAR)

    assert [finding.severity for finding in look(history)] == [AnomalySeverity.HIGH]


def test_an_automatic_approval_counts_and_says_so() -> None:
    history = History()
    history.tell(REJECTED, "req_1", by=NOA)
    history.tell(APPROVED, "req_2")

    [finding] = look(history)
    assert finding.reason.endswith("it was approved automatically")
    assert finding.actor is None


@pytest.mark.parametrize(
    "approved",
    [
        {"of": EVE},
        {"integration": "billing-db"},
        {"items": [an_item("role1", "billing")]},
        {"items": [an_item("role2")]},
        {"request_id": "req_1"},
        {"at": NOON + 90 * DAY + timedelta(seconds=1)},
    ],
    ids=["another person", "another integration", "another resource", "another permission", "the same", "too late"],
)
def test_what_is_not_like_it_is_no_finding(approved: dict[str, object]) -> None:
    history = History()
    history.tell(REJECTED, "req_1", by=NOA)
    items = approved.pop("items", [])
    history.tell(APPROVED, approved.pop("request_id", "req_2"), *items, by=OMAR, **approved)  # type: ignore[misc, arg-type]  # tell's own

    assert look(history) == []


def test_a_lower_permission_than_the_refused_one_is_no_finding() -> None:
    history = History()
    history.tell(REJECTED, "req_1", an_item("orders_admin"), by=NOA)
    history.tell(APPROVED, "req_2", an_item("reader"), by=OMAR)
    assert look(history) == []


def test_the_last_day_of_the_window_counts() -> None:
    history = History()
    history.tell(REJECTED, "req_1", by=NOA)
    history.tell(APPROVED, "req_2", by=OMAR, at=NOON + 7 * DAY)
    assert look(history, ApprovedAfterRejectionChoices(days=7))


@pytest.mark.parametrize("event_type", [EventType.ACCESS_LAPSED, EventType.ACCESS_CANCELED])
def test_what_nobody_rejected_was_not_rejected(event_type: EventType) -> None:
    history = History()
    history.tell(event_type, "req_1", by=NOA)
    history.tell(REJECTED, "req_2")
    history.tell(APPROVED, "req_3", by=OMAR)
    assert look(history) == []


def test_whoever_is_exempt_is_not_looked_at() -> None:
    history = History()
    history.tell(REJECTED, "req_1", by=NOA)
    history.tell(APPROVED, "req_2", by=OMAR)
    assert look(history, ApprovedAfterRejectionChoices(exempt=(MAYA.id,))) == []


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_each_approval_is_an_anomaly_of_its_own_however_the_entries_are_divided(chunk: int) -> None:
    history = History()
    for number in range(40):
        history.tell(REJECTED, f"req_{number}", by=NOA)
    for number in range(40, 43):
        history.tell(APPROVED, f"req_{number}", by=OMAR)
    detector = ApprovedAfterRejection(ApprovedAfterRejectionChoices(), RiskWords())

    found = found_by(detector, history.entries, chunk=chunk)

    assert [finding.request_id for finding in found] == ["req_40", "req_41", "req_42"]
    assert [finding.anomaly_id for finding in found] == [finding.anomaly_id for finding in look(history)]
    assert all(len(finding.evidence.entries) == 11 for finding in found)
