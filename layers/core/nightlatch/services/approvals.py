"""What an approver does: see what waits, and decide."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import NotAllowedError
from nightlatch.services.call import Call
from nightlatch.services.counting import Counted, counted
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.requests import RequestFilter, Requests
from nightlatch.services.ports.writing import UnitOfWork
from nightlatch.services.request_commands import RequestCommands


class Approvals:
    """The use cases of approvers."""

    def __init__(self, *, unit_of_work: UnitOfWork, requests: Requests, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._requests = requests
        self._clock = clock
        self._commands = RequestCommands(unit_of_work=unit_of_work, requests=requests, clock=clock)

    def waiting(self, call: Call, *, before_id: str | None = None) -> Iterator[AccessRequest]:
        """Find the open requests that still ask for the caller's vote, newest first, below one listed last."""
        pending = self._pending(before_id)
        return (request for request in pending if request.awaits(call.principal, at=self._clock()))

    def count_waiting(self, call: Call) -> Counted:
        """Count the open requests that still ask for the caller's vote."""
        return counted(self._pending(), admits=lambda request: request.awaits(call.principal, at=self._clock()))

    def history(self, request: AccessRequest, call: Call) -> Iterator[AccessRequest]:
        """Find what the requester asked for there before, newest first, as far as the caller may see it."""
        wanted = RequestFilter(
            requesters=frozenset({request.requester.id}),
            integrations=frozenset({request.integration.id}),
            before_id=request.id,
        )
        return (former for former in self._requests.find(wanted) if former.is_visible_to(call.principal))

    def approve(self, request_id: str, call: Call, *, items: Sequence[str] = (), reason: str = "") -> AccessRequest:
        """Say yes to a request, whole or per item."""

        def decide(request: AccessRequest, at: datetime) -> Change[AccessRequest]:
            self._admit(request, call, at)
            return request.approve(by=call.principal, items=items, reason=reason, at=at)

        return self._commands.carry_out(request_id, call, decide)

    def reject(self, request_id: str, call: Call, *, items: Sequence[str] = (), reason: str = "") -> AccessRequest:
        """Say no to a request, whole or per item."""

        def decide(request: AccessRequest, at: datetime) -> Change[AccessRequest]:
            self._admit(request, call, at)
            return request.reject(by=call.principal, items=items, reason=reason, at=at)

        return self._commands.carry_out(request_id, call, decide)

    def _pending(self, before_id: str | None = None) -> Iterator[AccessRequest]:
        return self._requests.find(RequestFilter(statuses=frozenset({Status.PENDING}), before_id=before_id))

    def _admit(self, request: AccessRequest, call: Call, at: datetime) -> None:
        """Let an approver pass; an attempt of anybody else is an event of its own."""
        if refusal := request.refusal(call.principal):
            self._unit_of_work.record(request.refused_vote(by=call.principal, at=at), origin=call.origin)
            raise NotAllowedError(refusal)
