"""Anomalies, replays and alert rules from the command line, at the real API's functions over the fakes."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from nightlatch.domain.anomaly import Anomaly, Evidence
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.change import Change
from nightlatch.domain.detection_lane import LIVE
from nightlatch.services.ports.anomalies import AnomalyFilter
from tests.builders import API, NOA, World, an_anomaly
from tests.fakes.anomalies import FakeDetectionWorkers
from tests.unit.entrypoints.cli.terminal import NOW, Terminal
from tests.unit.entrypoints.cli.test_with_the_api import RealApi


class WorkersAtOnce(FakeDetectionWorkers):
    """Work a replay off before anybody asks how it stands."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def work_on(self, lane_id: str) -> None:
        """Take every step."""
        while self._world.detection.step(lane_id):
            pass


@pytest.fixture
def world() -> World:
    world = World()
    world.clock.at(NOW)
    world.detection_workers = WorkersAtOnce(world)
    return world


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Terminal:
    terminal = Terminal(RealApi(world), tmp_path / "config")
    terminal.sign_in("ada")
    return terminal


def found(world: World) -> Anomaly:
    """Let somebody be given access for the first time, and find that."""
    world.granted()
    return world.detected()[0]


def text(shown: str) -> str:
    return " ".join(shown.split())


def test_anomalies_are_listed_with_what_was_found(terminal: Terminal, world: World) -> None:
    anomaly = found(world)
    shown = text(terminal.table("anomalies", "list", "--state", "open", "--type", "inactive_user", "--last", "1d"))
    assert "medium ● open Inactive user detected" in shown
    assert anomaly.id in shown
    assert "1 anomaly." in shown
    none = terminal.json("anomalies", "list", "--severity", "high,low", "--request", str(anomaly.finding.request_id))
    assert none["anomalies"] == []


def test_an_anomaly_is_shown_with_its_evidence_and_the_commands_that_lead_on(terminal: Terminal, world: World) -> None:
    anomaly = found(world)
    shown = text(terminal.table("anomalies", "show", anomaly.id))
    assert f"Next nightlatch requests show {anomaly.finding.request_id}" in shown
    assert f"Next nightlatch anomalies revoke {anomaly.id}" in shown
    assert "Next nightlatch flows show orders-roles" in shown
    assert anomaly.finding.evidence.entries[0] in shown
    assert "Validate that the person should be granted access." in shown


def test_of_the_evidence_only_what_is_there_is_shown(terminal: Terminal, world: World) -> None:
    values: dict[str, JsonValue] = {
        "last_at": None,
        "listed": [],
        "burst": {},
        "word": "",
        "days_between": 0,
        "new": False,
    }
    anomaly = an_anomaly(
        actor=NOA.as_person(),
        evidence=Evidence(entries=("e-1",), values=values, thresholds={"days": 90, "hours": None}),
    )
    world.store.commit(Change(anomaly), origin=API)
    shown = text(terminal.table("anomalies", "show", anomaly.id))
    assert "days_between 0 new False against days 90 Events e-1" in shown
    assert "Actor Noa" in shown
    assert not [name for name in ("last_at", "listed", "burst", "word", "hours") if name in shown]


def test_an_anomaly_is_judged_and_its_access_ended(terminal: Terminal, world: World) -> None:
    anomaly = found(world)
    assert terminal.json("anomalies", "acknowledge", anomaly.id, "--note", "I look")["state"] == "acknowledged"
    assert "revoking" in terminal.table("anomalies", "revoke", anomaly.id, "--reason", "nobody knows them")
    shown = text(terminal.table("anomalies", "resolve", anomaly.id, "--note", "a mistake"))
    assert "✓ resolved" in shown
    assert "Note a mistake" in shown
    assert "anomalies revoke" not in shown


def test_a_dry_run_waits_and_shows_what_it_counted(terminal: Terminal, world: World) -> None:
    world.submitted()
    world.events()
    shown = text(terminal.table("anomalies", "replay", "--since", "30d", "--dry-run"))
    assert "inactive_user 1" in shown
    assert "for the first time ever" in shown
    assert "2 events looked at; none of it was kept" in shown
    assert not list(world.anomalies.candidates(AnomalyFilter()))
    other = ("--set", "inactive_user.enabled=false", "--set", "words.elevated=[root]")
    assert "Nothing was found." in terminal.table("anomalies", "replay", "--since", "30d", "--dry-run", *other)


def test_a_replay_keeps_what_it_finds(terminal: Terminal, world: World) -> None:
    world.submitted()
    world.events()
    terminal.json("anomalies", "replay", "--since", "30d", "--until", "2026-11-23")
    assert len(list(world.anomalies.candidates(AnomalyFilter()))) == 1
    assert world.anomalies.lane(LIVE).version == 0


# Alert rules


def rule(terminal: Terminal, name: str) -> Any:
    return terminal.json("alert-rules", "show", name)


def test_a_rule_is_made_from_what_is_typed(terminal: Terminal) -> None:
    events = ("--event", "access.*,auth.*", "--event-severity", "warning", "--source", "api", "--integration", "db")
    numbers = ("--count", "3", "--within", "1h", "--per", "resource", "--severity", "high")
    hours = ("--outside", "08:00-18:00", "--days", "mon,tue", "--zone", "Europe/Berlin", "--name", "My own")
    terminal.json("alert-rules", "add", "mine", *events, *numbers, *hours)
    assert rule(terminal, "mine") == {
        "id": "mine",
        "version": 1,
        "is_delivered": False,
        "name": "My own",
        "is_active": True,
        "events": {
            "event_types": ["access.*", "auth.*"],
            "severities": ["warning"],
            "sources": ["api"],
            "integrations": ["db"],
        },
        "hours": {
            "hours": {"zone": "Europe/Berlin", "days": ["mon", "tue"], "start": "08:00", "end": "18:00"},
            "outside": True,
        },
        "count": 3,
        "window_minutes": 60,
        "per": "resource",
        "severity": "high",
    }
    shown = text(terminal.table("alert-rules", "show", "mine"))
    assert "Counted 3 within 60 min, per resource" in shown
    assert "Hours outside of mon,tue 08:00-18:00 Europe/Berlin" in shown


def test_only_what_is_named_is_changed(terminal: Terminal) -> None:
    before = rule(terminal, "settings-out-of-hours")
    terminal.json("alert-rules", "edit", "settings-out-of-hours", "--count", "2", "--any-time")
    assert rule(terminal, "settings-out-of-hours") == {**before, "version": 1, "count": 2, "hours": None}
    terminal.json("alert-rules", "edit", "settings-out-of-hours", "--inside", "09:00-10:00", "--source", "cli")
    after = rule(terminal, "settings-out-of-hours")
    assert (after["hours"]["outside"], after["events"]["sources"]) == (False, ["cli"])


def test_hours_are_outside_or_inside(terminal: Terminal) -> None:
    result = terminal.run("alert-rules", "add", "mine", "--outside", "08:00-18:00", "--inside", "08:00-18:00")
    assert result.exit_code == 2
    assert "not both" in result.stderr


def test_a_rule_is_switched_off_and_on_and_taken_away(terminal: Terminal) -> None:
    assert not terminal.json("alert-rules", "disable", "failed-sign-ins")["is_active"]
    assert "failed-sign-ins ○ off 5 10 min actor medium" in text(terminal.table("alert-rules", "list"))
    assert terminal.json("alert-rules", "enable", "failed-sign-ins")["is_active"]
    refused = terminal.run("alert-rules", "remove", "failed-sign-ins")
    assert (refused.exit_code, "switch it off instead" in refused.stderr) == (1, True)
    terminal.json("alert-rules", "add", "mine", "--event", "access.*")
    assert "✓ Removed mine" in terminal.table("alert-rules", "remove", "mine")


def test_a_rule_is_tried_with_other_numbers_on_the_past(terminal: Terminal, world: World) -> None:
    terminal.json("alert-rules", "add", "mine", "--event", EventType.ACCESS_REQUESTED, "--count", "9")
    world.submitted("role1")
    world.submitted("role3")
    world.events()
    assert "Nothing was found." in terminal.table("alert-rules", "try", "mine")
    shown = text(terminal.table("alert-rules", "try", "mine", "--count", "2", "--since", "7d"))
    assert "alert_rule 1" in shown
    assert rule(terminal, "mine")["count"] == 9
