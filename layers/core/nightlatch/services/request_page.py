"""One page of a list of requests, for which only so much is read."""

from collections.abc import Iterable
from dataclasses import dataclass

from nightlatch.domain.access_request import AccessRequest
from nightlatch.services.ports.requests import RequestFilter

LONGEST_SEARCH = 2_000
"""So many requests are looked at for one page; a page may so be shorter than its limit, with a place to go on from."""


@dataclass(frozen=True)
class RequestPage:
    """Requests, newest first. The next page goes on below `before_id` (None at the end) and passes over `skip`."""

    requests: list[AccessRequest]
    before_id: str | None
    skip: int = 0


def read_page(candidates: Iterable[AccessRequest], wanted: RequestFilter, *, limit: int, skip: int) -> RequestPage:
    """Take so many of what a filter admits. One more is looked for, to know whether there is a next page."""
    found: list[AccessRequest] = []
    for looked_at, request in enumerate(candidates, start=1):
        if wanted.admits(request):
            if skip:
                skip -= 1
            elif len(found) == limit:
                return RequestPage(found, before_id=found[-1].id)
            else:
                found.append(request)
        if looked_at == LONGEST_SEARCH:
            return RequestPage(found, before_id=request.id, skip=skip)
    return RequestPage(found, before_id=None)
