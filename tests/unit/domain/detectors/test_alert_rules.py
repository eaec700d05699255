"""Alert rules: what is counted, apart from what, within which window, and told how often."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.alert_rule import (
    AlertRule,
    AlertRuleChoices,
    CountedPer,
    EventFilter,
    LocalHours,
    delivered,
)
from nightlatch.domain.anomaly import AnomalySeverity, AnomalyType, Finding
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference, Source
from nightlatch.domain.detection import look_through
from nightlatch.domain.detectors.alert_rules import AlertRules, Hits
from nightlatch.domain.detectors.registry import alert_rules
from nightlatch.domain.identity import SYSTEM, Principal
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.opening_hours import OpeningHours
from tests.builders import ADA, MAYA, NOA, NOON, an_entry
from tests.unit.domain.detectors.requests import History

MINUTE = timedelta(minutes=1)


def a_rule(**choices: object) -> AlertRule:
    """Build a rule that counts three failed sign-ins within ten minutes."""
    chosen: dict[str, object] = {
        "name": "Mine",
        "events": EventFilter(event_types=(EventType.LOGIN_FAILED.value,)),
        "count": 3,
        "severity": AnomalySeverity.HIGH,
    }
    return AlertRule(id="mine", choices=AlertRuleChoices.model_validate(chosen | choices))


def happened(
    minutes: float = 0,
    event_type: EventType = EventType.LOGIN_FAILED,
    *,
    by: Principal | None = MAYA,
    seq: int = 1,
    **fields: Any,
) -> LedgerEntry:
    """Build an entry of something that happened so many minutes after noon."""
    event = AuditEvent(
        event_type=event_type,
        timestamp=NOON + minutes * MINUTE,
        actor=by.as_actor() if by else SYSTEM,
        resource=ResourceReference(type="user", id=fields.pop("resource", "somebody")),
        description="something happened",
        details=fields.pop("details", {}),
    )
    return an_entry(event, seq=seq).model_copy(update=fields)


def found(rule: AlertRule, entries: Sequence[LedgerEntry]) -> list[Finding]:
    sight = look_through(entries, [AlertRules((rule,))], {}, room=10**9)
    return [finding for finding, _ in sight.findings]


def at(*minutes: float, **fields: Any) -> list[LedgerEntry]:
    return [happened(minute, seq=number, **fields) for number, minute in enumerate(minutes, start=1)]


def test_so_many_within_a_window_are_an_anomaly_that_says_what_was_counted() -> None:
    entries = at(0, 4, 9)

    [finding] = found(a_rule(), entries)

    assert (finding.type, finding.severity, finding.rule) == (AnomalyType.ALERT_RULE, AnomalySeverity.HIGH, "mine")
    assert finding.evidence.entries == tuple(entry.id for entry in entries)
    assert finding.evidence.values["count"] == 3
    assert finding.evidence.thresholds["window_minutes"] == 10
    assert (finding.requester, finding.actor) == (None, MAYA.as_person())
    assert finding.reason == f"Mine: 3 within 10 minutes by {MAYA.name}"


@pytest.mark.parametrize(
    ("count", "per", "resource", "named"),
    [
        (1, CountedPer.ALL, "req_1", (True, True, True)),
        (2, CountedPer.ACTOR, "req_1", (True, False, False)),
        (2, CountedPer.RESOURCE, "req_1", (False, True, True)),
        (2, CountedPer.RESOURCE, "orders", (False, True, False)),
        (2, CountedPer.ADDRESS, "req_1", (False, False, False)),
    ],
)
def test_of_several_events_only_what_they_have_in_common_is_named(
    count: int, per: CountedPer, resource: str, named: tuple[bool, bool, bool]
) -> None:
    rule = a_rule(count=count, per=per)

    finding = found(rule, at(0, 1, resource=resource, request_id="req_1", ip_address="192.0.2.1"))[0]

    assert (bool(finding.actor), bool(finding.resources), bool(finding.request_id)) == named


@pytest.mark.parametrize(
    ("count", "by", "people"), [(1, NOA, (MAYA, NOA)), (1, MAYA, (MAYA,)), (1, None, (MAYA,)), (2, NOA, (NOA,))]
)
def test_of_one_request_the_requester_is_named_beside_whoever_did_it(
    count: int, by: Principal | None, people: tuple[Principal, ...]
) -> None:
    history = History()
    for number in range(count):
        history.tell(EventType.ROLE_REJECTED, f"req_{number}", of=MAYA, by=by)

    [finding] = found(a_rule(count=count, events=EventFilter()), history.entries)

    assert finding.people == tuple(person.as_person() for person in people)


@pytest.mark.parametrize("minutes", [(0, 5), (0, 5, 10.1), (0, 6, 12, 18)])
def test_fewer_or_further_apart_are_none(minutes: tuple[float, ...]) -> None:
    assert not found(a_rule(), at(*minutes))


def test_what_is_told_late_is_counted_by_when_it_happened() -> None:
    assert len(found(a_rule(), at(9, 0, 4))) == 1
    assert len(found(a_rule(), at(0, 1, 11.5, 2))) == 1
    assert not found(a_rule(), at(9, 0, 12))
    assert not found(a_rule(), at(0, 19, 10))


def test_failed_sign_ins_that_are_told_together_are_counted_one_by_one() -> None:
    assert len(found(a_rule(), [happened(details={"attempts": 3})])) == 1
    assert not found(a_rule(), [happened(details={"attempts": 2})])
    assert not found(a_rule(), [happened(details={"attempts": "many"})])


def test_of_other_events_such_a_number_means_nothing() -> None:
    rule = a_rule(events=EventFilter())

    assert not found(rule, [happened(event_type=EventType.SETTINGS_UPDATED, details={"attempts": 3})])


@pytest.mark.parametrize(
    ("per", "field", "values"),
    [
        (CountedPer.ACTOR, "by", (MAYA, NOA)),
        (CountedPer.RESOURCE, "resource", ("one", "other")),
        (CountedPer.ADDRESS, "ip_address", ("192.0.2.1", "192.0.2.2")),
    ],
)
def test_each_is_counted_apart(per: CountedPer, field: str, values: tuple[Any, Any]) -> None:
    one, other = ({field: value} for value in values)
    mixed = [happened(0, **one), happened(1, **other, seq=2), happened(2, **one, seq=3), happened(3, **other, seq=4)]

    assert not found(a_rule(per=per), mixed)
    assert len(found(a_rule(per=per), [*mixed, happened(4, **one, seq=5), happened(5, **other, seq=6)])) == 2
    assert len(found(a_rule(per=CountedPer.ALL), mixed)) == 1


def test_what_has_no_address_is_not_counted_by_address() -> None:
    assert not found(a_rule(per=CountedPer.ADDRESS), at(0, 1, 2, ip_address=None))


@pytest.mark.parametrize(
    ("events", "is_counted"),
    [
        ({"event_types": ("auth.*",)}, True),
        ({"event_types": ("access.*",)}, False),
        ({"severities": {"warning"}}, True),
        ({"severities": {"error"}}, False),
        ({"sources": {Source.API}}, True),
        ({"sources": {Source.SLACK}}, False),
        ({"integrations": {"orders-db"}}, False),
    ],
)
def test_only_events_of_the_filter_are_counted(events: dict[str, Any], is_counted: bool) -> None:
    rule = a_rule(count=1, events=EventFilter.model_validate(events))

    assert bool(found(rule, [happened()])) is is_counted


def test_only_what_happens_outside_of_hours_or_within_them_is_counted() -> None:
    hours = OpeningHours(zone="Europe/Berlin", start="08:00", end="13:00")  # noon in UTC is 13:00 in Berlin
    outside, within = (a_rule(count=1, hours=LocalHours(hours=hours, outside=outside)) for outside in (True, False))

    assert [bool(found(outside, at(minutes))) for minutes in (-1, 0)] == [False, True]
    assert [bool(found(within, at(minutes))) for minutes in (-1, 0)] == [True, False]


def test_what_goes_on_is_told_once_a_window() -> None:
    findings = found(a_rule(), at(*range(60)))

    assert len(findings) == len({finding.anomaly_id for finding in findings}) == 6


@given(minutes=st.lists(st.integers(0, 60), max_size=60), count=st.integers(1, 5))
def test_there_is_at_most_one_anomaly_a_window_and_what_is_remembered_is_bounded(
    minutes: list[int], count: int
) -> None:
    rule = a_rule(count=count)
    sight = look_through(at(*minutes), [AlertRules((rule,))], {}, room=10**9)

    ids = [finding.anomaly_id for finding, _ in sight.findings]
    assert len(ids) == len(set(ids))
    for memory, _ in sight.memories.values():
        assert isinstance(memory, Hits)
        assert len(memory.hits) <= 2 * count


@pytest.mark.parametrize(
    "event_type",
    [EventType.ANOMALY_DETECTED, EventType.ALERT_RULE_UPDATED, EventType.DELIVERY_FAILED],
)
def test_a_rule_never_counts_what_tells_of_anomalies_rules_or_delivery(event_type: EventType) -> None:
    assert not found(a_rule(count=1, events=EventFilter()), [happened(event_type=event_type)])


def test_what_comes_with_nightlatch_finds_five_failed_sign_ins_of_one_person_in_ten_minutes() -> None:
    def signed_in_badly(attempts: int) -> list[LedgerEntry]:
        return [happened(0, details={"attempts": 2}), happened(8, details={"attempts": attempts - 2}, seq=2)]

    for attempts, expected in ((4, 0), (5, 1)):
        looking = alert_rules(delivered())
        assert len(look_through(signed_in_badly(attempts), looking, {}, room=99).findings) == expected


def test_the_rule_about_working_hours_comes_switched_off_and_works_when_it_is_on() -> None:
    rule = next(rule for rule in delivered() if rule.id == "settings-out-of-hours")
    night = happened(11 * 60, EventType.SETTINGS_UPDATED, by=ADA)
    day = happened(24 * 60, EventType.SETTINGS_UPDATED, by=ADA)
    on = rule.model_copy(update={"choices": rule.choices.model_copy(update={"is_active": True})})

    assert alert_rules([rule]) == ()
    assert (day.timestamp.weekday(), bool(found(on, [day])), bool(found(on, [night]))) == (0, False, True)


def test_a_window_is_the_same_wherever_one_begins_to_look() -> None:
    moment = datetime.fromisoformat("2026-11-22T12:00:00Z")
    assert moment == NOON
    early, late = (found(a_rule(count=1), at(*minutes)) for minutes in ((1, 12), (12,)))

    assert early[-1].anomaly_id == late[-1].anomaly_id
