"""Access automation: what makes requests is known by its rhythm, its bursts, its renewals and its client."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detectors.access_automation import AccessAutomation
from nightlatch.domain.detectors.choices import CLIENTS, AccessAutomationChoices, RiskWords
from tests.builders import EVE, MAYA, NOON, ROBOT
from tests.unit.domain.detectors.requests import History, an_item, found_by

MORNINGS = [0, 31, 5, 22, 48, 11, 39, 2, 27, 50]
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=number) for number in (1, 60, 3600, 86400))
MIDNIGHT = NOON - 12 * HOUR
LOW, MEDIUM, HIGH = AnomalySeverity
WILD = [0, 1, 5, 7, 19, 22, 40, 41, 55, 71, 90, 99, 130]
"""Hours at which somebody works who does not keep any."""


def look(history: History, choices: AccessAutomationChoices | None = None, *, chunk: int = 1000) -> list[Finding]:
    detector = AccessAutomation(choices or AccessAutomationChoices(), RiskWords())
    return found_by(detector, history.entries, chunk=chunk)


def asked_at(times: Iterable[datetime], *items: dict[str, JsonValue], **more: object) -> History:
    history = History()
    for number, at in enumerate(times):
        history.ask(f"req_{number}", *items, at=at, **more)  # type: ignore[arg-type]  # as told
    return history


def signals(finding: Finding) -> set[str]:
    return set(finding.evidence.values) - {"user_agent"}


def every(gap: timedelta, times: int, *, since: datetime = MIDNIGHT) -> list[datetime]:
    return [since + number * gap for number in range(times)]


def test_requests_at_regular_times_are_found_at_the_eighth() -> None:
    history = asked_at(every(HOUR, 9))
    [finding] = look(history)

    assert finding.request_id == "req_7"
    assert finding.severity is LOW
    assert finding.evidence.values["regular"] == {
        "requests": 8,
        "gaps": 7,
        "variation_percent": 0,
        "median_seconds": 3600,
        "deviation_seconds": 0,
    }
    assert finding.evidence.entries == tuple(entry.id for entry in history.entries[:8])
    assert finding.reason == "Maya seems to ask by a program: at regular times"


def test_gaps_of_a_day_must_be_exact() -> None:
    exact = [MIDNIGHT + number * DAY + (number % 3) * MINUTE for number in range(10)]
    human = [MIDNIGHT + number * DAY + minute * MINUTE for number, minute in enumerate(MORNINGS)]

    assert [signals(finding) for finding in look(asked_at(exact))] == [{"regular"}] * 3
    assert look(asked_at(human)) == []


def test_gaps_that_differ_are_a_persons() -> None:
    assert look(asked_at(MIDNIGHT + number * HOUR for number in WILD)) == []


def test_only_the_last_gaps_are_measured() -> None:
    wild = [MIDNIGHT + number * HOUR for number in WILD]
    regular = every(HOUR, 14, since=MIDNIGHT + 7 * DAY)
    assert [finding.request_id for finding in look(asked_at(wild + regular))] == ["req_25"]


def test_ten_requests_in_ten_minutes_are_a_burst() -> None:
    times = [NOON + number * number * 6 * SECOND for number in range(10)]
    assert [signals(finding) for finding in look(asked_at(times))] == [{"burst"}]
    assert look(asked_at(times[:9])) == []


def test_requests_right_after_the_end_are_renewals() -> None:
    history = History()
    at = NOON
    for number, hours in enumerate((1, 4, 2, 3, 1)):
        history.ask(f"req_{number}", at=at)
        history.grant(f"req_{number}", at=at, end=at + hours * HOUR)
        at += hours * HOUR + 20 * SECOND

    assert [(finding.request_id, signals(finding)) for finding in look(history)] == [("req_3", {"renewal"})]


def test_a_request_that_renews_nothing_is_no_renewal_whatever_was_before_it() -> None:
    history, at = History(), NOON
    for number in range(4):
        history.ask(f"req_{number}", at=at)
        history.grant(f"req_{number}", at=at, end=at + (number + 1) * HOUR)
        at += (number + 1) * HOUR + 20 * SECOND
    history.ask("req_later", at=at + 2 * DAY)

    assert "req_later" not in [finding.request_id for finding in look(history)]


@pytest.mark.parametrize("ending", [EventType.ACCESS_RETURNED, EventType.ACCESS_REVOKED])
def test_access_that_ended_early_is_renewed_from_then(ending: EventType) -> None:
    history = History()
    for number, hour in enumerate(WILD[:4]):
        at = NOON + hour * HOUR
        history.ask(f"req_{number}", at=at)
        history.grant(f"req_{number}", at=at, end=at + 100 * HOUR)
        history.tell(ending, f"req_{number}", at=NOON + WILD[number + 1] * HOUR - 30 * SECOND)

    assert [signals(finding) for finding in look(history)] == [{"renewal"}]


def test_an_extension_moves_the_end() -> None:
    history = History()
    for number, hour in enumerate(WILD[:6]):
        at, following = NOON + hour * HOUR, NOON + WILD[number + 1] * HOUR
        history.ask(f"req_{number}", at=at)
        history.grant(f"req_{number}", at=at, end=following)
        history.tell(EventType.ACCESS_EXTENDED, f"req_{number}", at=at, end=(following + HOUR).isoformat())

    assert look(history) == []


def test_a_scripting_client_is_found_at_its_third_request() -> None:
    times = [NOON + hour * HOUR for hour in WILD[:4]]
    found = look(asked_at(times, user_agent="curl/8.5.0"))

    assert [(finding.request_id, signals(finding)) for finding in found] == [("req_2", {"client"})]
    assert found[0].evidence.values["user_agent"] == "curl/8.5.0"


def test_a_request_by_a_browser_is_no_scripts_whatever_was_before_it() -> None:
    history = asked_at([NOON + hour * HOUR for hour in WILD[:3]], user_agent="curl/8.5.0")
    history.ask("req_later", at=NOON + 3 * DAY, user_agent="Mozilla/5.0")

    assert [finding.request_id for finding in look(history)] == ["req_2"]


@pytest.mark.parametrize("agent", ["nightlatch-cli/0.4.0", "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0", None])
def test_our_own_command_line_and_browsers_are_no_scripting_clients(agent: str | None) -> None:
    assert look(asked_at([NOON + hour * HOUR for hour in WILD[:5]], user_agent=agent)) == []


@pytest.mark.parametrize(
    "agent",
    ["curl/8.5.0", "python-requests/2.32", "Go-http-client/2.0", "Wget/1.25", "okhttp/5.1", "Python-urllib/3.13"],
)
def test_usual_scripting_clients_are_known(agent: str) -> None:
    assert look(asked_at([NOON + hour * HOUR for hour in WILD[:3]], user_agent=agent))


def test_two_signals_are_medium_and_any_at_a_sensitive_resource_is_high() -> None:
    both = look(asked_at(every(HOUR, 8), user_agent="curl/8"))
    sensitive = look(asked_at(every(HOUR, 8), an_item("role1", "customers")))

    assert [(finding.severity, len(signals(finding))) for finding in both] == [(LOW, 1), (MEDIUM, 2)]
    assert [finding.severity for finding in sensitive] == [HIGH]


def test_an_automation_is_one_anomaly_a_day_and_another_when_it_becomes_worse() -> None:
    found = look(asked_at(every(HOUR, 72)))
    worse = look(asked_at(every(HOUR, 10, since=MIDNIGHT), user_agent="curl/8"))

    assert [finding.window for finding in found] == ["2026-11-22 low", "2026-11-23 low", "2026-11-24 low"]
    assert len({finding.anomaly_id for finding in found}) == 3
    assert [finding.window for finding in worse] == ["2026-11-22 low", "2026-11-22 medium"]


def test_on_a_day_that_is_worse_what_is_less_bad_is_not_told_again() -> None:
    history = asked_at(every(MINUTE, 10, since=NOON), user_agent="curl/8")
    for number in range(3):
        history.ask(f"req_late{number}", at=NOON + 5 * HOUR + number * number * HOUR, user_agent="curl/8")

    assert [finding.window for finding in look(history)] == ["2026-11-22 low", "2026-11-22 medium"]


def test_what_is_asked_by_others_for_others_or_for_less_is_not_alike() -> None:
    times = every(HOUR, 10)
    history = History()
    for number, at in enumerate(times):
        history.ask(f"req_{number}", an_item("role1", f"db{number % 2}"), at=at, of=MAYA if number % 3 else EVE)
    mixed = History()
    for number, at in enumerate(times):
        mixed.ask(f"req_{number}", an_item(f"role{number}"), at=at)

    assert look(history) == look(mixed) == []


def test_an_elevated_permission_is_like_any_other() -> None:
    history = asked_at(every(HOUR, 7))
    history.ask("req_9", an_item("orders_admin"), at=MIDNIGHT + 7 * HOUR)
    assert [finding.request_id for finding in look(history)] == ["req_9"]


def test_a_request_for_many_resources_is_one_finding() -> None:
    items = [an_item("role1", name) for name in ("one", "two", "three")]
    assert len(look(asked_at(every(HOUR, 9), *items))) == 1


def test_whoever_is_exempt_is_not_looked_at() -> None:
    assert look(asked_at(every(HOUR, 9), of=ROBOT), AccessAutomationChoices(exempt=(ROBOT.id,))) == []
    assert look(asked_at(every(HOUR, 9), of=ROBOT))


def test_what_was_long_ago_is_forgotten() -> None:
    weekly = every(7 * DAY, 20)
    assert look(asked_at(weekly))
    assert look(asked_at(weekly), AccessAutomationChoices(days=30)) == []


def test_thresholds_are_chosen_and_told() -> None:
    choices = AccessAutomationChoices(regular_requests=4, clients=("teapot",), client_requests=2)
    [finding] = look(asked_at(every(HOUR, 4)), choices)

    assert finding.evidence.thresholds["regular_requests"] == 4
    assert "clients" not in finding.evidence.thresholds
    assert look(asked_at([NOON, NOON + WILD[2] * HOUR], user_agent="a teapot"), choices)


@given(
    gaps=st.lists(st.integers(0, 4000), min_size=1, max_size=40),
    chunk=st.integers(1, 45),
    agents=st.lists(st.sampled_from(["curl/8", None]), min_size=40, max_size=40),
)
def test_however_the_entries_are_divided_the_same_is_found(
    gaps: list[int], chunk: int, agents: list[str | None]
) -> None:
    history, at = History(), NOON
    for number, gap in enumerate(gaps):
        at += gap * SECOND
        history.ask(f"req_{number}", at=at, user_agent=agents[number])
        if gap % 2:
            history.grant(f"req_{number}", at=at, end=at + 1000 * SECOND)

    assert look(history, chunk=chunk) == look(history)


def test_no_usual_client_is_part_of_a_browsers_name() -> None:
    browser = (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15 Edg/142"
    )
    assert not any(client.casefold() in browser.casefold() for client in CLIENTS)
