"""Text from elsewhere cannot harm a terminal."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.entrypoints.cli.inert import inert, inert_json, inert_text
from tests.unit.entrypoints.cli.fake_api import FakeApi, a_request, problem
from tests.unit.entrypoints.cli.terminal import Terminal

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b1m\u202egnp.exe\r\nnext"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07", "]0;title"),
        ("two\r\nlines", "two lines"),
        ("\u202eevil", "evil"),
        ("\x9b2Jgone", "gone"),
        ("Ådå 👩\u200d💻", "Ådå 👩\u200d💻"),
    ],
)
def test_escapes_and_controls_are_taken_out(text: str, shown: str) -> None:
    assert inert_text(text) == shown


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    assert not [character for character in inert_text(text) if unicodedata.category(character) == "Cc"]


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda body: st.dictionaries(st.text(), body) | st.lists(body))
)
def test_json_says_the_same_and_holds_no_control_character(body: object) -> None:
    text = inert_json(body)
    assert json.loads(text) == body
    assert not [char for char in text.replace("\n", "") if unicodedata.category(char) == "Cc" or char == "\u202e"]


def test_names_are_made_inert_too() -> None:
    assert inert({"a\x1b[1m": ["b\x07"]}) == {"a": ["b"]}


def test_a_hostile_justification_does_not_reach_the_terminal(terminal: Terminal, api: FakeApi) -> None:
    request = a_request(justification=HOSTILE)
    api.on("GET", f"/v1/requests/{request['id']}", request)
    api.on("GET", f"/v1/requests/{request['id']}/timeline", {"events": []})
    shown = terminal.table("requests", "show", request["id"])
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(shown)
    assert "red" in shown


def test_a_hostile_justification_is_whole_but_escaped_in_json(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/requests", {"requests": [a_request(justification=HOSTILE)], "next_cursor": None})
    result = terminal.run("requests", "list", "-o", "json")
    assert json.loads(result.stdout)["requests"][0]["justification"] == HOSTILE
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(result.stdout)


def test_markup_is_printed_as_it_is(terminal: Terminal, api: FakeApi) -> None:
    api.on(
        "GET", "/v1/approvals", {"requests": [a_request(justification="[red]no[/red] :smile:")], "next_cursor": None}
    )
    assert "[red]no[/red] :smile:" in terminal.table("approvals")


def test_a_hostile_problem_is_inert(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/flows", problem(409, "conflict", "No", detail=HOSTILE))
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(terminal.run("flows", "list").stderr)
