"""A taken port is told by its number and the option that moves it."""

import socket

import pytest

from nightlatch.entrypoints.local.errors import PortTakenError
from nightlatch.entrypoints.local.ports import require_free


def test_a_taken_port_is_named_with_the_option_that_moves_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"port {port} is taken.*choose another with --port"):
            require_free(port, option="--port")


def test_a_port_that_nobody_listens_on_is_free() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    require_free(port, option="--port")
