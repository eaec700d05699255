"""What came of a command on many requests."""

from collections.abc import Iterable
from typing import Self

from pydantic import JsonValue

from nightlatch.entrypoints.api.problems import problem_json
from nightlatch.entrypoints.api.views.base import View
from nightlatch.entrypoints.api.views.requests import RequestView
from nightlatch.services.access_requests import Outcome


class OutcomeView(View):
    """What came of a command on one of many requests: the request as it then is, or the problem."""

    id: str
    request: RequestView | None
    problem: dict[str, JsonValue] | None

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """Show an outcome."""
        request = RequestView.of(outcome.request) if outcome.request else None
        return cls(
            id=outcome.request_id, request=request, problem=problem_json(outcome.error) if outcome.error else None
        )


class Outcomes(View):
    """What came of a command on many requests."""

    results: list[OutcomeView]

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Self:
        """Show outcomes, in the order in which the requests were named."""
        return cls(results=[OutcomeView.of(outcome) for outcome in outcomes])
