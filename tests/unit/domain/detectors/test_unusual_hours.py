"""Unusual hours: something new is asked for when the person hardly ever asks."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.detectors.choices import UnusualHoursChoices
from nightlatch.domain.detectors.unusual_hours import UnusualHours
from nightlatch.domain.identity import Principal
from tests.builders import ADA, EVE, MAYA, ROBOT
from tests.unit.domain.detectors.requests import History, an_item, found_by

BERLIN = "Europe/Berlin"
MONDAY = datetime(2026, 10, 5, tzinfo=ZoneInfo(BERLIN))
DAY = timedelta(days=1)
WORKDAYS = 25
"""Five weeks, in which the clocks change."""


def look(history: History, zone: str = BERLIN, **choices: object) -> list[Finding]:
    return found_by(UnusualHours(UnusualHoursChoices.model_validate(choices), zone), history.entries, chunk=3)


def at(day: int, hour: int) -> datetime:
    """Find an hour of a day since the first Monday, on the wall clock."""
    return (MONDAY + day * DAY).replace(hour=hour)


def worked(days: int = WORKDAYS, *, of: Principal = MAYA, by: Principal | None = None) -> History:
    """Let somebody ask for orders at nine to five on so many working days."""
    history = History()
    for number in range(days):
        day = number // 5 * 7 + number % 5
        history.ask(f"req_{number}", of=of, by=by or of, at=at(day, 9 + number % 8))
    return history


def test_something_new_in_the_night_is_found() -> None:
    history = worked()
    history.ask("req_new", an_item("role1", "salaries"), at=at(35, 3))

    [finding] = look(history)

    assert finding.severity is AnomalySeverity.MEDIUM
    assert finding.reason == "Maya asked for salaries for the first time, on Monday at 03:00"
    assert finding.request_id == finding.scope == "req_new"
    assert finding.evidence.values == {
        "first_asked_for": ["salaries"],
        "local_time": "Monday 03:00",
        "zone": BERLIN,
        "requests": 25,
        "around_this_hour": 0,
        "on_this_day": 5,
    }


def test_so_is_something_new_on_a_day_on_which_one_never_asks() -> None:
    history = worked()
    history.ask("req_new", an_item("role1", "salaries"), at=at(34, 11))
    assert [one.evidence.values["local_time"] for one in look(history)] == ["Sunday 11:00"]


@pytest.mark.parametrize(("hour", "number"), [(7, 1), (8, 0), (12, 0), (17, 0), (18, 1)])
def test_an_hour_next_to_a_usual_one_is_usual(hour: int, number: int) -> None:
    history = worked()
    history.ask("req_new", an_item("role1", "salaries"), at=at(35, hour))
    assert len(look(history)) == number


def test_midnight_is_next_to_eleven_in_the_evening() -> None:
    history = History()
    for number in range(30):
        history.ask(f"req_{number}", at=at(number, 23))
    history.ask("req_new", an_item("role1", "salaries"), at=at(31, 0))
    assert look(history) == []


def test_what_one_has_asked_for_before_is_no_finding_at_any_hour() -> None:
    history = worked()
    history.ask("req_new", at=at(35, 3))
    assert look(history) == []


def test_what_is_new_is_new_once() -> None:
    history = worked()
    for number in (1, 2):
        history.ask(f"req_new{number}", an_item(), an_item("role1", "salaries"), at=at(35, 3))
    assert [one.request_id for one in look(history)] == ["req_new1"]


def test_nothing_is_said_before_enough_is_known() -> None:
    few = worked(19)
    few.ask("req_new", an_item("role1", "salaries"), at=at(35, 3))
    assert look(few) == []

    short = History()
    for number in range(40):
        short.ask(f"req_{number}", at=at(number // 2, 9))
    short.ask("req_new", an_item("role1", "salaries"), at=at(20, 3))
    assert look(short) == []
    assert len(look(short, weeks=2)) == 1


def test_whoever_asks_at_any_hour_has_no_unusual_ones() -> None:
    history = History()
    for number in range(60):
        history.ask(f"req_{number}", at=at(number, number * 5 % 24))
    history.ask("req_new", an_item("role1", "salaries"), at=at(61, 3))
    assert look(history) == []


def test_old_habits_are_forgotten() -> None:
    history = worked()
    history.ask("req_new", an_item("role1", "salaries"), at=at(125, 3))
    assert look(history) == []
    assert len(look(history, days=200)) == 1


def test_the_hours_are_those_of_the_place_whatever_the_clocks_do() -> None:
    history = worked()
    history.ask("req_new", an_item("role1", "salaries"), at=at(35, 18))

    assert len(look(history)) == 1
    assert [one.evidence.values["local_time"] for one in look(history, "Asia/Tokyo")] == ["Tuesday 02:00"]


@pytest.mark.parametrize("by", [ADA, ROBOT])
def test_what_others_ask_for_somebody_says_nothing_of_their_hours(by: Principal) -> None:
    history = worked(by=by)
    history.ask("req_new", an_item("role1", "salaries"), at=at(35, 3))
    assert look(history) == []


def test_services_are_not_looked_at_and_each_person_is_known_alone() -> None:
    history = worked(of=ROBOT)
    history.ask("req_new", an_item("role1", "salaries"), of=ROBOT, at=at(35, 3))
    history.ask("req_eve", an_item("role1", "salaries"), of=EVE, at=at(35, 3))
    assert look(history) == []


def test_thresholds_severity_and_exemptions_are_chosen() -> None:
    history = worked(10)
    history.ask("req_new", an_item("role1", "salaries"), at=at(14, 18))

    [finding] = look(history, requests=10, weeks=2, severity="low")
    assert finding.severity is AnomalySeverity.LOW
    assert look(history, requests=10, weeks=2, hours_around=3) == []
    assert look(history, requests=10, weeks=2, unusual_percent=0) != []
    assert look(history, requests=10, weeks=2, exempt=[MAYA.id]) == []
