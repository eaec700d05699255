"""Flow loosened and used: who makes a flow ask for less is the one who asks under it."""

from datetime import datetime, timedelta

import pytest
from pydantic import JsonValue

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.detectors.choices import FlowLoosenedAndUsedChoices
from nightlatch.domain.detectors.flow_loosened_and_used import FlowLoosenedAndUsed
from nightlatch.domain.identity import Principal
from tests.builders import ADA, MAYA, NOON, a_definition, an_entry
from tests.unit.domain.detectors.requests import FLOW, HOUR, History, found_by

STRICT, LOOSE = a_definition(needed=2), a_definition(needed=1)


def look(history: History, **choices: object) -> list[Finding]:
    return found_by(FlowLoosenedAndUsed(FlowLoosenedAndUsedChoices.model_validate(choices)), history.entries, chunk=1)


def change(
    history: History,
    before: FlowDefinition | None = STRICT,
    after: FlowDefinition | None = LOOSE,
    *,
    by: Principal = ADA,
    at: datetime = NOON,
    version: int = 3,
) -> None:
    """Let somebody change the flow."""
    kind = EventType.FLOW_UPDATED if before and after else EventType.FLOW_CREATED if after else EventType.FLOW_DELETED
    event = AuditEvent(
        event_type=kind,
        timestamp=at,
        actor=by.as_actor(),
        resource=ResourceReference(type="flow", id=str(FLOW["id"]), name=str(FLOW["name"])),
        description="a flow was changed",
        integration="orders-db",
        details={"version": version, "before": told(before), "after": told(after)},
    )
    history.entries.append(an_entry(event, seq=len(history.entries) + 1))


def told(definition: FlowDefinition | None) -> JsonValue:
    return definition.model_dump(mode="json") if definition else None


def test_who_loosens_a_flow_and_asks_under_it_is_found() -> None:
    history = History()
    change(history)
    history.ask("req_1", of=ADA, at=NOON + HOUR)

    [finding] = look(history)

    assert finding.severity is AnomalySeverity.HIGH
    assert finding.reason == "Ada asked under flow orders-roles after making it looser: fewer approvals are needed"
    assert finding.request_id == finding.scope == "req_1"
    assert finding.requester == ADA.as_person()
    assert finding.evidence.entries == tuple(entry.id for entry in history.entries)
    assert finding.evidence.values["loosened"] == ["fewer approvals are needed"]
    assert finding.evidence.values["minutes_between"] == 60


def test_a_flow_that_one_has_made_counts_too() -> None:
    history = History()
    change(history, None)
    history.ask("req_1", of=ADA)
    assert [one.evidence.values["loosened"] for one in look(history)] == [["it is new"]]


@pytest.mark.parametrize(("of", "by"), [(ADA, MAYA), (MAYA, ADA)])
def test_asking_for_others_and_being_asked_for_is_using_it(of: Principal, by: Principal) -> None:
    history = History()
    change(history)
    history.ask("req_1", of=of, by=by)
    assert len(look(history)) == 1


def test_what_was_made_stricter_or_deleted_is_no_finding() -> None:
    history = History()
    change(history, LOOSE, STRICT)
    change(history, STRICT, None)
    history.ask("req_1", of=ADA)
    assert look(history) == []


def test_what_somebody_else_loosened_is_no_finding() -> None:
    history = History()
    change(history)
    history.ask("req_1", of=MAYA)
    assert look(history) == []


@pytest.mark.parametrize("flow", [{**FLOW, "id": "another"}, {**FLOW, "version": 2}, None])
def test_what_is_asked_under_another_flow_or_an_older_version_is_no_finding(flow: JsonValue) -> None:
    history = History()
    change(history)
    history.ask("req_1", of=ADA, flow=flow)
    assert look(history) == []


@pytest.mark.parametrize(("seconds", "number"), [(0, 1), (1, 0)])
def test_the_window_ends_after_a_day(seconds: int, number: int) -> None:
    history = History()
    change(history)
    history.ask("req_1", of=ADA, at=NOON + 24 * HOUR + timedelta(seconds=seconds))
    assert len(look(history)) == number


def test_each_request_is_an_anomaly_of_its_own_and_rests_on_the_last_change() -> None:
    history = History()
    change(history)
    change(history, at=NOON + HOUR, version=4)
    for number in (1, 2):
        history.ask(f"req_{number}", of=ADA, at=NOON + 2 * HOUR, flow={**FLOW, "version": 4})

    found = look(history)

    assert [one.request_id for one in found] == ["req_1", "req_2"]
    assert [one.evidence.values["loosened_in_version"] for one in found] == [4, 4]


def test_what_cannot_be_read_is_passed_over() -> None:
    history = History()
    change(history)
    details: dict[str, JsonValue] = {"version": 3, "before": {"name": "in other words"}, "after": told(LOOSE)}
    history.entries = [history.entries[0].model_copy(update={"details": details})]
    history.ask("req_1", of=ADA)
    assert look(history) == []


def test_window_severity_and_exemptions_are_chosen() -> None:
    history = History()
    change(history)
    history.ask("req_1", of=ADA, at=NOON + HOUR)

    assert [one.severity for one in look(history, hours=1, severity="low")] == [AnomalySeverity.LOW]
    assert look(history, exempt=[ADA.id]) == []
