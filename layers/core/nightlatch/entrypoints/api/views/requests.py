"""Requests for access."""

from collections.abc import Iterable
from itertools import islice

from typing_extensions import TypedDict

from nightlatch.domain.access_request import AccessRequest, EndReason, IntegrationReference, Status
from nightlatch.domain.approval_rule import ApprovalStep, Progress
from nightlatch.domain.audit_event import Source
from nightlatch.domain.identity import Person
from nightlatch.domain.item import Item, ItemStatus, Verdict, Vote
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.api.cursors import Page, Place
from nightlatch.entrypoints.api.views.base import Link, Links, ResourceView, Time, links_of, seconds, time_of, view
from nightlatch.services.request_page import RequestPage


@view
class PermissionView(TypedDict):
    """A permission, as a request names it."""

    name: str
    tags: list[str]


@view
class VoteView(TypedDict):
    """One approver's word."""

    verdict: Verdict
    approver: Person
    reason: str
    at: Time


def vote_view(vote: Vote) -> VoteView:
    """Show a vote."""
    return VoteView(verdict=vote.verdict, approver=vote.approver, reason=vote.reason, at=rfc3339(vote.at))


@view
class StepView(TypedDict):
    """The step of approval that an item waits in: how many of whom, and from when others are asked as well."""

    number: int
    needed: int
    approvals: int
    people: list[str]
    groups: list[str]
    since: Time
    escalates_at: Time | None


def step_view(progress: Progress) -> StepView | None:
    """Show the current step, if there is one."""
    step = progress.step
    if step is None:
        return None
    return StepView(
        number=progress.position + 1,
        needed=len(step.places(without=progress.without)),
        approvals=len(progress.votes),
        people=list(step.people),
        groups=list(step.groups),
        since=rfc3339(progress.since),
        escalates_at=rfc3339(progress.since + step.escalation.after) if step.escalation else None,
    )


@view
class ItemView(TypedDict):
    """One item of a request, with its own decision."""

    id: str
    resource: ResourceView
    permission: PermissionView
    status: ItemStatus
    approvals: int
    needed: int
    step: StepView | None
    votes: list[VoteView]


def item_view(item: Item, request: AccessRequest, *, needed: int) -> ItemView:
    """Show an item; its votes in the order in which they were given."""
    progress = request.progress(item)
    is_waiting = request.is_pending and item.status is ItemStatus.PENDING
    return ItemView(
        id=item.id,
        resource=ResourceView(
            type=item.resource_type, id=item.resource_id, name=item.resource_name, tags=list(item.resource_tags)
        ),
        permission=PermissionView(name=item.permission, tags=list(item.permission_tags)),
        status=item.status,
        approvals=progress.approvals,
        needed=needed,
        step=step_view(progress) if is_waiting else None,
        votes=[vote_view(vote) for vote in sorted(item.votes.values(), key=lambda vote: vote.at)],
    )


@view
class FlowReference(TypedDict):
    """The flow and the version that a request was made under, and why it was this one."""

    id: str
    name: str
    version: int
    reason: str


@view
class Approvers(TypedDict):
    """Who must approve each item, in how many steps; none means that it is approved automatically."""

    needed: int
    steps: list[ApprovalStep]


def approvers_view(request: AccessRequest) -> Approvers:
    """Show whom the flow asks."""
    return Approvers(needed=request.approvals_needed, steps=list(request.flow.approve.steps))


@view
class Extensions(TypedDict):
    """How often access may be extended, by how much at most, and how often it was."""

    used: int
    allowed: int
    longest_seconds: int


def extensions_view(request: AccessRequest) -> Extensions:
    """Show what the flow allows."""
    rule = request.flow.extensions
    return Extensions(
        used=request.extensions,
        allowed=rule.count if rule else 0,
        longest_seconds=seconds(rule.longest) if rule else 0,
    )


@view
class RequestView(TypedDict):
    """A request for access."""

    id: str
    status: Status
    created_at: Time
    updated_at: Time
    requester: Person
    asked_by: Person | None
    bundle_id: str | None
    integration: IntegrationReference
    items: list[ItemView]
    justification: str
    ticket: str
    duration_seconds: int
    flow: FlowReference
    approvers: Approvers
    extensions: Extensions
    source: Source
    lapses_at: Time | None
    starts_at: Time | None
    granted_at: Time | None
    ends_at: Time | None
    closed_at: Time | None
    end_reason: EndReason | None
    session_user: str
    quarantined: bool
    _links: Links


def request_view(request: AccessRequest) -> RequestView:
    """Show a request."""
    flow, asked = request.flow, approvers_view(request)
    return RequestView(
        id=request.id,
        status=request.status,
        created_at=rfc3339(request.created_at),
        updated_at=rfc3339(request.updated_at),
        requester=request.requester,
        asked_by=request.asked_by,
        bundle_id=request.bundle_id,
        integration=request.integration,
        items=[item_view(item, request, needed=asked["needed"]) for item in request.items],
        justification=request.justification,
        ticket=request.ticket,
        duration_seconds=seconds(request.duration),
        flow=FlowReference(id=flow.id, name=flow.name, version=flow.version, reason=flow.reason),
        approvers=asked,
        extensions=extensions_view(request),
        source=request.source,
        lapses_at=time_of(request.lapses_at),
        starts_at=time_of(request.starts_at),
        granted_at=time_of(request.granted_at),
        ends_at=time_of(request.ends_at),
        closed_at=time_of(request.closed_at),
        end_reason=request.end_reason,
        session_user=request.session_user,
        quarantined=request.quarantined,
        _links={
            "self": Link(href=address_of(request)),
            "timeline": Link(href=f"{address_of(request)}/timeline"),
        },
    )


@view
class RequestList(TypedDict):
    """A page of requests, newest first. For a page of a filtered list at most 2,000 are looked at, so it may be shorter
    than its limit, even empty, and still have a next one.
    """

    requests: list[RequestView]
    next_cursor: str | None
    _links: Links


def request_list(found: Iterable[AccessRequest], *, limit: int, page: Page) -> RequestList:
    """Show the first of what was found. One more is read, to know whether there is a next page."""
    read = list(islice(found, limit + 1))
    shown = read[:limit]
    return _request_list(shown, page.cursor_at(shown[-1].id if len(read) > limit else None), page)


def request_list_of_page(read: RequestPage, *, page: Page, place: Place) -> RequestList:
    """Show what was read for one page."""
    return _request_list(read.requests, page.cursor_below(read.before_id, of=place, skip=read.skip), page)


def _request_list(requests: Iterable[AccessRequest], next_cursor: str | None, page: Page) -> RequestList:
    return RequestList(
        requests=[request_view(request) for request in requests],
        next_cursor=next_cursor,
        _links=links_of(page.links(next_cursor)),
    )


@view
class Bundle(TypedDict):
    """The requests that were made together."""

    id: str
    requests: list[RequestView]


def bundle_view(requests: Iterable[AccessRequest]) -> Bundle:
    """Show a bundle."""
    shown = [request_view(request) for request in requests]
    return Bundle(id=shown[0]["bundle_id"] or "", requests=shown)


@view
class Timeline(TypedDict):
    """What happened to a request, oldest first."""

    events: list[LedgerEntry]


def address_of(request: AccessRequest) -> str:
    """Say where a request is found."""
    return f"/v1/requests/{request.id}"
