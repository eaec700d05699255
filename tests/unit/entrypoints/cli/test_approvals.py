"""Deciding on requests."""

import pytest

from tests.unit.entrypoints.cli.fake_api import REQUEST_ID, FakeApi, a_request, an_item
from tests.unit.entrypoints.cli.terminal import Terminal

PATH = f"/v1/requests/{REQUEST_ID}"
TWO_ITEMS = a_request(items=[an_item(), an_item(2, "role3")])


def test_what_waits_is_listed_with_its_reason(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/approvals", {"requests": [TWO_ITEMS], "next_cursor": None})
    shown = " ".join(terminal.table("approvals").split())
    assert "req_bbbbcccc Maya Cohen orders role1, role3 35 min INC-2291 duplicate charges" in shown
    assert "1 request." in shown


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_a_whole_request_is_decided(terminal: Terminal, api: FakeApi, verdict: str) -> None:
    api.on("POST", f"{PATH}/{verdict}", TWO_ITEMS)
    terminal.json(verdict, REQUEST_ID, "--reason", "on call")
    assert api.body("POST", f"{PATH}/{verdict}") == {"reason": "on call"}


@pytest.mark.parametrize("item", ["role3", "item-2"])
def test_an_item_is_named_by_id_or_permission(terminal: Terminal, api: FakeApi, item: str) -> None:
    api.on("GET", PATH, TWO_ITEMS)
    api.on("POST", f"{PATH}/approve", TWO_ITEMS)
    assert "still to be decided: role1, role3" in terminal.table("approve", REQUEST_ID, "--item", item)
    assert api.body("POST", f"{PATH}/approve") == {"items": ["item-2"]}


def test_an_unknown_item_is_not_taken_for_all(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", PATH, TWO_ITEMS)
    result = terminal.run("approve", REQUEST_ID, "--item", "role9")
    assert result.exit_code == 2
    assert "item-2  role3" in result.stderr
    assert not api.sent("POST", f"{PATH}/approve")


def test_last_is_the_newest_that_waits_for_a_decision(terminal: Terminal, api: FakeApi) -> None:
    older = a_request(id="req_older", created_at="2026-11-21T13:00:00.000Z")
    api.on("GET", "/v1/approvals", {"requests": [older, TWO_ITEMS], "next_cursor": None})
    api.on("POST", f"{PATH}/approve", TWO_ITEMS)
    assert terminal.run("approve", "last").exit_code == 0


def test_last_with_nothing_to_decide_says_so(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/approvals", {"requests": [], "next_cursor": None})
    assert "no request waits for your decision" in terminal.run("approve", "last").stderr
