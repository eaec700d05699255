"""What somebody does who wants access: see what there is, find out what it takes, and ask."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from nightlatch.domain.access_flow import AccessFlow, FlowRegister, FlowsInForce, FlowSnapshot
from nightlatch.domain.access_request import AccessRequest, IntegrationReference
from nightlatch.domain.change import together
from nightlatch.domain.errors import (
    DuplicateRequestError,
    Fault,
    InvalidInputError,
    LimitReachedError,
    NotAllowedError,
    RivalChangeError,
)
from nightlatch.domain.flow_advice import Advice, advise
from nightlatch.domain.flow_choice import FARTHEST_START, Decision, FlowChoice, Target, Wish, covers, decide
from nightlatch.domain.identifier import RANDOM_BYTES, prefixed, uuid7
from nightlatch.domain.identity import Principal
from nightlatch.domain.integration import Integration, Permission, Resource
from nightlatch.domain.item import Item
from nightlatch.domain.people import meet
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.configuration import Catalogue, Flows
from nightlatch.services.ports.facts import Facts, Known, Wanted
from nightlatch.services.ports.requests import Requests
from nightlatch.services.ports.writing import UnitOfWork
from nightlatch.services.request_commands import RequestCommands


class WantedItem(NamedTuple):
    """One permission on one resource, as somebody named them."""

    resource_type: str
    resource: str
    permission: str


@dataclass(frozen=True)
class Submission:
    """What somebody asks for. `duration` None means the flow's default, `on_behalf_of` None oneself."""

    integration: str
    items: Sequence[WantedItem]
    justification: str = ""
    ticket: str = ""
    duration: timedelta | None = None
    starts_at: datetime | None = None
    on_behalf_of: str | None = None


class Changes(NamedTuple):
    """What is to be different when the same is asked for again. None leaves it as it was; a start is never kept."""

    justification: str | None = None
    ticket: str | None = None
    duration: timedelta | None = None
    starts_at: datetime | None = None


class Offer(NamedTuple):
    """A permission that the caller may ask for, and the flow that would rule it."""

    integration: Integration
    resource: Resource
    permission: Permission
    flow: AccessFlow


class DryRun(NamedTuple):
    """What would come of a submission: the request that it would be, or what is against it and would work instead."""

    decision: Decision
    request: AccessRequest | None
    duplicate_of: str | None
    advice: Sequence[Advice]


class _Ask(NamedTuple):
    """A submission with what it names."""

    integration: Integration
    wish: Wish


class Asking:
    """The use cases of those who ask. What is asked for at once is made together, or not at all."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        requests: Requests,
        flows: Flows,
        catalogue: Catalogue,
        facts: Facts,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._requests = requests
        self._flows = flows
        self._catalogue = catalogue
        self._facts = facts
        self._clock = clock
        self._randomness = randomness
        self._remembered: FlowsInForce | None = None
        self._commands = RequestCommands(unit_of_work=unit_of_work, requests=requests, clock=clock)

    def submit(self, submission: Submission, call: Call) -> AccessRequest:
        """Ask for access under the flow that fits best, as the flows stand at this moment."""
        (request,) = despite_rivals(lambda: self._submit([submission], call))
        return request

    def submit_bundle(self, submissions: Sequence[Submission], call: Call) -> list[AccessRequest]:
        """Ask for several things at once: each is a request of its own. A fault names the place in `/requests`."""
        return despite_rivals(lambda: self._submit(submissions, call, bundled=True))

    def ask_again(self, request_id: str, call: Call, *, changes: Changes) -> AccessRequest:
        """Ask once more for what was asked for before; what `changes` says is said anew."""
        request = self._commands.visible(request_id, call)
        if call.principal.id not in request.involved:
            raise NotAllowedError("only who asked for it may ask for it again")
        return self.submit(_again(request, changes), call)

    def dry_run(self, submission: Submission, call: Call) -> DryRun:
        """Say what would come of a submission, without making anything. What it names must exist."""
        known, at = self._facts.known(_wanted([submission], call)), self._clock()
        ask = _ask(submission, known, call, at)
        flows = self._flows.in_force().flows
        decision = decide(flows, ask.wish, at=at)
        if decision.choice is None:
            return DryRun(decision, None, None, advise(flows, ask.wish, decision, at=at))
        request = self._request(ask, decision.choice, call, at=at, bundle_id=None)
        open_requests = self._requests.open_of(request.requester.id)
        return DryRun(decision, request, open_requests.get(request.content_key), ())

    def offers(self, call: Call, *, on_behalf_of: Principal | None = None) -> Iterator[Offer]:
        """List everything that the caller may ask for, by integration, resource and permission."""
        flows = self._flows.in_force().flows
        requester, asked_by = (on_behalf_of, call.principal) if on_behalf_of else (call.principal, None)
        for integration in self._catalogue.integrations():
            for resource in self._catalogue.resources(integration.id):
                for permission in resource.permissions:
                    wish = Wish(requester, integration.id, [(resource, permission)], asked_by=asked_by)
                    if covering := [flow for flow in flows if covers(flow, wish)]:
                        yield Offer(integration, resource, permission, min(covering, key=_least_asked))

    def _submit(self, submissions: Sequence[Submission], call: Call, *, bundled: bool = False) -> list[AccessRequest]:
        known, at = self._facts.known(_wanted(submissions, call)), self._clock()
        if earlier := call.result_in(known.receipt):
            return [self._requests.request(request_id) for request_id in earlier.split()]
        asks = []
        for position, submission in enumerate(submissions):
            with _located(position, bundled=bundled):
                asks.append(_ask(submission, known, call, at))
        choices = self._choices(asks, known.flows, at, bundled=bundled)
        bundle_id = prefixed("bdl", uuid7(at, random=self._randomness(RANDOM_BYTES))) if bundled else None
        requests = [
            self._request(ask, choice, call, at=at, bundle_id=bundle_id)
            for ask, choice in zip(asks, choices, strict=True)
        ]
        _refuse_twins(requests)
        self._commit(requests, known, call)
        return requests

    def _choices(
        self, asks: Sequence[_Ask], register: FlowRegister, at: datetime, *, bundled: bool
    ) -> list[FlowChoice]:
        """Decide by the flows as they are now. One that changes before the commit might as well change after it.

        Before anything is granted the flow in force is asked again, see `domain/eligibility.py`.
        """
        flows, choices = self._in_force(register), []
        for position, ask in enumerate(asks):
            with _located(position, bundled=bundled):
                choices.append(decide(flows, ask.wish, at=at).chosen())
        return choices

    def _in_force(self, register: FlowRegister) -> tuple[AccessFlow, ...]:
        """Remember the flows as they were read last, while their register says that none has changed since."""
        if self._remembered is None or self._remembered.register != register:
            self._remembered = self._flows.in_force()
        return self._remembered.flows

    def _commit(self, requests: list[AccessRequest], known: Known, call: Call) -> None:
        changes = [request.submitted(by=call.principal) for request in requests]
        meeting = meet(call.principal, known.people.get(call.principal.id), at=requests[0].created_at)
        change = together(*changes, *([meeting] if meeting else []))
        receipt = call.receipt(" ".join(request.id for request in requests))
        try:
            self._unit_of_work.commit(change, origin=call.origin, receipt=receipt)
        except (DuplicateRequestError, LimitReachedError) as error:
            if call.earlier_result(self._unit_of_work):  # this very call, made twice at once, has taken the place
                raise RivalChangeError(str(error)) from error
            raise
        requests[:] = [change.state for change in changes]

    def _request(
        self, ask: _Ask, choice: FlowChoice, call: Call, *, at: datetime, bundle_id: str | None
    ) -> AccessRequest:
        integration, wish = ask.integration, ask.wish
        return AccessRequest(
            id=prefixed("req", uuid7(at, random=self._randomness(RANDOM_BYTES))),
            requester=wish.requester.as_person(),
            asked_by=wish.asked_by.as_person() if wish.asked_by else None,
            bundle_id=bundle_id,
            integration=IntegrationReference(id=integration.id, name=integration.name, kind=integration.kind),
            items=tuple(_item(number, *target) for number, target in enumerate(wish.targets, start=1)),
            justification=wish.justification,
            ticket=wish.ticket,
            duration=choice.duration,
            starts_at=wish.starts_at,
            flow=FlowSnapshot.of(choice.flow, reason=choice.reason),
            source=call.origin.source,
            created_at=at,
            updated_at=at,
        )


def _wanted(submissions: Sequence[Submission], call: Call) -> Wanted:
    return Wanted(
        integrations=frozenset(one.integration for one in submissions),
        resources=frozenset(
            (one.integration, item.resource_type, item.resource) for one in submissions for item in one.items
        ),
        people=frozenset({call.principal.id, *(one.on_behalf_of for one in submissions if one.on_behalf_of)}),
        receipt=call.receipt_key,
    )


def _again(request: AccessRequest, changes: Changes) -> Submission:
    return Submission(
        integration=request.integration.id,
        items=[WantedItem(item.resource_type, item.resource_id, item.permission) for item in request.items],
        justification=request.justification if changes.justification is None else changes.justification,
        ticket=request.ticket if changes.ticket is None else changes.ticket,
        duration=changes.duration or request.duration,
        starts_at=changes.starts_at,
        on_behalf_of=request.requester.id if request.asked_by else None,
    )


def _ask(submission: Submission, known: Known, call: Call, at: datetime) -> _Ask:
    """Find what a submission names; raise InvalidInputError naming each thing that does not exist."""
    integration = known.integrations.get(submission.integration)
    if integration is None:
        raise InvalidInputError(Fault("/integration", f"no integration {submission.integration}"))
    requester, asked_by = call.principal, None
    if submission.on_behalf_of not in {None, call.principal.id}:
        person = known.people.get(submission.on_behalf_of or "")
        if person is None:
            raise InvalidInputError(Fault("/on_behalf_of", f"nobody here is known as {submission.on_behalf_of}"))
        requester, asked_by = person.as_principal(), call.principal
    _refuse_odd_start(submission.starts_at, at)
    wish = Wish(
        requester=requester,
        asked_by=asked_by,
        integration=integration.id,
        targets=_targets(submission, known),
        duration=submission.duration,
        justification=submission.justification,
        ticket=submission.ticket,
        starts_at=submission.starts_at,
    )
    return _Ask(integration, wish)


def _refuse_odd_start(starts_at: datetime | None, at: datetime) -> None:
    if starts_at is None:
        return
    if starts_at < at:
        raise InvalidInputError(Fault("/starts_at", "lies in the past"))
    if starts_at > at + FARTHEST_START:
        raise InvalidInputError(Fault("/starts_at", f"lies more than {FARTHEST_START.days} days ahead"))


def _targets(submission: Submission, known: Known) -> list[Target]:
    targets: list[Target] = []
    faults = [] if submission.items else [Fault("/items", "must name at least one item")]
    for position, item in enumerate(submission.items):
        resource = known.resources.get((submission.integration, item.resource_type, item.resource))
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


@contextmanager
def _located(position: int, *, bundled: bool) -> Iterator[None]:
    """Say of a refusal which request of a bundle it is about."""
    try:
        yield
    except InvalidInputError as error:
        if not bundled:
            raise
        faults = (Fault(f"/requests/{position}{fault.pointer}", fault.message) for fault in error.faults)
        raise InvalidInputError(*faults) from error
    except NotAllowedError as error:
        if not bundled:
            raise
        raise NotAllowedError(f"{error} (/requests/{position})") from error


def _refuse_twins(requests: Sequence[AccessRequest]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for position, request in enumerate(requests):
        first = seen.setdefault((request.requester.id, request.content_key), position)
        if first != position:
            raise InvalidInputError(Fault(f"/requests/{position}", f"asks for the same as /requests/{first}"))


def _least_asked(flow: AccessFlow) -> tuple[int, str]:
    return flow.definition.approve.needed(), flow.id


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
