"""What is printed where, and what terminals get that cannot show everything."""

import io

import pytest

from nightlatch.entrypoints.cli.screen import Format, Screen, table


class Tube(io.TextIOWrapper):
    """A stream that may be a terminal."""

    def __init__(self, *, encoding: str = "utf-8", is_terminal: bool = False) -> None:
        self.written = io.BytesIO()
        self._is_terminal = is_terminal
        super().__init__(self.written, encoding=encoding, write_through=True)

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")


def test_signs_fall_back_to_ascii() -> None:
    tube = Tube(encoding="ascii")
    Screen(Format.TABLE, out=tube).line(("✓", "green"), " Granted — ● granted, ◌ pending, Åse")
    assert tube.written.getvalue() == b"+ Granted - * granted, o pending, ?se\n"


@pytest.mark.parametrize(
    ("is_terminal", "chosen", "printed"),
    [
        (True, None, "for people\n"),
        (False, None, '{"a": 1}\n'),
        (True, Format.JSON, '{"a": 1}\n'),
        (False, Format.TABLE, "for people\n"),
    ],
)
def test_what_is_not_a_terminal_gets_json_unless_told_otherwise(
    is_terminal: bool, chosen: Format | None, printed: str
) -> None:
    tube = Tube(is_terminal=is_terminal)
    screen = Screen(chosen, out=tube)
    screen.line("for people")
    if screen.for_machines:
        screen.json_line({"a": 1})
    assert tube.written.getvalue().decode() == printed


def test_only_folding_columns_give_way_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    tube = Tube(is_terminal=True)
    rows = [("req_7f3ac1aa", "a justification that goes on and on")]
    Screen(out=tube).show({}, lambda _: table("ID", "WHY", rows=rows, folding=("WHY",)))
    assert tube.written.getvalue().decode().splitlines()[1].startswith("req_7f3ac1aa  a ")
