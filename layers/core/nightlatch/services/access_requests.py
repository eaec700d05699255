"""What is done with requests that have been made: follow them, use them, extend them, end them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.change import Change
from nightlatch.domain.eligibility import objection_to_more
from nightlatch.domain.errors import ConflictError, Fault, InvalidInputError, NightlatchError, NotAllowedError
from nightlatch.domain.identity import Role
from nightlatch.domain.lease import differing
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.call import Call
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.configuration import Catalogue, Flows
from nightlatch.services.ports.requests import RequestFilter, Requests
from nightlatch.services.ports.targets import Connectors, Vault
from nightlatch.services.ports.trail import Ledger, LedgerIndex
from nightlatch.services.ports.writing import UnitOfWork
from nightlatch.services.request_commands import Decide, RequestCommands
from nightlatch.services.request_page import RequestPage, read_page


@dataclass(frozen=True)
class Outcome:
    """What came of a command on one of many requests: the request as it then is, or what stood against it."""

    request_id: str
    request: AccessRequest | None = None
    error: NightlatchError | None = None


class AccessRequests:
    """The use cases of requesters once they have asked, and of administrators who end access."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        requests: Requests,
        flows: Flows,
        catalogue: Catalogue,
        ledger: Ledger,
        connectors: Connectors,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._requests = requests
        self._flows = flows
        self._catalogue = catalogue
        self._ledger = ledger
        self._connectors = connectors
        self._vault = vault
        self._clock = clock
        self._commands = RequestCommands(unit_of_work=unit_of_work, requests=requests, clock=clock)

    def show(self, request_id: str, call: Call) -> AccessRequest:
        """Read one request."""
        return self._commands.visible(request_id, call)

    def find(self, wanted: RequestFilter, call: Call, *, limit: int, skip: int = 0) -> RequestPage:
        """Find requests, newest first: one's own, or everybody's for administrators and auditors."""
        if not call.principal.has(Role.ADMIN, Role.AUDITOR):
            own = frozenset({call.principal.id})
            if wanted.requesters not in {None, own}:
                raise NotAllowedError("only administrators and auditors may list the requests of others")
            wanted = replace(wanted, requesters=own)
        candidates = self._requests.candidates(wanted, expected=skip + limit + 1)
        return read_page(candidates, wanted, limit=limit, skip=skip)

    def timeline(self, request_id: str, call: Call) -> list[LedgerEntry]:
        """Read what happened to a request, oldest first, from the ledger.

        What was found about it is for those who read the trail: nobody is told that they stand out.
        """
        request = self._commands.visible(request_id, call)
        kept = self._ledger.kept()
        numbers = kept.indexed(LedgerIndex.REQUEST, request.id, 1, kept.head.seq)
        entries = kept.by_numbers(sorted(numbers))
        if call.principal.has(Role.ADMIN, Role.AUDITOR):
            return entries
        return [entry for entry in entries if not entry.event_type.startswith("anomaly.")]

    def cancel(self, request_id: str, call: Call, *, reason: str = "") -> AccessRequest:
        """Withdraw one's own request before it is granted."""
        return self._commands.carry_out(
            request_id, call, lambda request, at: request.cancel(by=call.principal, reason=reason, at=at)
        )

    def give_back(self, request_id: str, call: Call, *, reason: str = "") -> AccessRequest:
        """End one's own access early."""
        return self._commands.carry_out(
            request_id, call, lambda request, at: request.give_back(by=call.principal, reason=reason, at=at)
        )

    def revoke(self, request_id: str, call: Call, *, reason: str) -> AccessRequest:
        """End somebody's access early, as an administrator."""
        return self._commands.carry_out(
            request_id, call, lambda request, at: request.revoke(by=call.principal, reason=reason, at=at)
        )

    def revoke_many(self, request_ids: Sequence[str], call: Call, *, reason: str) -> list[Outcome]:
        """End the access of many requests early, as an administrator. What is ending or over already is left so."""
        return [self._one_of_many(request_id, call, _revoking(call, reason)) for request_id in request_ids]

    def open_of(self, person_id: str, call: Call) -> list[AccessRequest]:
        """Read what `stop_person` would end: all that somebody has or has asked for."""
        request_ids = sorted(self._requests.open_of(person_id).values())
        return [self._commands.visible(request_id, call) for request_id in request_ids]

    def stop_person(self, person_id: str, call: Call, *, reason: str) -> list[Outcome]:
        """End everything that somebody has or has asked for, as an administrator."""
        request_ids = sorted(self._requests.open_of(person_id).values())
        return [self._one_of_many(request_id, call, _stopping(call, reason)) for request_id in request_ids]

    def extend(self, request_id: str, call: Call, *, duration: timedelta) -> AccessRequest:
        """Move the end of one's own access, as far as both the flow that was agreed to and the one in force let it."""

        def decide(request: AccessRequest, at: datetime) -> Change[AccessRequest]:
            flow = self._flows.one(request.flow.id)
            change = request.extend(duration, by=call.principal, at=at)
            if refusal := objection_to_more(request, flow, duration, requester_groups=call.principal.groups):
                refused = request.refused_extension(refusal, by=call.principal, at=at)
                self._unit_of_work.record(refused, origin=call.origin)
                raise InvalidInputError(Fault("/duration", refusal))
            return change.if_still(flow) if flow else change

        return self._commands.carry_out(request_id, call, decide)

    def close_by_hand(self, request_id: str, call: Call, *, reason: str) -> AccessRequest:
        """Close what is quarantined, as an administrator who has seen to it at the target. Nobody waits for it then."""

        def decide(request: AccessRequest, at: datetime) -> Change[AccessRequest]:
            closing = request.close_by_hand(by=call.principal, reason=reason, at=at)
            grant = self._requests.grant(request.id)
            leases = self._requests.leases(grant) if grant.shares_entitlements else ()
            released = [lease.released(request.id) for lease in leases]
            return closing.with_entities(grant.closed(), *differing(leases, released))

        return self._commands.carry_out(request_id, call, decide)

    def credentials(self, request_id: str, call: Call) -> dict[str, str]:
        """Show the requester how to connect. The look is in the ledger's outbox before anything is shown."""
        request = self._commands.visible(request_id, call)
        viewed = request.viewed_credentials(by=call.principal, at=self._clock())
        grant = self._requests.grant(request.id)
        integration = self._catalogue.integration(grant.integration_id)
        if integration is None:
            raise ConflictError(f"request {request.id} has no credentials")
        self._unit_of_work.record(viewed, origin=call.origin)
        sealed = grant.sealed_secret
        secret = None if sealed is None else self._vault.open(sealed, request_id=request.id)
        return self._connectors.connect(integration).credentials(grant.handle, secret)

    def _one_of_many(self, request_id: str, call: Call, decide: Decide) -> Outcome:
        try:
            request = self._commands.carry_out(request_id, replace(call, idempotency_key=None), decide)
        except NightlatchError as error:
            return Outcome(request_id, error=error)
        return Outcome(request_id, request)


def _revoking(call: Call, reason: str) -> Decide:
    return lambda request, at: (
        Change(request) if request.is_ending else request.revoke(by=call.principal, reason=reason, at=at)
    )


def _stopping(call: Call, reason: str) -> Decide:
    return lambda request, at: (
        request.cancel(by=call.principal, reason=reason, at=at)
        if request.is_withdrawable
        else _revoking(call, reason)(request, at)
    )
