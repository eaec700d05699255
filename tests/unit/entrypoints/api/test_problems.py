"""Errors as answers: one kind for each, found by base class."""

import json
from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain import errors
from nightlatch.entrypoints.api.problems import CONTENT_TYPE, answer
from nightlatch.entrypoints.problem_kinds import MethodNotAllowedError, TooLargeError, UnsupportedMediaTypeError

KINDS = [
    (errors.InvalidInputError(errors.Fault("/items/0", "is wrong")), 400, "invalid-input"),
    (errors.AuthenticationError("x"), 401, "unauthenticated"),
    (errors.FreshSignInRequiredError("x", within=timedelta(minutes=5)), 401, "fresh-sign-in-required"),
    (errors.NotAllowedError("x"), 403, "not-allowed"),
    (errors.NotFoundError("x"), 404, "not-found"),
    (MethodNotAllowedError("PUT", allowed=["GET"]), 405, "method-not-allowed"),
    (errors.ConflictError("x"), 409, "conflict"),
    (errors.RivalChangeError("x"), 409, "conflict"),
    (errors.DuplicateRequestError("req_1"), 409, "duplicate-request"),
    (errors.CursorExpiredError("0199"), 410, "cursor-expired"),
    (errors.StaleVersionError("x"), 412, "stale-version"),
    (TooLargeError("x"), 413, "too-large"),
    (UnsupportedMediaTypeError("x"), 415, "unsupported-media-type"),
    (errors.KeyReuseError("x"), 422, "idempotency-key-reused"),
    (errors.EgressBlockedError("x"), 502, "no-answer"),
    (errors.NoAnswerError("x"), 502, "no-answer"),
    (errors.VersionRequiredError("x"), 428, "version-required"),
    (errors.NotPrintableError("x"), 422, "not-printable"),
    (errors.NotGenuineError("x"), 500, "not-genuine"),
    (errors.LimitReachedError("x"), 429, "limit-reached"),
    (errors.RetryableConnectorError("x"), 502, "target-error"),
    (errors.PermanentConnectorError("x"), 502, "target-error"),
    (errors.StoreUnavailableError("x"), 503, "store-unavailable"),
]


def body_of(error: Exception) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer(error).body or "")
    return body


@pytest.mark.parametrize(("error", "status", "slug"), KINDS)
def test_each_error_is_a_problem_of_its_kind(error: Exception, status: int, slug: str) -> None:
    told = body_of(error)

    assert answer(error).status_code == told["status"] == status
    assert told["type"] == f"/problems/{slug}"
    assert told["title"]
    assert told["detail"]
    assert answer(error).headers["Content-Type"] == CONTENT_TYPE


def test_every_error_of_the_domain_has_a_kind() -> None:
    def leaves(kind: type[Exception]) -> list[type[Exception]]:
        return [leaf for child in kind.__subclasses__() for leaf in leaves(child)] or [kind]

    known = {kind for error, *_ in KINDS for kind in type(error).__mro__}
    ours = [kind for kind in leaves(errors.NightlatchError) if kind.__module__ == errors.__name__]

    assert [kind for kind in ours if known.isdisjoint(kind.__mro__[:-4])] == []


@pytest.mark.parametrize("error", [RuntimeError("password=hunter2"), errors.NightlatchError("hunter2"), KeyError("sk")])
def test_of_an_unexpected_error_nothing_is_told(error: Exception) -> None:
    assert body_of(error) == {
        "type": "/problems/internal-error",
        "title": "Something broke on our side",
        "status": 500,
    }


def test_all_faults_are_told_by_pointer_or_parameter() -> None:
    faults = [errors.Fault("/items/0", "is wrong"), errors.Fault("", "is none"), errors.Fault("?limit", "is too high")]

    assert body_of(errors.InvalidInputError(*faults))["errors"] == [
        {"pointer": "/items/0", "detail": "is wrong"},
        {"pointer": "", "detail": "is none"},
        {"parameter": "limit", "detail": "is too high"},
    ]


def test_faults_without_end_are_cut() -> None:
    """H1: an answer stays small, whatever is wrong."""
    faults = [errors.Fault(f"/{number}", "is not a known field") for number in range(10_000)]

    assert len(body_of(errors.InvalidInputError(*faults))["errors"]) == 100


def test_what_a_client_needs_to_go_on_is_in_the_answer() -> None:
    assert answer(MethodNotAllowedError("PUT", allowed=["GET", "POST"])).headers["Allow"] == "GET, POST"
    assert answer(errors.AuthenticationError("x")).headers["WWW-Authenticate"] == 'Bearer realm="nightlatch"'
    assert answer(errors.StoreUnavailableError("x")).headers["Retry-After"] == "1"
    assert body_of(errors.CursorExpiredError("0199"))["oldest"] == "0199"
