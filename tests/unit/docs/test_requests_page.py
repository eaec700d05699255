"""docs/requests.md names every state, and the commands and options that the pages tell exist."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nightlatch.domain.access_request import Status
from nightlatch.entrypoints.cli.main import app

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "docs" / "requests.md", ROOT / "docs" / "access-flows.md"]
STATE = re.compile(r"^\| `(?P<name>[A-Z]+)` \|", re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ uv run )?nightlatch (?P<words>.+)$", re.MULTILINE)


def commands() -> list[str]:
    return [match["words"] for page in PAGES for match in COMMAND.finditer(page.read_text())]


def test_the_page_names_every_state() -> None:
    page = (ROOT / "docs" / "requests.md").read_text()
    assert {row["name"] for row in STATE.finditer(page)} == {status.value for status in Status}


@pytest.mark.parametrize("command", commands())
def test_the_commands_and_options_that_the_pages_tell_exist(command: str) -> None:
    words = shlex.split(command, comments=True)
    assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0


def test_there_is_something_to_type() -> None:
    assert len(commands()) > 20
