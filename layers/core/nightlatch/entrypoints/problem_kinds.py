"""The kinds of problems: what an error is called and answered with, on whichever way it is told."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from nightlatch.domain.errors import (
    AuthenticationError,
    ConflictError,
    ConnectorError,
    CursorExpiredError,
    DuplicateRequestError,
    EgressError,
    FreshSignInRequiredError,
    InvalidInputError,
    KeyReuseError,
    LimitReachedError,
    NightlatchError,
    NotAllowedError,
    NotFoundError,
    NotGenuineError,
    NotPrintableError,
    StaleVersionError,
    StoreUnavailableError,
    VersionRequiredError,
)


class MethodNotAllowedError(NightlatchError):
    """The path exists, but not with this method. `allowed` are those that it has."""

    def __init__(self, method: str, *, allowed: list[str]) -> None:
        self.allowed = allowed
        super().__init__(f"{method} is not possible here, only {', '.join(allowed)}")


class TooLargeError(NightlatchError):
    """More was sent than is read."""


class UnsupportedMediaTypeError(NightlatchError):
    """The body is not said to be JSON."""


class Problem(NamedTuple):
    """A kind of problem: what a client can rely on."""

    slug: str
    status: int
    title: str
    headers: Mapping[str, str] = MappingProxyType({})


INTERNAL_ERROR = Problem("internal-error", 500, "Something broke on our side")

PROBLEMS: dict[type[NightlatchError], Problem] = {
    InvalidInputError: Problem("invalid-input", 400, "What was sent is wrong"),
    AuthenticationError: Problem(
        "unauthenticated", 401, "The caller is not known", {"WWW-Authenticate": 'Bearer realm="nightlatch"'}
    ),
    FreshSignInRequiredError: Problem("fresh-sign-in-required", 401, "Sign in again to do this"),
    NotAllowedError: Problem("not-allowed", 403, "The caller may not do this"),
    NotFoundError: Problem("not-found", 404, "There is no such thing"),
    MethodNotAllowedError: Problem("method-not-allowed", 405, "The path has no such method"),
    ConflictError: Problem("conflict", 409, "Not possible in the present state"),
    DuplicateRequestError: Problem("duplicate-request", 409, "An open request asks for the same"),
    CursorExpiredError: Problem("cursor-expired", 410, "What the cursor points at is no longer kept"),
    StaleVersionError: Problem("stale-version", 412, "It was changed meanwhile"),
    TooLargeError: Problem("too-large", 413, "Too much was sent"),
    UnsupportedMediaTypeError: Problem("unsupported-media-type", 415, "The body is not JSON"),
    KeyReuseError: Problem("idempotency-key-reused", 422, "The Idempotency-Key belongs to another call"),
    NotPrintableError: Problem("not-printable", 422, "No PDF can be made of it"),
    LimitReachedError: Problem("limit-reached", 429, "There are too many already"),
    VersionRequiredError: Problem("version-required", 428, "If-Match is missing"),
    NotGenuineError: Problem("not-genuine", 500, "What is kept is not what was recorded"),
    EgressError: Problem("no-answer", 502, "Nothing came of a call to somebody outside"),
    ConnectorError: Problem("target-error", 502, "The connected system did not do what was asked"),
    StoreUnavailableError: Problem("store-unavailable", 503, "Try again in a moment", {"Retry-After": "1"}),
}
"""By base class: an error that is not named here is answered as the nearest of its bases that is."""


def problem_of(error: Exception) -> Problem:
    """Find the kind of an error."""
    return next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), INTERNAL_ERROR)
