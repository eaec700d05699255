"""One page of a list of requests."""

from collections.abc import Iterable
from typing import NamedTuple

from nightlatch.domain.access_request import AccessRequest
from nightlatch.services.paging import search
from nightlatch.services.ports.requests import RequestFilter


class RequestPage(NamedTuple):
    """Requests, newest first. The next page goes on below `before_id` (None at the end) and passes over `skip`."""

    requests: list[AccessRequest]
    before_id: str | None
    skip: int = 0


def read_page(candidates: Iterable[AccessRequest], wanted: RequestFilter, *, limit: int, skip: int) -> RequestPage:
    """Take so many of what a filter admits. One more is looked for, to know whether there is a next page."""
    page = search(candidates, admits=wanted.admits, place=lambda request: request.id, limit=limit, skip=skip)
    return RequestPage(page.found, before_id=page.below, skip=page.skip)
