"""Deciding by what anomalies are found, from the command line."""

from typing import Any

import httpx
import pytest

from tests.unit.entrypoints.cli.fake_api import FakeApi, problem
from tests.unit.entrypoints.cli.terminal import Terminal

PATH = "/v1/settings/anomalies"
WORDS = {"elevated": ["admin"], "sensitive": ["prod", "pii"]}
INACTIVE = {"enabled": True, "exempt": [], "days": 90, "severity": "medium"}


def some_settings(version: int = 3, **change: Any) -> httpx.Response:
    body = {"version": version, "words": WORDS, "inactive_user": INACTIVE, **change}
    return httpx.Response(200, json=body, headers={"etag": f'"{version}"'})


@pytest.fixture(autouse=True)
def settings(api: FakeApi) -> None:
    api.on("GET", PATH, some_settings())
    api.on("PUT", PATH, some_settings(4))


def test_settings_are_shown_under_the_names_by_which_they_are_changed(terminal: Terminal) -> None:
    shown = " ".join(terminal.table("settings", "anomalies", "show").split())

    assert "words.sensitive [prod, pii]" in shown
    assert "inactive_user.enabled true" in shown
    assert "inactive_user.days 90" in shown
    assert "version 3" in shown


def test_fields_are_changed_in_the_version_that_was_read_and_the_others_stay(terminal: Terminal, api: FakeApi) -> None:
    terminal.json("settings", "anomalies", "set", "inactive_user.days=60", "words.sensitive=[customer, 'a = b']")

    assert api.body("PUT", PATH) == {
        "words": WORDS | {"sensitive": ["customer", "a = b"]},
        "inactive_user": INACTIVE | {"days": 60},
    }
    assert api.sent("PUT", PATH)[0].headers["if-match"] == '"3"'


@pytest.mark.parametrize(
    "field",
    [
        "inactive_user.days",
        "inactive_user.weeks=3",
        "inactive_user=3",
        "nobody.days=3",
        "version=9",
        "words.sensitive=[a",
    ],
)
def test_what_names_no_field_is_refused_before_anything_is_sent(terminal: Terminal, api: FakeApi, field: str) -> None:
    assert terminal.run("settings", "anomalies", "set", field).exit_code == 2
    assert not api.sent("PUT", PATH)


def test_who_was_overtaken_is_told(terminal: Terminal, api: FakeApi) -> None:
    api.on("PUT", PATH, problem(412, "stale-version", "It was changed meanwhile"))
    assert terminal.run("settings", "anomalies", "set", "inactive_user.days=60").exit_code == 1
