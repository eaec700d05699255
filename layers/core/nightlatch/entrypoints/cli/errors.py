"""What can go wrong in a command, and the exit code that says so to scripts.

CliError                          1
├── ProblemError                  1  the API refused (4xx); carries the faults it named
├── MistakenError                 2  the command line cannot be meant like this
├── EndedWithoutAccessError       3  while waiting, the request ended without access
├── NotSignedInError              4  nobody is signed in, or the token was refused
└── UnreachableError              5  the API does not answer, or answers 5xx
"""

from collections.abc import Mapping, Sequence
from typing import Any

DUPLICATE = "/problems/duplicate-request"
FRESH_SIGN_IN = "/problems/fresh-sign-in-required"


class CliError(Exception):
    """Base of what ends a command on purpose. `lines` are further lines below the message."""

    exit_code = 1

    def __init__(self, message: str, *, lines: Sequence[str] = ()) -> None:
        self.lines = lines
        super().__init__(message)


class ProblemError(CliError):
    """The API refused. `problem` is what it answered (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(headline(status, problem), lines=[*faults(problem), *ways_on(problem)])


class MistakenError(CliError):
    """The command line cannot be meant like this."""

    exit_code = 2


class EndedWithoutAccessError(CliError):
    """While waiting, the request ended without access."""

    exit_code = 3


class NotSignedInError(CliError):
    """Nobody is signed in, or the token was refused."""

    exit_code = 4


class UnreachableError(CliError):
    """The API does not answer, or answers with a fault of its own."""

    exit_code = 5


def refused_token(problem: Mapping[str, Any]) -> NotSignedInError:
    """Say why the API wants another token, and how to get one."""
    if problem.get("type") == FRESH_SIGN_IN:
        return NotSignedInError(f"{problem['detail']}; sign in again with: nightlatch login --fresh")
    return NotSignedInError("the API did not accept the token; sign in again with: nightlatch login")


def headline(status: int, problem: Mapping[str, Any]) -> str:
    """Say in one line what the API answered."""
    title = str(problem.get("title") or problem.get("message") or f"the API answered {status}")
    detail = str(problem.get("detail") or "")
    return f"{title}: {detail}" if detail and detail != title else title


def faults(problem: Mapping[str, Any]) -> list[str]:
    """List what the API said about each field, one line a fault."""
    return [
        f"{fault.get('pointer') or fault.get('parameter') or 'body'}: {fault.get('detail', '')}"
        for fault in problem.get("errors") or ()
    ]


def ways_on(problem: Mapping[str, Any]) -> list[str]:
    """Say what can be typed next, where the API's answer makes that plain."""
    if problem.get("type") == DUPLICATE and problem.get("request_id"):
        return [f"look at it: nightlatch requests show {problem['request_id']}"]
    return []
