"""What came of a command on many requests."""

from collections.abc import Iterable

from pydantic import JsonValue
from typing_extensions import TypedDict

from nightlatch.entrypoints.api.problems import problem_json
from nightlatch.entrypoints.api.views.base import view
from nightlatch.entrypoints.api.views.requests import RequestView, request_view
from nightlatch.services.access_requests import Outcome


@view
class OutcomeView(TypedDict):
    """What came of a command on one of many requests: the request as it then is, or the problem."""

    id: str
    request: RequestView | None
    problem: dict[str, JsonValue] | None


def outcome_view(outcome: Outcome) -> OutcomeView:
    """Show an outcome."""
    request = request_view(outcome.request) if outcome.request else None
    return OutcomeView(
        id=outcome.request_id, request=request, problem=problem_json(outcome.error) if outcome.error else None
    )


@view
class Outcomes(TypedDict):
    """What came of a command on many requests."""

    results: list[OutcomeView]


def outcomes_view(outcomes: Iterable[Outcome]) -> Outcomes:
    """Show outcomes, in the order in which the requests were named."""
    return Outcomes(results=[outcome_view(outcome) for outcome in outcomes])
