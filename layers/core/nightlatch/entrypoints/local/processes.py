"""Start programs that outlive us, recognise them later, and stop them.

A record holds the process id and when that process began: an id that the system has given to somebody else since
is not ours to kill.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from nightlatch.domain.value import Value
from nightlatch.entrypoints.local.errors import StepFailedError

_PROC = Path("/proc")


class Record(Value):
    """A process that we started; `began` is the system's own word for when."""

    pid: int
    began: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    """What to start: `user` is somebody else to run as, for a root who must not."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    record: Path
    log: Path
    user: str | None = None


def start(program: Program) -> int:
    """Start a program detached from this terminal, and remember it."""
    with program.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            program.command,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=program.user,
            group=_group_of(program.user),
            extra_groups=[] if program.user else None,
        )
    process.returncode = 0  # it outlives us: keep Popen from complaining that nobody waits for it
    record = Record(pid=process.pid, began=birth(process.pid) or "", command=tuple(program.command))
    program.record.write_text(record.model_dump_json())
    return process.pid


def start_and_wait(program: Program, answers: Callable[[], bool], *, within: float = 30.0) -> None:
    """Start a program and wait until it answers; raise StepFailedError if it ends first, or takes too long."""
    start(program)
    deadline = time.monotonic() + within
    while not answers():
        if not running(program.record):
            raise StepFailedError(f"start {program.name}", "it ended at once", log=program.log)
        if time.monotonic() > deadline:
            raise StepFailedError(f"start {program.name}", f"no answer within {within} s", log=program.log)
        time.sleep(0.1)


def running(record: Path) -> Record | None:
    """Find a recorded process, if it is still there and still the one that was started."""
    try:
        known = Record.model_validate_json(record.read_text())
    except (FileNotFoundError, ValidationError):
        return None
    return known if known.began and birth(known.pid) == known.began else None


def stop(record: Path, *, by: signal.Signals = signal.SIGTERM, within: float = 30.0) -> bool:
    """Ask a recorded process to end and wait until it has; tell whether there was one."""
    known = running(record)
    if known:
        os.kill(known.pid, by)
        _wait_until_gone(known, within=within)
    record.unlink(missing_ok=True)
    return known is not None


def birth(pid: int) -> str | None:
    """Tell when a process began, in the system's own words; None if there is none, or only its remains."""
    return _birth_in_proc(pid) if (_PROC / "self" / "stat").exists() else _birth_by_ps(pid)


def run(
    step: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    directory: Path,
    user: str | None = None,
) -> None:
    """Run a command to its end with its words in a log; raise StepFailedError if it failed."""
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603
            command,
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            user=user,
            group=_group_of(user),
            extra_groups=[] if user else None,
        )
    if done.returncode:
        raise StepFailedError(step, f"{Path(command[0]).name} exited with {done.returncode}", log=log)


def _wait_until_gone(known: Record, *, within: float) -> None:
    deadline = time.monotonic() + within
    while birth(known.pid) == known.began:
        if time.monotonic() > deadline:
            raise StepFailedError("stop", f"process {known.pid} ({known.command[0]}) is still there after {within} s")
        time.sleep(0.05)


def _birth_in_proc(pid: int) -> str | None:
    try:
        # Fields 3 (state) and 22 (start time) of proc(5); the name before them may hold blanks and parentheses.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


def _birth_by_ps(pid: int) -> str | None:
    command = ["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)]
    state, _, began = (
        subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False
        )
        .stdout.strip()
        .partition(" ")
    )
    return None if not state or state.startswith("Z") else began.strip()


def _group_of(user: str | None) -> int | None:
    if user is None:
        return None
    import pwd  # noqa: PLC0415  # exists on Unix only, and is needed by root only

    return pwd.getpwnam(user).pw_gid
