"""Errors as `application/problem+json` (RFC 9457). Each kind has a `type` that never changes."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from pydantic_core import to_json

from nightlatch.domain.errors import (
    CursorExpiredError,
    DuplicateRequestError,
    Fault,
    FreshSignInRequiredError,
    InvalidInputError,
)
from nightlatch.entrypoints.problem_kinds import INTERNAL_ERROR, MethodNotAllowedError, problem_of

CONTENT_TYPE = "application/problem+json"
MOST_FAULTS = 100
"""So many faults are told at most; a body can be wrong in thousands of places."""


STEP_UP = (
    'Bearer error="insufficient_user_authentication", '
    'error_description="A more recent sign-in is required", max_age="{max_age}"'
)
"""The challenge of RFC 9470, which tells a client to let its user sign in again."""


def problem_json(error: Exception) -> dict[str, Any]:
    """Describe an error. Of one that has no kind, nothing is told but that it happened."""
    problem = problem_of(error)
    body: dict[str, Any] = {"type": f"/problems/{problem.slug}", "title": problem.title, "status": problem.status}
    if problem is not INTERNAL_ERROR:
        body["detail"] = str(error)
    if isinstance(error, InvalidInputError):
        body["detail"] = f"{len(error.faults)} faults" if len(error.faults) > 1 else "1 fault"
        body["errors"] = [_told(fault) for fault in error.faults[:MOST_FAULTS]]
    if isinstance(error, DuplicateRequestError):
        body["request_id"] = error.request_id
    if isinstance(error, FreshSignInRequiredError):
        body["max_age"] = int(error.within.total_seconds())
    if isinstance(error, CursorExpiredError):
        body["oldest"] = error.oldest
    return body


def answer(error: Exception) -> Response[str]:
    """Answer with an error."""
    problem = problem_of(error)
    headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store", **problem.headers}
    if isinstance(error, MethodNotAllowedError):
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, FreshSignInRequiredError):
        headers["WWW-Authenticate"] = STEP_UP.format(max_age=int(error.within.total_seconds()))
    return Response(status_code=problem.status, body=to_json(problem_json(error)).decode(), headers=headers)


def _told(fault: Fault) -> dict[str, str]:
    """Name a place in the body by its JSON pointer, and anything else by the parameter's name."""
    if fault.pointer.startswith("?"):
        return {"parameter": fault.pointer[1:], "detail": fault.message}
    return {"pointer": fault.pointer, "detail": fault.message}
