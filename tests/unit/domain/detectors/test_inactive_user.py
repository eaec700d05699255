"""Inactive user: the first request ever, or for long."""

from datetime import timedelta

import pytest

from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detectors.choices import InactiveUserChoices
from nightlatch.domain.detectors.inactive_user import InactiveUser
from tests.builders import ADA, EVE, MAYA, NOON, ROBOT
from tests.unit.domain.detectors.requests import History, found_by

DAY = timedelta(days=1)


def look(history: History, choices: InactiveUserChoices | None = None, *, chunk: int = 100) -> list[Finding]:
    return found_by(InactiveUser(choices or InactiveUserChoices()), history.entries, chunk=chunk)


def test_a_first_request_ever_says_so() -> None:
    history = History()
    history.ask("req_1")

    [finding] = look(history)

    assert finding.severity is AnomalySeverity.MEDIUM
    assert finding.reason == "Maya asked for access for the first time ever"
    assert finding.evidence.values == {"last_request_at": None, "days": None}


@pytest.mark.parametrize("chunk", [1, 100])
def test_a_request_after_ninety_days_is_found_and_one_before_is_not(chunk: int) -> None:
    history = History()
    for number, day in enumerate((0, 89, 179, 268)):
        history.ask(f"req_{number}", at=NOON + day * DAY)

    found = look(history, chunk=chunk)

    assert [finding.request_id for finding in found] == ["req_0", "req_2"]
    assert found[1].reason == "Maya asked for access for the first time in 90 days"
    assert found[1].evidence.entries == (history.entries[1].id, history.entries[2].id)


def test_each_person_is_known_alone() -> None:
    history = History()
    history.ask("req_1")
    history.ask("req_2", of=EVE)
    history.ask("req_3")
    assert [finding.request_id for finding in look(history)] == ["req_1", "req_2"]


def test_whom_somebody_else_asks_for_is_the_person() -> None:
    history = History()
    history.ask("req_1", of=MAYA, by=ADA)
    history.ask("req_2", of=EVE, by=ROBOT)
    history.ask("req_3", of=MAYA)
    assert [finding.requester and finding.requester.id for finding in look(history)] == [MAYA.id, EVE.id]


def test_a_service_that_asks_for_itself_is_no_person() -> None:
    history = History()
    history.ask("req_1", of=ROBOT)
    assert look(history) == []


def test_only_asking_is_activity() -> None:
    history = History()
    history.ask("req_1")
    history.tell(EventType.ACCESS_GRANTED, "req_1", at=NOON + 89 * DAY)
    history.ask("req_2", at=NOON + 100 * DAY)
    assert len(look(history)) == 2


def test_a_request_told_late_does_not_make_the_last_one_older() -> None:
    history = History()
    history.ask("req_1", at=NOON + 50 * DAY)
    history.ask("req_2", at=NOON)
    history.ask("req_3", at=NOON + 100 * DAY)
    assert [finding.request_id for finding in look(history)] == ["req_1"]


def test_days_severity_and_exemptions_are_chosen() -> None:
    history = History()
    history.ask("req_1")
    history.ask("req_2", at=NOON + 30 * DAY)
    found = look(history, InactiveUserChoices(days=30, severity=AnomalySeverity.LOW))

    assert [finding.severity for finding in found] == [AnomalySeverity.LOW] * 2
    assert look(history, InactiveUserChoices(exempt=(MAYA.id,))) == []
