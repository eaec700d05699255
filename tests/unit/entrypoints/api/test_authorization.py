"""The authorization table: it and the routes name the same things."""

import pytest

from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.identity import Role
from nightlatch.entrypoints.api.authorization import RULES, WITHOUT_TOKEN, no_route
from nightlatch.entrypoints.api.openapi import FUNCTIONS, load_function
from nightlatch.entrypoints.problem_kinds import MethodNotAllowedError
from tests.functions.client import ROOT


def routes() -> list[tuple[str, str]]:
    apis = [load_function(name, ROOT / "functions").api for name in FUNCTIONS]
    return [(route.method, route.openapi_path) for api in apis for route in api._static_routes + api._dynamic_routes]


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    """C1: a route without a rule fails the build."""
    assert sorted(routes()) == sorted([*RULES, *WITHOUT_TOKEN])


def test_nothing_but_the_health_check_is_open_to_strangers() -> None:
    assert {("GET", "/healthz")} == WITHOUT_TOKEN


def test_an_auditor_is_named_for_reading_only() -> None:
    """C5: auditors change nothing."""
    assert {method for (method, _), roles in RULES.items() if Role.AUDITOR in roles} == {"GET"}


def test_no_service_may_vote_or_configure() -> None:
    """A12: machines ask, read, and tell of what is theirs."""
    commands = {route for route, roles in RULES.items() if route[0] != "GET" and Role.SERVICE in roles}

    assert {path.rsplit("/")[-1] for _, path in commands} == {
        "requests",
        "cancel",
        "return",
        "credentials",
        "extend",
        "ask-again",
        "bundles",
        "dry-runs",
        "entries",
    }


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "POST", "HEAD"])
def test_a_known_path_without_the_method_says_which_it_has(method: str) -> None:
    """A2: a request is never written to."""
    error = no_route(method, "/v1/requests/req_1")

    assert isinstance(error, MethodNotAllowedError)
    assert error.allowed == ["GET"]


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/requests/", "/v1/requests/a/b", "/v2/requests", "/v1/audit/entries/a/b"]
)
def test_an_unknown_path_is_unknown(path: str) -> None:
    assert isinstance(no_route("GET", path), NotFoundError)
