"""Connecting systems."""

import httpx
import pytest

from tests.unit.entrypoints.cli.fake_api import FakeApi, an_integration, problem
from tests.unit.entrypoints.cli.terminal import Terminal

ADD = ("integrations", "add", "orders-db", "--kind", "postgresql", "--name", "Orders database")


@pytest.fixture(autouse=True)
def added(api: FakeApi) -> None:
    api.on("POST", "/v1/integrations", httpx.Response(201, json=an_integration()))


def test_settings_are_typed_and_the_secret_is_read_from_standard_input(terminal: Terminal, api: FakeApi) -> None:
    settings = ("--set", "host=db.internal", "--set", "port=5432", "--set", "tls=true", "--set", 'user="42"')
    terminal.json(*ADD, *settings, "--secret-stdin", typed="s3cret\n")
    assert api.body("POST", "/v1/integrations") == {
        "id": "orders-db",
        "name": "Orders database",
        "kind": "postgresql",
        "settings": {"host": "db.internal", "port": 5432, "tls": True, "user": '"42"'},
        "secret": "s3cret",
    }


def test_the_secret_is_asked_for_and_never_shown(terminal: Terminal, api: FakeApi) -> None:
    result = terminal.run(*ADD, "-o", "table", typed="s3cret\n")
    assert api.body("POST", "/v1/integrations")["secret"] == "s3cret"
    assert "s3cret" not in result.output
    assert "✓ Added orders-db" in result.stdout


def test_a_setting_without_a_value_is_refused(terminal: Terminal, api: FakeApi) -> None:
    assert terminal.run(*ADD, "--set", "host", typed="x\n").exit_code == 2
    assert not api.calls


def test_the_list_tells_how_they_are(terminal: Terminal, api: FakeApi) -> None:
    failing = an_integration(id="hr", status="failing", status_message="no route", scanned_at=None)
    api.on("GET", "/v1/integrations", {"integrations": [an_integration(), failing]})
    shown = " ".join(terminal.table("integrations", "list").split())
    assert "orders-db Orders database postgresql ● ready 4 14:00 CET" in shown
    assert "hr Orders database postgresql ✗ failing 4 — no route" in shown


@pytest.mark.parametrize(("ok", "exit_code", "sign"), [(True, 0, "✓"), (False, 1, "✗")])
def test_a_check_answers_with_its_exit_code(
    terminal: Terminal, api: FakeApi, ok: bool, exit_code: int, sign: str
) -> None:
    api.on("POST", "/v1/integrations/orders-db/check", {"ok": ok, "message": "as it is"})
    result = terminal.run("integrations", "check", "orders-db", "-o", "table")
    assert result.exit_code == exit_code
    assert f"{sign} orders-db   as it is" in result.stdout


def test_a_scan_tells_how_much_it_found(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", "/v1/integrations/orders-db/scan", an_integration())
    assert "✓ 4 resources in orders-db" in terminal.table("integrations", "scan", "orders-db")


def test_a_target_that_refused_is_not_asked_again(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", "/v1/integrations/orders-db/scan", problem(502, "target-error", "Not done", detail="no route"))
    result = terminal.run("integrations", "scan", "orders-db")
    assert (result.exit_code, len(api.calls)) == (5, 1)
    assert "Not done: no route" in result.stderr
