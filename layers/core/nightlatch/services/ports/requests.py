"""Reading requests and their grants."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.audit_event import Source
from nightlatch.domain.grant import Grant
from nightlatch.domain.lease import Lease


@dataclass(frozen=True)
class RequestFilter:
    """Which requests are wanted. None means any; of several values one is enough; all that is not None must be so.

    One item must be of a wanted resource type, resource (id or name) and permission all at once. `text` is found
    anywhere, in any case. `since` is inclusive, `until` exclusive, both by creation and in whole milliseconds.
    `before_id` goes on below a request that was listed last.
    """

    requesters: frozenset[str] | None = None
    statuses: frozenset[Status] | None = None
    integrations: frozenset[str] | None = None
    flows: frozenset[str] | None = None
    sources: frozenset[Source] | None = None
    resource_types: frozenset[str] | None = None
    resources: frozenset[str] | None = None
    permissions: frozenset[str] | None = None
    text: str | None = None
    quarantined: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_id: str | None = None

    def admits(self, request: AccessRequest) -> bool:
        """Whether a request is wanted."""
        return (
            _is_one_of(self.requesters, request.requester.id)
            and _is_one_of(self.statuses, request.status)
            and _is_one_of(self.integrations, request.integration.id)
            and _is_one_of(self.flows, request.flow.id)
            and _is_one_of(self.sources, request.source)
            and self.quarantined in {None, request.quarantined}
            and (self.since is None or request.created_at >= self.since)
            and (self.until is None or request.created_at < self.until)
            and (self.before_id is None or request.id < self.before_id)
            and self._admits_an_item_of(request)
            and (self.text is None or any(self.text.casefold() in text.casefold() for text in _texts_of(request)))
        )

    def _admits_an_item_of(self, request: AccessRequest) -> bool:
        if (self.resource_types, self.resources, self.permissions) == (None, None, None):
            return True
        return any(
            _is_one_of(self.resource_types, item.resource_type)
            and _is_one_of(self.resources, item.resource_id, item.resource_name)
            and _is_one_of(self.permissions, item.permission)
            for item in request.items
        )


def _is_one_of(wanted: frozenset[str] | None, *values: str) -> bool:
    return wanted is None or not wanted.isdisjoint(values)


def _texts_of(request: AccessRequest) -> Iterator[str]:
    yield from (request.id, request.requester.name, request.requester.email, request.integration.name)
    yield from (request.flow.name, request.justification, request.ticket)
    for item in request.items:
        yield from (item.resource_name, item.permission)


@dataclass(frozen=True)
class DueRequest:
    """A request that somebody must look at, and at which target the work will be. `due_at` is its `listed_at`."""

    request_id: str
    integration_id: str
    due_at: datetime


class Requests(Protocol):
    """Reading requests and grants. Every read of one thing is consistent."""

    def request(self, request_id: str) -> AccessRequest:
        """Read one request; raise RequestNotFoundError when there is none."""
        ...

    def grant(self, request_id: str) -> Grant:
        """Read the grant of a request; raise NotFoundError when there is none."""
        ...

    def open_of(self, person_id: str) -> Mapping[str, str]:
        """Read, consistently, the ids of somebody's open requests, by `content_key`."""
        ...

    def find(self, wanted: RequestFilter) -> Iterator[AccessRequest]:
        """Find requests, newest first, reading no further than is consumed (a page of 100 at a time)."""
        ...

    def candidates(self, wanted: RequestFilter, *, expected: int = 0) -> Iterator[AccessRequest]:
        """Read what `find` chooses from, in the same order: more than is wanted where no index serves the filter.

        `expected` is how many are likely to be consumed, if anybody knows: no more are read at first.
        """
        ...

    def due(self, at: datetime) -> Iterator[DueRequest]:
        """List the requests whose `listed_at` has come, longest overdue first, reading no further than consumed."""
        ...

    def quarantined(self) -> int:
        """Count the requests whose access resists its end, from an index that lags behind a little."""
        ...

    def leases(self, grant: Grant) -> tuple[Lease, ...]:
        """Read, consistently, the lease of each entitlement of a grant; of what was never held, version 0."""
        ...
