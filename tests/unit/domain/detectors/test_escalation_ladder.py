"""Escalation ladder: read, write and elevated, one after the other, within a day."""

from datetime import timedelta

import pytest

from nightlatch.domain.anomaly import AnomalySeverity, Finding
from nightlatch.domain.detectors.choices import EscalationLadderChoices, RiskWords
from nightlatch.domain.detectors.escalation_ladder import EscalationLadder
from tests.builders import EVE, MAYA, NOON
from tests.unit.domain.detectors.requests import HOUR, History, an_item, found_by


def look(history: History, choices: EscalationLadderChoices | None = None) -> list[Finding]:
    return found_by(EscalationLadder(choices or EscalationLadderChoices(), RiskWords()), history.entries, chunk=2)


def climbed(*permissions: str, gap: timedelta = HOUR) -> History:
    """Let Maya ask for one permission after the other."""
    history = History()
    for number, permission in enumerate(permissions):
        history.ask(f"req_{number}", an_item(permission), at=NOON + number * gap)
    return history


def test_three_steps_up_within_a_day_are_found_at_the_last() -> None:
    history = climbed("orders_reader", "orders_writer", "orders_admin")

    [finding] = look(history)

    assert finding.severity is AnomalySeverity.MEDIUM
    assert finding.reason == "Maya asked in orders-db for orders_reader, then orders_writer, then orders_admin"
    assert finding.request_id == finding.scope == "req_2"
    assert finding.evidence.entries == tuple(entry.id for entry in history.entries)
    assert finding.evidence.values["minutes"] == 120
    assert finding.evidence.thresholds["hours"] == 24


@pytest.mark.parametrize(
    "permissions",
    [
        ("reader", "admin"),
        ("writer", "admin"),
        ("admin", "writer", "reader"),
        ("writer", "reader", "admin"),
        ("reader", "role1", "admin"),
        ("reader", "read_write"),
    ],
)
def test_what_leaves_out_a_step_or_goes_down_is_no_ladder(permissions: tuple[str, ...]) -> None:
    assert look(climbed(*permissions)) == []


def test_a_permission_to_read_and_write_is_one_to_write() -> None:
    assert len(look(climbed("reader", "read_write", "admin"))) == 1


def test_what_is_asked_for_between_the_steps_makes_no_difference() -> None:
    assert len(look(climbed("reader", "role1", "writer", "reader", "writer", "role1", "admin"))) == 1


def test_all_steps_at_once_are_no_ladder() -> None:
    history = History()
    history.ask("req_1", an_item("reader"), an_item("writer"), an_item("admin"))
    assert look(history) == []


@pytest.mark.parametrize(("minutes", "number"), [(720, 1), (721, 0)])
def test_the_whole_ladder_must_fit_into_the_window(minutes: int, number: int) -> None:
    assert len(look(climbed("reader", "writer", "admin", gap=timedelta(minutes=minutes)))) == number


def test_a_later_beginning_counts_when_the_first_is_too_long_ago() -> None:
    history = climbed("reader", "writer", "reader", "writer", "admin", gap=10 * HOUR)

    [finding] = look(history)

    assert finding.evidence.entries == tuple(entry.id for entry in history.entries[2:])


def test_what_is_told_late_is_no_step_up() -> None:
    assert look(climbed("reader", "writer", "admin", gap=-HOUR)) == []


def test_each_ladder_is_found_once() -> None:
    permissions = ("reader", "writer", "admin")
    assert [one.request_id for one in look(climbed(*permissions, "admin", *permissions))] == ["req_2", "req_6"]


@pytest.mark.parametrize("other", [{"of": EVE}, {"integration": "billing-db"}])
def test_each_person_and_integration_is_known_alone(other: dict[str, object]) -> None:
    history = climbed("reader", "writer")
    history.ask("req_9", an_item("admin"), at=NOON + 3 * HOUR, **other)  # type: ignore[arg-type]  # of ask's own
    assert look(history) == []


def test_words_window_severity_and_exemptions_are_chosen() -> None:
    history = climbed("ro", "rw", "admin")
    choices = EscalationLadderChoices(read=("ro",), write=("rw",), severity=AnomalySeverity.HIGH)

    assert [finding.severity for finding in look(history, choices)] == [AnomalySeverity.HIGH]
    assert look(history, choices.model_copy(update={"hours": 1})) == []
    assert look(history, choices.model_copy(update={"exempt": (MAYA.id,)})) == []
