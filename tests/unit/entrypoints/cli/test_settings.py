"""Deciding about the audit trail."""

from typing import Any

import httpx
import pytest

from tests.unit.entrypoints.cli.fake_api import FakeApi, problem
from tests.unit.entrypoints.cli.terminal import Terminal

PATH = "/v1/settings/audit"
WRITER = {"principal_id": "usr_robot", "events": ["access.*"]}


def some_settings(version: int = 3, **change: Any) -> httpx.Response:
    body = {"version": version, "retention_days": 90, "reads": "sensitive", "writers": [WRITER], **change}
    return httpx.Response(200, json=body, headers={"etag": f'"{version}"'})


@pytest.fixture(autouse=True)
def settings(api: FakeApi) -> None:
    api.on("GET", PATH, some_settings())
    api.on("PUT", PATH, some_settings(4))


def test_settings_are_shown_in_words(terminal: Terminal) -> None:
    shown = " ".join(terminal.table("settings", "show").split())

    assert "Events are kept 90 days" in shown
    assert "only those that show what is sensitive are events" in shown
    assert "Writer 1 usr_robot, also under the names access.*" in shown
    assert "Version 3, after 3 changes" in shown


def test_settings_that_nobody_has_chosen_are_said_to_be_the_deployments(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", PATH, some_settings(0, writers=[]))
    assert "0, as deployed" in terminal.table("settings", "show")


@pytest.mark.parametrize(
    ("words", "change"),
    [(("retention", "180"), {"retention_days": 180}), (("reads", "all"), {"reads": "all"})],
)
def test_one_setting_is_changed_in_the_version_that_was_read_and_the_others_stay(
    terminal: Terminal, api: FakeApi, words: tuple[str, ...], change: dict[str, Any]
) -> None:
    terminal.json("settings", *words)

    before = {"retention_days": 90, "reads": "sensitive", "writers": [WRITER]}
    assert api.body("PUT", PATH) == before | change
    assert api.sent("PUT", PATH)[0].headers["if-match"] == '"3"'


ROBOT = "usr_billing"


@pytest.mark.parametrize(
    ("words", "writers"),
    [
        (("add", ROBOT), [WRITER, {"principal_id": ROBOT, "events": []}]),
        (("add", ROBOT, "--also", "auth.*", "--also", "user.*"),
         [WRITER, {"principal_id": ROBOT, "events": ["auth.*", "user.*"]}]),
        (("add", "usr_robot"), [{"principal_id": "usr_robot", "events": []}]),
        (("remove", "usr_robot"), []),
    ],
)  # fmt: skip
def test_writers_are_named_one_by_one_and_the_others_stay(
    terminal: Terminal, api: FakeApi, words: tuple[str, ...], writers: list[dict[str, Any]]
) -> None:
    terminal.json("settings", "writers", *words)

    assert api.body("PUT", PATH) == {"retention_days": 90, "reads": "sensitive", "writers": writers}
    assert api.sent("PUT", PATH)[0].headers["if-match"] == '"3"'


def test_who_is_no_writer_cannot_be_removed(terminal: Terminal, api: FakeApi) -> None:
    refused = terminal.run("settings", "writers", "remove", ROBOT)

    assert (refused.exit_code, api.sent("PUT", PATH)) == (2, [])
    assert f"{ROBOT} is no writer" in refused.stderr


def test_before_events_are_deleted_it_is_said_which_and_that_it_is_for_ever(terminal: Terminal, api: FakeApi) -> None:
    refused = terminal.run("settings", "retention", "30", typed="n\n")
    assert (refused.exit_code, api.sent("PUT", PATH)) == (1, [])

    said = " ".join(refused.stderr.split())
    assert "Events recorded before 2026-10-23" in said
    assert "can no longer be read, from this moment on, and are then deleted" in said
    assert "cannot be brought back by anybody" in said

    assert terminal.run("settings", "retention", "30", typed="y\n").exit_code == 0
    assert api.body("PUT", PATH)["retention_days"] == 30


def test_with_a_longer_retention_it_is_said_what_stays_gone(terminal: Terminal) -> None:
    said = " ".join(terminal.run("settings", "retention", "180").stderr.split())

    assert "Events are kept for 180 days from now on. Those recorded before 2026-08-25" in said
    assert "stay gone." in said


def test_nothing_is_said_to_stay_gone_when_the_retention_stays(terminal: Terminal) -> None:
    assert "gone" not in terminal.run("settings", "retention", "90").stderr


def test_who_has_said_yes_is_not_asked(terminal: Terminal, api: FakeApi) -> None:
    terminal.json("settings", "retention", "30", "--yes")
    assert api.body("PUT", PATH)["retention_days"] == 30


@pytest.mark.parametrize("words", [("retention", "29"), ("retention", "366"), ("retention", "x"), ("reads", "none")])
def test_what_cannot_be_is_refused_before_anything_is_sent(
    terminal: Terminal, api: FakeApi, words: tuple[str, ...]
) -> None:
    assert terminal.run("settings", *words).exit_code == 2
    assert not api.calls


def test_who_was_overtaken_is_told(terminal: Terminal, api: FakeApi) -> None:
    api.on("PUT", PATH, problem(412, "stale-version", "It was changed meanwhile"))
    assert terminal.run("settings", "reads", "all").exit_code == 1
