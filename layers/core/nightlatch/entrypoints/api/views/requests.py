"""Requests for access."""

from collections.abc import Iterable
from itertools import islice
from typing import Self

from nightlatch.domain.access_flow import FlowSnapshot
from nightlatch.domain.access_request import AccessRequest, EndReason, IntegrationReference, Status
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


class ItemView(View):
    """One item of a request, with its own decision."""

    id: str
    resource: ResourceView
    permission: PermissionView
    status: ItemStatus
    approvals: int
    needed: int
    votes: list[VoteView]

    @classmethod
    def of(cls, item: Item, *, needed: int) -> Self:
        """Show an item; its votes in the order in which they were given."""
        return cls(
            id=item.id,
            resource=ResourceView(
                type=item.resource_type, id=item.resource_id, name=item.resource_name, tags=list(item.resource_tags)
            ),
            permission=PermissionView(name=item.permission, tags=list(item.permission_tags)),
            status=item.status,
            approvals=item.approvals,
            needed=needed,
            votes=[VoteView.of(vote) for vote in sorted(item.votes.values(), key=lambda vote: vote.at)],
        )


class FlowReference(View):
    """The flow and the version that a request was made under, and why it was this one."""

    id: str
    name: str
    version: int
    reason: str


class Approvers(View):
    """How many of whom must approve."""

    needed: int
    people: list[str]
    groups: list[str]

    @classmethod
    def of(cls, flow: FlowSnapshot) -> Self:
        """Show whom a flow asks."""
        rule = flow.approve
        return cls(needed=rule.needed, people=list(rule.people), groups=list(rule.groups))


class RequestView(View):
    """A request for access."""

    id: str
    status: Status
    created_at: Time
    updated_at: Time
    requester: Person
    integration: IntegrationReference
    items: list[ItemView]
    justification: str
    ticket: str
    duration_seconds: int
    flow: FlowReference
    approvers: Approvers
    source: Source
    lapses_at: Time | None
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
        flow = request.flow
        return cls(
            id=request.id,
            status=request.status,
            created_at=request.created_at,
            updated_at=request.updated_at,
            requester=request.requester,
            integration=request.integration,
            items=[ItemView.of(item, needed=flow.approve.needed) for item in request.items],
            justification=request.justification,
            ticket=request.ticket,
            duration_seconds=seconds(request.duration),
            flow=FlowReference(id=flow.id, name=flow.name, version=flow.version, reason=flow.reason),
            approvers=Approvers.of(flow),
            source=request.source,
            lapses_at=request.lapses_at,
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


class Timeline(View):
    """What happened to a request, oldest first."""

    events: list[LedgerEntry]


def address_of(request: AccessRequest) -> str:
    """Say where a request is found."""
    return f"/v1/requests/{request.id}"
