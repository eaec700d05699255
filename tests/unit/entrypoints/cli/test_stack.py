"""The local stack's commands, as far as they go without one."""

import json
import webbrowser
from pathlib import Path

import pytest

from nightlatch.entrypoints.cli.commands.stack import Steps, _local, _open, up_view
from nightlatch.entrypoints.cli.errors import CliError
from nightlatch.entrypoints.cli.invocation import Outside
from nightlatch.entrypoints.cli.screen import Format, Screen
from nightlatch.entrypoints.local.errors import PortTakenError
from tests.unit.entrypoints.cli.terminal import Terminal

ADDRESS = "http://x.execute-api.localhost:4566"


def test_a_stack_that_is_not_up_is_exit_code_5(outsider: Terminal, tmp_path: Path) -> None:
    result = outsider.run("status", "--home", str(tmp_path))
    assert result.exit_code == 5
    known = json.loads(result.stdout)
    assert {part["name"]: part["running"] for part in known["components"]} == {"emulator": False, "postgresql": False}
    assert known["service_file"] == str(tmp_path / "service.netrc")


def test_a_stack_that_is_not_up_is_shown_part_by_part(outsider: Terminal, tmp_path: Path) -> None:
    assert "○ stopped" in outsider.run("status", "--home", str(tmp_path), "-o", "table").stdout


def test_logs_of_a_stack_that_is_not_up_say_how_to_start_it(outsider: Terminal, tmp_path: Path) -> None:
    result = outsider.run("logs", "--home", str(tmp_path))
    assert (result.exit_code, "nightlatch up" in result.stderr) == (5, True)


def test_taking_down_what_is_not_there_is_no_fault(outsider: Terminal, tmp_path: Path) -> None:
    assert outsider.run("down", "--home", str(tmp_path / "none")).exit_code == 0


def test_each_step_is_told_with_its_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    Steps(Screen()).step_done("deploy", seconds=13.84)
    printed = capsys.readouterr()
    assert printed.err.split() == ["✓", "deploy", "13.8", "s"]
    assert printed.out == ""


def test_up_ends_with_what_to_type_next(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(Format.TABLE).show({"api_url": "http://127.0.0.1:4566/x", "browser_url": "http://x.localhost:4566"}, up_view)
    shown = capsys.readouterr().out
    assert "Up. The console is at http://x.localhost:4566" in shown
    assert "The API answers at http://127.0.0.1:4566/x" in shown
    for command in ("login maya", "request orders-db/orders -p role1 -p role3", "login noa", "approve last"):
        assert f"  uv run nightlatch {command}" in shown


@pytest.mark.parametrize(("has_screen", "opened"), [(True, [ADDRESS]), (False, [])])
def test_the_console_is_opened_where_there_is_a_screen(*, has_screen: bool, opened: list[str]) -> None:
    addresses: list[str] = []

    def open_browser(address: str) -> bool:
        addresses.append(address)
        return True

    _open(Outside(open_browser=open_browser, has_screen=has_screen), ADDRESS)

    assert addresses == opened


@pytest.mark.parametrize("error", [OSError("no such program"), webbrowser.Error("no browser")])
def test_a_browser_that_does_not_open_is_no_failure(error: Exception) -> None:
    tried: list[str] = []

    def open_browser(address: str) -> bool:
        tried.append(address)
        raise error

    _open(Outside(open_browser=open_browser, has_screen=True), ADDRESS)

    assert tried == [ADDRESS]


def test_what_goes_wrong_with_the_stack_is_told_without_a_traceback() -> None:
    with pytest.raises(CliError, match="port 4566 is taken; free it"), _local():
        raise PortTakenError(4566, option="--port", owner=None)
