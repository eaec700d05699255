"""Entries in words: every event has one, and what other systems send is told as far as it can be read."""

import re
from pathlib import Path

import pytest
from pydantic import JsonValue

from nightlatch.domain.audit_event import EventType, ForeignEvent, Severity
from nightlatch.entrypoints.console.entry_words import SEVERITIES, STATES, detail_of, state_mark, target_of
from nightlatch.entrypoints.console.static_files import FOLDER
from tests.builders import MAYA, ROBOT, a_request, an_entry, an_entry_to_write, an_event

ROOT = Path(__file__).parents[4]
TONES = {"green", "amber", "red", "blue", "gray"}


def foreign(**fields: object) -> ForeignEvent:
    return an_entry_to_write(**fields).event(by=ROBOT)


def test_every_event_has_a_word() -> None:
    documented = re.findall(r"^\| `([a-z_.]+)` \|", (ROOT / "docs" / "events.md").read_text(), re.MULTILINE)

    assert {*EventType, *documented} <= STATES.keys()


def test_every_word_has_an_icon_that_is_there_and_a_tone_of_ours() -> None:
    icons = set(re.findall(r'<symbol id="(\w+)"', (FOLDER / "icons.svg").read_text()))

    for mark in (*STATES.values(), *SEVERITIES.values()):
        assert (mark.icon in icons, mark.tone in TONES) == (True, True), mark


def test_one_word_has_one_look() -> None:
    looks = {mark.word: mark for mark in STATES.values()}

    assert set(STATES.values()) == set(looks.values())


@pytest.mark.parametrize(
    ("severity", "tone"), [(Severity.INFO, "gray"), (Severity.WARNING, "amber"), (Severity.ERROR, "red")]
)
def test_an_event_of_another_system_is_told_by_its_name(severity: Severity, tone: str) -> None:
    entry = an_entry(foreign(severity=severity))  # type: ignore[arg-type]  # recorded like any other

    assert state_mark(entry) == ("subscription.added", "dot", tone)


def test_a_request_is_told_by_its_system_and_resources() -> None:
    [event] = a_request("role1", "role3").submitted(by=MAYA).events

    assert target_of(an_entry(event)) == "orders-db / orders"


@pytest.mark.parametrize(
    "items", [None, "text", 7, [], [None], ["text"], [{}], [{"resource": 7}], {"resource": "orders"}]
)
def test_items_of_any_other_form_are_left_alone(items: JsonValue) -> None:
    entry = an_entry(foreign(details={"items": items}))  # type: ignore[arg-type]  # recorded like any other

    assert target_of(entry) == "subscription / Team"


@pytest.mark.parametrize("reason", [None, "", 7, {"text": "x"}, "something happened"])
def test_a_reason_that_is_none_or_is_said_already_is_not_added(reason: JsonValue) -> None:
    event = an_event().model_copy(update={"details": {"reason": reason}})

    assert detail_of(an_entry(event)) == "Something happened"


def test_a_reason_is_added() -> None:
    event = an_event().model_copy(update={"details": {"reason": "a leak"}})

    assert detail_of(an_entry(event)) == "Something happened: a leak"
