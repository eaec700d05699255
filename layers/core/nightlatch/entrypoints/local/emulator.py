"""MiniStack: AWS on this machine, in a virtual environment of its own.

Of its own, because it runs the functions on its interpreter: with our development packages beside it, a requirement
missing from the layer would go unnoticed. It saves its state on SIGTERM only.
"""

from pathlib import Path

import httpx

from nightlatch.entrypoints.local import processes, tools
from nightlatch.entrypoints.local.accounts import ACCOUNTS, PASSWORD
from nightlatch.entrypoints.local.layout import Layout
from nightlatch.entrypoints.local.ports import require_free
from nightlatch.entrypoints.local.processes import Program

NAME = "emulator"
REQUIREMENTS = ("ministack[full]==1.5.33", "boto3==1.43.106")

_GUARD = Path(__file__).with_name("guard.py")


def install(layout: Layout) -> None:
    """Install it, unless it is there."""
    tools.install(layout.emulator_environment, REQUIREMENTS, layout=layout)


def ensure_running(layout: Layout, *, port: int) -> bool:
    """Start it on a port, or leave it be if that is where it runs; tell whether it was started."""
    command = _command(layout, port)
    known = processes.running(layout.record(NAME))
    if known and known.command == command:
        return False
    stop(layout)
    require_free(port, option="--port")
    processes.start_and_wait(_program(layout, command, port=port), lambda: _answers(port))
    return True


def stop(layout: Layout) -> bool:
    """Let it save its state and end; tell whether it ran."""
    return processes.stop(layout.record(NAME))


def _command(layout: Layout, port: int) -> tuple[str, ...]:
    # -P: the guard's own directory must not come before the emulator's modules.
    accounts = (f"{account.username}={account.name}={account.group}" for account in ACCOUNTS)
    return (str(layout.emulator_environment / "bin" / "python"), "-P", str(_GUARD), str(port), PASSWORD, *accounts)


def _program(layout: Layout, command: tuple[str, ...], *, port: int) -> Program:
    state = _made(layout.data / "emulator")
    settings = {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "TMPDIR": str(_made(state / "tmp")),
    }
    return Program(
        name=NAME,
        command=command,
        environment=tools.bare_environment(_made(state / "home"), settings),
        record=layout.record(NAME),
        log=layout.log(NAME),
    )


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/_ministack/health", trust_env=False, timeout=2).is_success
    except httpx.TransportError:
        return False


def _made(directory: Path) -> Path:
    directory.mkdir(exist_ok=True, mode=0o700)
    return directory
