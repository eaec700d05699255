"""Safeguard weakened: what watches people is taken away by somebody."""

import pytest
from pydantic import JsonValue

from nightlatch.domain.alert_rule import AlertRule, delivered
from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.anomaly_settings import AnomalyChoices, AnomalySettings
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.audit_settings import AuditChoices, AuditSettings, Reads
from nightlatch.domain.detectors.choices import SafeguardWeakenedChoices
from nightlatch.domain.detectors.safeguard_weakened import SafeguardWeakened
from nightlatch.domain.identity import SYSTEM, Actor
from nightlatch.domain.ledger import INGESTED, LedgerEntry
from tests.builders import ADA, EVE, NOON, ROBOT, a_finding, an_entry
from tests.unit.domain.detectors.requests import found_by

TRAIL = AuditSettings.model_validate({"retention": 90 * 86400, "reads": Reads.ALL})


def look(*entries: LedgerEntry, **choices: object) -> list[Finding]:
    return found_by(SafeguardWeakened(SafeguardWeakenedChoices.model_validate(choices)), entries)


def said(*entries: LedgerEntry) -> list[JsonValue]:
    return [finding.evidence.values["weaker"] for finding in look(*entries)]


def trail(days: int = 90, reads: Reads = Reads.ALL) -> LedgerEntry:
    """Tell that Ada changed the settings of the trail."""
    change = TRAIL.choose(AuditChoices(retention_days=days, reads=reads, writers=()), by=ADA, at=NOON)
    return an_entry(change.events[0])


def anomalies(after: dict[str, object], before: dict[str, object] | None = None) -> LedgerEntry:
    """Tell that Ada changed the settings of anomalies."""
    settings = AnomalySettings(choices=AnomalyChoices.model_validate(before or {}))
    return an_entry(settings.choose(AnomalyChoices.model_validate(after), by=ADA, at=NOON).events[0])


def destination(event_type: EventType, actor: Actor | None = None, **details: JsonValue) -> LedgerEntry:
    """Tell something of a destination."""
    resource = ResourceReference(type="destination", id="dst_1", name="SIEM")
    event = AuditEvent(
        event_type=event_type,
        timestamp=NOON,
        actor=actor or ADA.as_actor(),
        resource=resource,
        description="something about a destination",
        details=details,
    )
    return an_entry(event)


def chosen(rule: AlertRule, *, before: bool, after: bool) -> LedgerEntry:
    """Tell that Ada changed whether a rule is on."""
    was = rule.choices.model_copy(update={"is_active": before})
    now = was.model_copy(update={"is_active": after, "count": 7})
    return an_entry(rule.changed(choices=was).chosen(now, by=ADA, at=NOON).events[0])


def test_a_shorter_retention_is_found() -> None:
    entry = trail(30)

    [finding] = look(entry)

    assert finding.severity is AnomalySeverity.HIGH
    assert finding.reason == "Ada changed safeguards: events are kept for 30 days instead of 90"
    assert (finding.scope, finding.people) == (entry.id, (ADA.as_person(),))
    assert finding.evidence.entries == (entry.id,)
    assert finding.evidence.values == {
        "weaker": ["events are kept for 30 days instead of 90"],
        "by": {"id": ADA.id, "name": "Ada"},
        "name": "audit",
        "before": {"retention_days": 90},
        "after": {"retention_days": 30},
    }


def test_so_are_fewer_reads() -> None:
    assert said(trail(reads=Reads.SENSITIVE)) == [["only sensitive reads are events"]]


def test_what_is_watched_more_is_no_finding() -> None:
    assert said(trail(120)) == []
    assert said(anomalies({"rubber_stamping": {"enabled": True}, "words": {"sensitive": ["more"]}}, None)) == [
        ["customer, phi, pii, prod makes nothing sensitive"]
    ]
    assert said(anomalies({"rubber_stamping": {"enabled": True}})) == []
    assert said(anomalies({}, {"inactive_user": {"enabled": False, "exempt": [ADA.id]}})) == []


@pytest.mark.parametrize(
    ("after", "weaker"),
    [
        ({"inactive_user": {"enabled": False}}, '"Inactive user detected" is not looked for'),
        ({"inactive_user": {"exempt": [ADA.id]}}, 'more people are exempt from "Inactive user detected"'),
        ({"words": {"elevated": ["admin", "owner"]}}, "full access makes nothing elevated"),
    ],
)
def test_detectors_that_look_at_less_are_found(after: dict[str, object], weaker: str) -> None:
    assert said(anomalies(after)) == [[weaker]]


@pytest.mark.parametrize(
    ("event_type", "weaker"),
    [
        (EventType.DESTINATION_DISABLED, "destination SIEM was disabled"),
        (EventType.DESTINATION_DELETED, "destination SIEM was removed"),
    ],
)
def test_a_delivery_that_somebody_ends_is_found(event_type: EventType, weaker: str) -> None:
    assert said(destination(event_type)) == [[weaker]]
    assert said(destination(event_type, ROBOT.as_actor())) == [[weaker]]


def test_what_nightlatch_itself_disables_is_no_finding() -> None:
    assert look(destination(EventType.DESTINATION_DISABLED, SYSTEM, reason="five days of failures")) == []


@pytest.mark.parametrize(
    "event_type",
    [one for one in EventType if one.startswith(("destination.", "anomaly.", "alert.rule."))],
)
def test_of_nothing_that_delivery_or_detection_tells_itself_comes_a_finding(event_type: EventType) -> None:
    told = a_finding().model_dump(mode="json")
    assert look(destination(event_type, SYSTEM, name="audit", finding=told)) == []


def test_an_alert_rule_that_was_on_and_is_switched_off_or_removed_is_found() -> None:
    rule = delivered()[0]

    [finding] = look(chosen(rule, before=True, after=False))

    assert finding.reason == "Ada changed safeguards: alert rule failed-sign-ins was switched off"
    assert said(an_entry(rule.deleted(by=ADA, at=NOON))) == [["alert rule failed-sign-ins was removed"]]


def test_an_alert_rule_that_was_off_already_or_is_switched_on_is_no_finding() -> None:
    on, off = delivered()

    assert said(chosen(on, before=False, after=True), chosen(on, before=True, after=True)) == []
    assert said(chosen(on, before=False, after=False), an_entry(off.deleted(by=ADA, at=NOON))) == []


def test_no_other_settings_are_compared() -> None:
    change = {"name": "other", "before": {"retention_days": 9}, "after": {"retention_days": 3}}
    assert look(destination(EventType.SETTINGS_UPDATED, **change)) == []  # type: ignore[arg-type]  # details are JSON
    assert look(destination(EventType.SETTINGS_UPDATED, name="audit", before=None, after="none")) == []


def test_what_another_system_told_is_no_finding() -> None:
    entry = trail(30)
    told: dict[str, JsonValue] = {**entry.details, INGESTED: {"writer": "siem", "id": "1"}}
    assert look(entry.model_copy(update={"details": told})) == []


def test_exemptions_hold_for_all_but_that_by_which_anomalies_are_found() -> None:
    weakened = anomalies({"safeguard_weakened": {"exempt": [ADA.id]}})
    switched_off = chosen(delivered()[0], before=True, after=False)

    assert look(trail(30), exempt=[ADA.id]) == []
    assert look(destination(EventType.DESTINATION_DELETED), exempt=[ADA.id]) == []
    assert len(look(weakened, switched_off, exempt=[ADA.id])) == 2
    assert len(look(trail(30), exempt=[EVE.id])) == 1


def test_the_severity_is_chosen() -> None:
    assert [one.severity for one in look(trail(30), severity="low")] == [AnomalySeverity.LOW]
