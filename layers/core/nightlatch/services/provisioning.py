"""The work that gives and ends access at a target: whoever rings, the record decides what is to be done.

    PENDING  ──► (nobody decided within the approval window) ─► LAPSED
    APPROVED ──► (not before its start) intent, handle and end are stored ─► timer ─► connector.grant ─► GRANTED
    GRANTING ──► (its claim is over: the worker died) ─► again, or given up: connector.revoke ─► FAILED
    GRANTING ──► (stopped by an administrator) ─► REVOKING; a worker that is just granting it ends it itself
    GRANTED  ──► (extended) connector.extend ─► GRANTED
    GRANTED  ──► (its time is over) ─► REVOKING
    REVOKING ──► connector.revoke ─► read back ─► EXPIRED | REVOKED | CANCELED, or later again, for ever
    closed   ──► looked at once more, when a grant call that was still under way can no longer land

`advance` may be called any number of times, by anybody, at any moment, and may die at any line: the stored request
says where to go on, and its `due_at` when the sweeper will. Each attempt is counted when it is claimed.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from nightlatch.domain.access_request import AT_WORK, AccessRequest, Status
from nightlatch.domain.audit_event import Origin
from nightlatch.domain.errors import ConnectorError
from nightlatch.services.ending import Ending
from nightlatch.services.granting import Granting
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.configuration import Catalogue, Flows
from nightlatch.services.ports.facts import People
from nightlatch.services.ports.requests import Requests
from nightlatch.services.ports.targets import Connectors, Timer, Vault
from nightlatch.services.ports.writing import UnitOfWork
from nightlatch.services.workbench import Workbench

CLOCK_SKEW = timedelta(seconds=2)
"""So far ahead may the clock be that wrote a `due_at`: a doorbell must not come too early for it."""


class Backlog(NamedTuple):
    """What is due at a moment, for how long the oldest has been, and what is quarantined.

    `due` counts requests by integration, that of the longest overdue first.
    """

    at: datetime
    due: dict[str, int]
    oldest: timedelta
    quarantined: int


class Provisioning:
    """Carries requests from APPROVED to access, and from the end of access to nothing left."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        requests: Requests,
        flows: Flows,
        people: People,
        catalogue: Catalogue,
        connectors: Connectors,
        timer: Timer,
        vault: Vault,
        clock: Clock,
        randomness: Randomness,
        origin: Origin,
    ) -> None:
        bench = Workbench(unit_of_work, requests, catalogue, connectors, clock, randomness, origin)
        self._bench = bench
        self._ending = Ending(bench)
        self._granting = Granting(bench, ending=self._ending, flows=flows, people=people, timer=timer, vault=vault)

    def due(self, integration_id: str | None = None) -> Iterator[str]:
        """List the requests that somebody must look at by now, longest overdue first: all, or of one integration."""
        due = self._bench.requests.due(self._bench.clock())
        return (each.request_id for each in due if integration_id in {None, each.integration_id})

    def is_usable(self, integration_id: str) -> bool:
        """Look whether a target is well: what fails there then fails for a reason of its own."""
        try:
            return self._bench.connector(integration_id).check().ok
        except ConnectorError:
            return False

    def backlog(self) -> Backlog:
        """Count what is due and what is quarantined, from the indexes alone."""
        now, count, oldest = self._bench.clock(), Counter[str](), timedelta()
        for each in self._bench.requests.due(now):
            count[each.integration_id] += 1
            oldest = max(oldest, now - each.due_at)
        return Backlog(at=now, due=dict(count), oldest=oldest, quarantined=self._bench.requests.quarantined())

    def advance(self, request_id: str) -> AccessRequest:
        """Do whatever is due for a request, if anything, and return it as it then is.

        Raises RivalChangeError when somebody else is doing it at this moment, RequestNotFoundError when there is none.
        """
        request, at = self._bench.requests.request(request_id), self._bench.clock()
        if request.status is Status.GRANTED:
            return self._go_on(request, at)
        if request.due_at is None:
            return request
        if request.due_at > at + CLOCK_SKEW:
            return self._granting.await_start(request) if request.status is Status.APPROVED else request
        steps = {
            Status.PENDING: self._lapse,
            Status.APPROVED: self._granting.begin,
            Status.GRANTING: self._granting.resume,
            Status.REVOKING: self._ending.remove,
        }
        return steps.get(request.status, self._ending.watch)(request, at)

    def _go_on(self, request: AccessRequest, at: datetime) -> AccessRequest:
        if request.is_over(at):
            return self._ending.expire(request, at)
        if _is_untold(request) and request.due_at and request.due_at <= at + CLOCK_SKEW:
            return self._granting.tell(request, at)
        return self._granting.stay(request)

    def _lapse(self, request: AccessRequest, at: datetime) -> AccessRequest:
        return self._bench.commit(request.lapse(at=at)) if request.has_lapsed(at) else request


def is_resisted(request: AccessRequest) -> bool:
    """Whether the target has not done what it was asked last. What went well is granted, or just closed."""
    if request.status is Status.GRANTED:
        return _is_untold(request)
    if request.is_open:
        return request.status in AT_WORK
    return request.due_at is not None and not request.has_just_closed


def _is_untold(request: AccessRequest) -> bool:
    return request.due_at != request.ends_at
