"""Who changed an access flow, and how; and taking one out of force."""

import httpx
import pytest

from tests.unit.entrypoints.cli.fake_api import FakeApi, a_flow, a_flow_version, a_versioned, problem
from tests.unit.entrypoints.cli.terminal import Terminal

PATH = "/v1/flows/orders-roles"
SHORTER = {"pointer": "/grant/maximum", "before": "PT8H", "after": "PT4H"}
HOURS = {"pointer": "/when", "before": None, "after": {"zone": "UTC", "days": ["mon"]}}
GONE = {"pointer": "/when", "before": {"zone": "UTC"}, "after": None}


@pytest.fixture(autouse=True)
def versions(api: FakeApi) -> None:
    found = [a_flow_version(3, GONE, is_deleted=True), a_flow_version(2, SHORTER, HOURS), a_flow_version(1)]
    api.on("GET", f"{PATH}/versions", {"versions": found})
    api.on("GET", PATH, a_versioned(a_flow(2)))
    api.on("DELETE", PATH, httpx.Response(204))


def test_every_version_tells_who_when_and_what(terminal: Terminal) -> None:
    assert terminal.table("flows", "history", "orders-roles").splitlines() == [
        "Version 3   deleted by Ada Berg, 14:00 CET",
        "  /when",
        '    - {"zone": "UTC"}',
        "Version 2   written by Ada Berg, 14:00 CET",
        "  /grant/maximum",
        "    - PT8H",
        "    + PT4H",
        "  /when",
        '    + {"zone": "UTC", "days": ["mon"]}',
        "Version 1   written by Ada Berg, 14:00 CET",
    ]


def test_one_version_can_be_looked_at(terminal: Terminal) -> None:
    assert [one["version"] for one in terminal.json("flows", "history", "orders-roles", "2")["versions"]] == [2]


def test_a_version_that_never_was_is_told(terminal: Terminal) -> None:
    result = terminal.run("flows", "history", "orders-roles", "9")
    assert result.exit_code == 2
    assert "access flow orders-roles has no version 9" in result.stderr


def test_a_flow_is_deleted_in_the_version_that_was_read(terminal: Terminal, api: FakeApi) -> None:
    assert "orders-roles  deleted  version 2" in terminal.table("flows", "delete", "orders-roles", "--yes")
    assert api.sent("DELETE", PATH)[0].headers["if-match"] == '"2"'


@pytest.mark.parametrize(("typed", "exit_code", "calls"), [("y\n", 0, 1), ("n\n", 1, 0), ("", 1, 0)])
def test_a_flow_is_deleted_only_once_confirmed(
    terminal: Terminal, api: FakeApi, typed: str, exit_code: int, calls: int
) -> None:
    result = terminal.run("flows", "delete", "orders-roles", typed=typed)
    assert (result.exit_code, len(api.sent("DELETE", PATH))) == (exit_code, calls)
    assert "Delete access flow orders-roles, version 2?" in result.stderr


def test_a_flow_that_was_changed_meanwhile_stays(terminal: Terminal, api: FakeApi) -> None:
    api.on("DELETE", PATH, problem(412, "stale-version", "It was changed meanwhile", detail="at version 3, not 2"))
    result = terminal.run("flows", "delete", "orders-roles", "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "It was changed meanwhile: at version 3, not 2" in result.stderr
