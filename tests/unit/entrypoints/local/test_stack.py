"""A stack that was never started can be asked about, and one that cannot start leaves nothing running."""

import socket
from pathlib import Path

import pytest

from nightlatch.entrypoints.local import stack
from nightlatch.entrypoints.local.errors import NotRunningError, PortTakenError


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


@pytest.mark.parametrize("taken", ["port", "database_port"])
def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path, taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody, socket.create_server(("127.0.0.1", 0)) as free:
        ports = {"port": free.getsockname()[1], "database_port": free.getsockname()[1]}
        ports[taken] = somebody.getsockname()[1]
        free.close()

        with pytest.raises(PortTakenError, match=str(ports[taken])):
            stack.up(tmp_path / "home", **ports)

    assert [part.running for part in stack.status(tmp_path / "home")] == [False, False]
    assert not (tmp_path / "home" / "ministack").exists()
