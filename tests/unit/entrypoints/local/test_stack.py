"""A stack that was never started can be asked about."""

from pathlib import Path

import pytest

from nightlatch.entrypoints.local import stack
from nightlatch.entrypoints.local.errors import NotRunningError


def test_a_stack_that_never_was_has_no_running_part(tmp_path: Path) -> None:
    assert [(part.name, part.running) for part in stack.status(tmp_path / "home")] == [
        ("emulator", False),
        ("postgresql", False),
    ]


def test_taking_down_what_is_not_up_does_nothing(tmp_path: Path) -> None:
    stack.down(tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_asking_a_stack_that_is_not_up_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="nightlatch up"):
        stack.logs(tmp_path / "home")
