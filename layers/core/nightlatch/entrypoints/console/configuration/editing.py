"""What forms of settings share: the version that was opened, and how it is told that another one is in force now."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from nightlatch.domain.errors import (
    ConflictError,
    Fault,
    InvalidInputError,
    LimitReachedError,
    NightlatchError,
    StaleVersionError,
    VersionRequiredError,
)
from nightlatch.entrypoints.console.answers import OK
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.problem_kinds import problem_of

T = TypeVar("T")

TOLD_ON_THE_FORM = (InvalidInputError, StaleVersionError, VersionRequiredError, ConflictError, LimitReachedError)


class Told(NamedTuple):
    """What came of a form that was sent, to be told on it. Faults of a field stand beside it, others above."""

    status: int = OK
    faults: Sequence[Fault] = ()
    is_stale: bool = False
    text: str = ""

    @classmethod
    def of(cls, error: NightlatchError) -> "Told":
        """Tell what stands against it."""
        status = problem_of(error).status
        if isinstance(error, InvalidInputError):
            return cls(status, error.faults)
        if isinstance(error, StaleVersionError | VersionRequiredError):
            return cls(status, is_stale=True)
        return cls(status, text=str(error))


NOTHING = Told()


def version_in(visit: Visit) -> int | None:
    """Read which version a form was opened with; None when it does not say."""
    text = visit.said("version")
    return int(text) if text.isascii() and text.isdecimal() else None


def attempt(work: Callable[[], T]) -> T | Told:
    """Do what a form asks for; return what stands against it instead of what came of it."""
    try:
        return work()
    except TOLD_ON_THE_FORM as error:
        return Told.of(error)
