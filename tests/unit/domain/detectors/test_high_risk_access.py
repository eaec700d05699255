"""High risk access: elevated and sensitive at once, in one item."""

import pytest
from pydantic import JsonValue

from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detectors.choices import HighRiskAccessChoices, RiskWords
from nightlatch.domain.detectors.high_risk_access import HighRiskAccess
from nightlatch.domain.ledger import PendingEvent
from tests.builders import API, MAYA, ROBOT, a_foreign_event
from tests.unit.domain.detectors.requests import History, an_item, found_by


def look(
    history: History, choices: HighRiskAccessChoices | None = None, words: RiskWords | None = None
) -> list[Finding]:
    return found_by(HighRiskAccess(choices or HighRiskAccessChoices(), words or RiskWords()), history.entries)


@pytest.mark.parametrize("permission", ["orders_admin", "Full-Access", "FullAccess", "full_access", "co-owner"])
@pytest.mark.parametrize("resource", ["customers", "PHI-archive", "pii", "orders-prod"])
def test_an_elevated_permission_on_a_sensitive_resource_is_found(permission: str, resource: str) -> None:
    history = History()
    history.ask("req_1", an_item(permission, resource))

    [finding] = look(history)

    assert finding.severity is AnomalySeverity.HIGH
    assert finding.reason == f"Maya asked for {permission} on {resource}"
    assert (finding.request_id, finding.integration) == ("req_1", "orders-db")
    assert finding.requester == MAYA.as_person()
    assert finding.flow
    assert finding.flow.name == "Orders roles"
    assert [one.permission for one in finding.resources] == [permission]
    assert finding.evidence.entries == (history.entries[0].id,)


def test_a_tag_makes_a_resource_sensitive() -> None:
    history = History()
    history.ask("req_1", an_item("admin", "orders", "env:production"))
    assert look(history)[0].evidence.values["items"] == [
        {"permission": "admin", "elevated_by": "admin", "resource": "orders", "sensitive_by": "prod"}
    ]


@pytest.mark.parametrize(
    "items",
    [
        [an_item("read", "customers")],
        [an_item("admin", "orders")],
        [an_item("admin", "orders"), an_item("read", "customers")],
        [an_item("admin", "backup_history")],
    ],
)
def test_one_without_the_other_is_no_finding(items: list[dict[str, JsonValue]]) -> None:
    history = History()
    history.ask("req_1", *items)
    assert look(history) == []


def test_only_the_asking_is_looked_at() -> None:
    history = History()
    history.tell(EventType.ACCESS_APPROVED, "req_1", an_item("admin", "customers"))
    assert look(history) == []


def test_whoever_is_exempt_is_not_looked_at_whether_asking_or_asked_for() -> None:
    history, choices = History(), HighRiskAccessChoices(exempt=(ROBOT.id,))
    history.ask("req_1", an_item("admin", "customers"), of=ROBOT)
    history.ask("req_2", an_item("admin", "customers"), of=MAYA, by=ROBOT)
    history.ask("req_3", an_item("admin", "customers"))

    assert [finding.request_id for finding in look(history, choices)] == ["req_3"]


def test_words_and_severity_are_chosen() -> None:
    history = History()
    history.ask("req_1", an_item("root", "ledger"))

    [finding] = look(
        history,
        HighRiskAccessChoices(severity=AnomalySeverity.LOW),
        RiskWords(elevated=("root",), sensitive=("ledger",)),
    )

    assert finding.severity is AnomalySeverity.LOW


def test_the_same_request_is_the_same_anomaly_whatever_is_chosen() -> None:
    history = History()
    history.ask("req_1", an_item("admin", "customers"))
    history.ask("req_2", an_item("admin", "customers"))
    lower = look(history, HighRiskAccessChoices(severity=AnomalySeverity.LOW))

    assert [one.anomaly_id for one in lower] == [one.anomaly_id for one in look(history)]
    assert len({one.anomaly_id for one in lower}) == 2


def test_what_another_system_told_and_what_cannot_be_read_is_passed_over() -> None:
    history = History()
    history.ask("req_1", an_item("admin", "customers"), requester="nobody")
    told = history.ask("req_2", an_item("admin", "customers"))
    foreign = PendingEvent.of(a_foreign_event(1), event_id="x", origin=API)
    history.entries[-1] = told.model_copy(update={"details": {**told.details, **foreign.details}})

    assert look(history) == []
