"""Requests for access."""

from collections.abc import Iterable
from itertools import islice
from typing import Self

from nightlatch.domain.access_request import AccessRequest, EndReason, IntegrationReference, Status
from nightlatch.domain.approval_rule import ApprovalStep, Progress
from nightlatch.domain.audit_event import Source
from nightlatch.domain.identity import Person
from nightlatch.domain.item import Item, ItemStatus, Verdict, Vote
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.api.cursors import Page, Place
from nightlatch.entrypoints.api.views.base import Link, Links, ResourceView, Time, View, links_of, seconds
from nightlatch.services.request_page import RequestPage


class PermissionView(View):
    """A permission, as a request names it."""

    name: str
    tags: list[str]


class VoteView(View):
    """One approver's word."""

    verdict: Verdict
    approver: Person
    reason: str
    at: Time

    @classmethod
    def of(cls, vote: Vote) -> Self:
        """Show a vote."""
        return cls(verdict=vote.verdict, approver=vote.approver, reason=vote.reason, at=vote.at)


class StepView(View):
    """The step of approval that an item waits in: how many of whom, and from when others are asked as well."""

    number: int
    needed: int
    approvals: int
    people: list[str]
    groups: list[str]
    since: Time
    escalates_at: Time | None

    @classmethod
    def of(cls, progress: Progress) -> Self | None:
        """Show the current step, if there is one."""
        step = progress.step
        if step is None:
            return None
        return cls(
            number=progress.position + 1,
            needed=len(step.places(without=progress.without)),
            approvals=len(progress.votes),
            people=list(step.people),
            groups=list(step.groups),
            since=progress.since,
            escalates_at=progress.since + step.escalation.after if step.escalation else None,
        )


class ItemView(View):
    """One item of a request, with its own decision."""

    id: str
    resource: ResourceView
    permission: PermissionView
    status: ItemStatus
    approvals: int
    needed: int
    step: StepView | None
    votes: list[VoteView]

    @classmethod
    def of(cls, item: Item, request: AccessRequest, *, needed: int) -> Self:
        """Show an item; its votes in the order in which they were given."""
        progress = request.progress(item)
        is_waiting = request.is_pending and item.status is ItemStatus.PENDING
        return cls(
            id=item.id,
            resource=ResourceView(
                type=item.resource_type, id=item.resource_id, name=item.resource_name, tags=list(item.resource_tags)
            ),
            permission=PermissionView(name=item.permission, tags=list(item.permission_tags)),
            status=item.status,
            approvals=progress.approvals,
            needed=needed,
            step=StepView.of(progress) if is_waiting else None,
            votes=[VoteView.of(vote) for vote in sorted(item.votes.values(), key=lambda vote: vote.at)],
        )


class FlowReference(View):
    """The flow and the version that a request was made under, and why it was this one."""

    id: str
    name: str
    version: int
    reason: str


class Approvers(View):
    """Who must approve each item, in how many steps; none means that it is approved automatically."""

    needed: int
    steps: list[ApprovalStep]

    @classmethod
    def of(cls, request: AccessRequest) -> Self:
        """Show whom the flow asks."""
        return cls(needed=request.approvals_needed, steps=list(request.flow.approve.steps))


class Extensions(View):
    """How often access may be extended, by how much at most, and how often it was."""

    used: int
    allowed: int
    longest_seconds: int

    @classmethod
    def of(cls, request: AccessRequest) -> Self:
        """Show what the flow allows."""
        rule = request.flow.extensions
        return cls(
            used=request.extensions,
            allowed=rule.count if rule else 0,
            longest_seconds=seconds(rule.longest) if rule else 0,
        )


class RequestView(View):
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
    links: Links

    @classmethod
    def of(cls, request: AccessRequest) -> Self:
        """Show a request."""
        flow, approvers = request.flow, Approvers.of(request)
        return cls(
            id=request.id,
            status=request.status,
            created_at=request.created_at,
            updated_at=request.updated_at,
            requester=request.requester,
            asked_by=request.asked_by,
            bundle_id=request.bundle_id,
            integration=request.integration,
            items=[ItemView.of(item, request, needed=approvers.needed) for item in request.items],
            justification=request.justification,
            ticket=request.ticket,
            duration_seconds=seconds(request.duration),
            flow=FlowReference(id=flow.id, name=flow.name, version=flow.version, reason=flow.reason),
            approvers=approvers,
            extensions=Extensions.of(request),
            source=request.source,
            lapses_at=request.lapses_at,
            starts_at=request.starts_at,
            granted_at=request.granted_at,
            ends_at=request.ends_at,
            closed_at=request.closed_at,
            end_reason=request.end_reason,
            session_user=request.session_user,
            quarantined=request.quarantined,
            links={
                "self": Link(href=address_of(request)),
                "timeline": Link(href=f"{address_of(request)}/timeline"),
            },
        )


class RequestList(View):
    """A page of requests, newest first. For a page of a filtered list at most 2,000 are looked at, so it may be shorter
    than its limit, even empty, and still have a next one.
    """

    requests: list[RequestView]
    next_cursor: str | None
    links: Links

    @classmethod
    def of(cls, found: Iterable[AccessRequest], *, limit: int, page: Page) -> Self:
        """Show the first of what was found. One more is read, to know whether there is a next page."""
        read = list(islice(found, limit + 1))
        shown = read[:limit]
        return cls._shown(shown, page.cursor_at(shown[-1].id if len(read) > limit else None), page)

    @classmethod
    def of_page(cls, read: RequestPage, *, page: Page, place: Place) -> Self:
        """Show what was read for one page."""
        return cls._shown(read.requests, page.cursor_below(read.before_id, of=place, skip=read.skip), page)

    @classmethod
    def _shown(cls, requests: Iterable[AccessRequest], next_cursor: str | None, page: Page) -> Self:
        return cls(
            requests=[RequestView.of(request) for request in requests],
            next_cursor=next_cursor,
            links=links_of(page.links(next_cursor)),
        )


class Bundle(View):
    """The requests that were made together."""

    id: str
    requests: list[RequestView]

    @classmethod
    def of(cls, requests: Iterable[AccessRequest]) -> Self:
        """Show a bundle."""
        shown = [RequestView.of(request) for request in requests]
        return cls(id=shown[0].bundle_id or "", requests=shown)


class Timeline(View):
    """What happened to a request, oldest first."""

    events: list[LedgerEntry]


def address_of(request: AccessRequest) -> str:
    """Say where a request is found."""
    return f"/v1/requests/{request.id}"
