"""How every command on a request is carried out: read, decide, commit, and again when a rival was faster."""

from collections.abc import Callable
from datetime import datetime

from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.change import Change
from nightlatch.domain.errors import NotFoundError
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.requests import Requests
from nightlatch.services.ports.writing import UnitOfWork

Decide = Callable[[AccessRequest, datetime], Change[AccessRequest]]


class RequestCommands:
    """Carries out a decision on a request that the caller may see."""

    def __init__(self, *, unit_of_work: UnitOfWork, requests: Requests, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._requests = requests
        self._clock = clock

    def visible(self, request_id: str, call: Call) -> AccessRequest:
        """Read a request; one that the caller may not see is told exactly like one that does not exist."""
        unknown = NotFoundError(f"no request {request_id}")
        try:
            request = self._requests.request(request_id)
        except NotFoundError:
            raise unknown from None
        if not request.is_visible_to(call.principal):
            raise unknown
        return request

    def carry_out(self, request_id: str, call: Call, decide: Decide) -> AccessRequest:
        """Commit what `decide` says of the request as it is now, once for each idempotency key."""

        def attempt() -> AccessRequest:
            if call.earlier_result(self._unit_of_work):
                return self.visible(request_id, call)
            request = self.visible(request_id, call)
            change = decide(request, self._clock())
            if not change.events:
                return request
            self._unit_of_work.commit(change, origin=call.origin, receipt=call.receipt(request_id))
            return change.state

        return despite_rivals(attempt)
