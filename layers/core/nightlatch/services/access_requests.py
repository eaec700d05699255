"""What a requester does: see what there is, ask for it, use it, give it back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from nightlatch.domain.access_flow import AccessFlow, FlowSnapshot
from nightlatch.domain.access_request import AccessRequest, IntegrationReference
from nightlatch.domain.errors import ConflictError, Fault, InvalidInputError, NotAllowedError
from nightlatch.domain.flow_choice import FlowChoice, Wish, choose_flow, covering_flows, fewest_approvals
from nightlatch.domain.identifier import RANDOM_BYTES, prefixed, uuid7
from nightlatch.domain.identity import Role
from nightlatch.domain.integration import Integration, Permission, Resource
from nightlatch.domain.item import Item
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports import (
    Catalogue,
    Clock,
    Connectors,
    Flows,
    Ledger,
    LedgerIndex,
    Randomness,
    RequestFilter,
    Requests,
    UnitOfWork,
    Vault,
)
from nightlatch.services.request_commands import RequestCommands
from nightlatch.services.request_page import RequestPage, read_page


@dataclass(frozen=True)
class WantedItem:
    """One permission on one resource, as somebody named them."""

    resource_type: str
    resource: str
    permission: str


@dataclass(frozen=True)
class Submission:
    """What somebody asks for. `duration` None means the flow's default."""

    integration: str
    items: Sequence[WantedItem]
    justification: str = ""
    ticket: str = ""
    duration: timedelta | None = None


@dataclass(frozen=True)
class Offer:
    """A permission that the caller may ask for, and the flow that would rule it."""

    integration: Integration
    resource: Resource
    permission: Permission
    flow: AccessFlow


class AccessRequests:
    """The use cases of requesters, and of administrators who end access."""

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
        randomness: Randomness,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._requests = requests
        self._flows = flows
        self._catalogue = catalogue
        self._ledger = ledger
        self._connectors = connectors
        self._vault = vault
        self._clock = clock
        self._randomness = randomness
        self._commands = RequestCommands(unit_of_work=unit_of_work, requests=requests, clock=clock)

    def submit(self, submission: Submission, call: Call) -> AccessRequest:
        """Ask for access under the flow that fits best, as that flow stands at this moment."""

        def attempt() -> AccessRequest:
            if earlier := call.earlier_result(self._unit_of_work):
                return self._requests.request(earlier)
            return self._submit(submission, call)

        return despite_rivals(attempt)

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
        return read_page(self._requests.candidates(wanted), wanted, limit=limit, skip=skip)

    def timeline(self, request_id: str, call: Call) -> list[LedgerEntry]:
        """Read what happened to a request, oldest first, from the ledger."""
        request = self._commands.visible(request_id, call)
        numbers = self._ledger.indexed(LedgerIndex.REQUEST, request.id, 1, self._ledger.head().seq)
        return self._ledger.by_numbers(sorted(numbers))

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

    def credentials(self, request_id: str, call: Call) -> dict[str, str]:
        """Show the requester how to connect. The look is in the ledger's outbox before anything is shown."""
        request = self._commands.visible(request_id, call)
        viewed = request.viewed_credentials(by=call.principal, at=self._clock())
        grant = self._requests.grant(request.id)
        integration = self._catalogue.integration(grant.integration_id)
        if grant.sealed_secret is None or integration is None:
            raise ConflictError(f"request {request.id} has no credentials")
        self._unit_of_work.record(viewed, origin=call.origin)
        secret = self._vault.open(grant.sealed_secret, request_id=request.id)
        return self._connectors.connect(integration).credentials(grant.handle, secret)

    def offers(self, call: Call) -> Iterator[Offer]:
        """List everything that the caller may ask for, by integration, resource and permission."""
        flows = self._flows.all()
        for integration in self._catalogue.integrations():
            for resource in self._catalogue.resources(integration.id):
                for permission in resource.permissions:
                    wish = Wish(integration.id, [(resource, permission)], None, "")
                    if covering := covering_flows(flows, wish, requester=call.principal):
                        yield Offer(integration, resource, permission, min(covering, key=fewest_approvals))

    def _submit(self, submission: Submission, call: Call) -> AccessRequest:
        integration = self._catalogue.integration(submission.integration)
        if integration is None:
            raise InvalidInputError(Fault("/integration", f"no integration {submission.integration}"))
        targets = self._targets(submission)
        wish = Wish(integration.id, targets, submission.duration, submission.justification)
        choice = choose_flow(self._flows.all(), wish, requester=call.principal)
        request = self._request(submission, integration, targets, choice, call)
        change = request.submitted(by=call.principal)
        self._unit_of_work.commit(
            change, origin=call.origin, unchanged=(choice.flow,), receipt=call.receipt(request.id)
        )
        return change.state

    def _targets(self, submission: Submission) -> list[tuple[Resource, Permission]]:
        targets: list[tuple[Resource, Permission]] = []
        faults = [] if submission.items else [Fault("/items", "must name at least one item")]
        named = {(item.resource_type, item.resource) for item in submission.items}
        resources = {key: self._catalogue.resource(submission.integration, *key) for key in named}
        for position, item in enumerate(submission.items):
            resource = resources[item.resource_type, item.resource]
            permission = resource.permission(item.permission) if resource else None
            if resource is None:
                text = f"no {item.resource_type} {item.resource} in {submission.integration}"
                faults.append(Fault(f"/items/{position}/resource", text))
            elif permission is None:
                text = f"{item.resource} has no permission {item.permission}"
                faults.append(Fault(f"/items/{position}/permission", text))
            elif (resource, permission) in targets:
                faults.append(Fault(f"/items/{position}", "is asked for twice"))
            else:
                targets.append((resource, permission))
        if faults:
            raise InvalidInputError(*faults)
        return targets

    def _request(
        self,
        submission: Submission,
        integration: Integration,
        targets: Sequence[tuple[Resource, Permission]],
        choice: FlowChoice,
        call: Call,
    ) -> AccessRequest:
        at = self._clock()
        items = (_item(number, *target) for number, target in enumerate(targets, start=1))
        return AccessRequest(
            id=prefixed("req", uuid7(at, random=self._randomness(RANDOM_BYTES))),
            requester=call.principal.as_person(),
            integration=IntegrationReference(id=integration.id, name=integration.name, kind=integration.kind),
            items=tuple(items),
            justification=submission.justification,
            ticket=submission.ticket,
            duration=choice.duration,
            flow=FlowSnapshot.of(choice.flow, requester=call.principal, reason=choice.reason),
            source=call.origin.source,
            created_at=at,
            updated_at=at,
        )


def _item(number: int, resource: Resource, permission: Permission) -> Item:
    return Item(
        id=f"item-{number}",
        resource_type=resource.type,
        resource_id=resource.id,
        resource_name=resource.name,
        resource_tags=resource.tags,
        permission=permission.name,
        permission_tags=permission.tags,
    )
