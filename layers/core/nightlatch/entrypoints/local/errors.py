"""What can go wrong with the local stack. Each message says what to do about it.

LocalStackError
├── ToolMissingError    a program that building needs is not installed
├── PortTakenError      somebody else listens where we should
├── NotRunningError     asked of a stack that is not up
└── StepFailedError     a step gave up; carries its log file and the last lines of it
"""

from pathlib import Path

from nightlatch.domain.errors import NightlatchError

_TAIL_LINES = 15


class LocalStackError(NightlatchError):
    """Base of what the local stack raises on purpose."""


class ToolMissingError(LocalStackError):
    """A program that building needs is not installed."""


class PortTakenError(LocalStackError):
    """Somebody else listens where we should."""

    def __init__(self, port: int, *, option: str, owner: str | None) -> None:
        self.port = port
        by = f" by {owner}" if owner else ""
        super().__init__(f"port {port} is taken{by}; free it, or choose another with {option}")


class NotRunningError(LocalStackError):
    """Asked of a stack that is not up."""


class StepFailedError(LocalStackError):
    """A step gave up; `log` is where to read on, `tail` the last lines of it."""

    def __init__(self, step: str, reason: str, *, log: Path | None = None) -> None:
        self.step = step
        self.log = log
        self.tail = last_lines(log) if log else ()
        more = "".join(f"\n  {line}" for line in (f"see {log}", *self.tail)) if log else ""
        super().__init__(f"{step} failed: {reason}{more}")


def last_lines(log: Path) -> tuple[str, ...]:
    """Read the end of a log; empty when there is none."""
    if not log.exists():
        return ()
    return tuple(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
