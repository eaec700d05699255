"""What is answered: one model for each shape, made from the domain's objects."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from nightlatch.domain.access_flow import AccessFlow, FlowDefinition, FlowSnapshot
from nightlatch.domain.access_request import AccessRequest, EndReason, IntegrationReference, Status
from nightlatch.domain.audit_event import Source
from nightlatch.domain.identity import Person, Principal, Role
from nightlatch.domain.integration import Integration, IntegrationStatus
from nightlatch.domain.item import Item, ItemStatus, Verdict, Vote
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant
from nightlatch.entrypoints.api.cursors import FEED, Cursors, Page
from nightlatch.services.access_requests import Offer
from nightlatch.services.audit_trail import FeedPage, ListPage

Time = Annotated[Instant, WithJsonSchema({"type": "string", "format": "date-time"})]


class View(BaseModel):
    """The base of every answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Link(View):
    """An address within this API."""

    href: str


Links = Annotated[dict[str, Link], Field(serialization_alias="_links")]


class Health(View):
    """That the function runs. It says nothing of what it depends on."""

    status: str = "ok"


class Caller(View):
    """Who the caller is to Nightlatch."""

    id: str
    issuer: str
    subject: str
    name: str
    email: str
    groups: list[str]
    roles: list[Role]

    @classmethod
    def of(cls, principal: Principal) -> Self:
        """Show a principal to themselves."""
        return cls(
            id=principal.id,
            issuer=principal.issuer,
            subject=principal.subject,
            name=principal.name,
            email=principal.email,
            groups=sorted(principal.groups),
            roles=sorted(principal.roles),
        )


class ResourceView(View):
    """A resource, as a request or an offer names it."""

    type: str
    id: str
    name: str
    tags: list[str]


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
    """The flow and the version that a request was made under."""

    id: str
    name: str
    version: int


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
            duration_seconds=_seconds(request.duration),
            flow=FlowReference(id=flow.id, name=flow.name, version=flow.version),
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
    """A page of requests, newest first."""

    requests: list[RequestView]
    next_cursor: str | None
    links: Links

    @classmethod
    def of(cls, found: Iterable[AccessRequest], *, limit: int, page: Page) -> Self:
        """Show the first of what was found. One more is read, to know whether there is a next page."""
        read = list(islice(found, limit + 1))
        shown = read[:limit]
        next_cursor = page.cursor_at(shown[-1].id if len(read) > limit else None)
        return cls(
            requests=[RequestView.of(request) for request in shown],
            next_cursor=next_cursor,
            links=_links(page.links(next_cursor)),
        )


class Timeline(View):
    """What happened to a request, oldest first."""

    events: list[LedgerEntry]


class OfferedPermission(View):
    """A permission that may be asked for."""

    name: str
    description: str
    tags: list[str]


class OfferingFlow(View):
    """The flow that would rule a request."""

    id: str
    name: str
    approvals_needed: int
    default_seconds: int
    maximum_seconds: int


class OfferView(View):
    """Something that the caller may ask for."""

    integration: IntegrationReference
    resource: ResourceView
    permission: OfferedPermission
    flow: OfferingFlow

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """Show an offer."""
        integration, resource, permission = offer.integration, offer.resource, offer.permission
        definition = offer.flow.definition
        return cls(
            integration=IntegrationReference(id=integration.id, name=integration.name, kind=integration.kind),
            resource=ResourceView(type=resource.type, id=resource.id, name=resource.name, tags=list(resource.tags)),
            permission=OfferedPermission(
                name=permission.name, description=permission.description, tags=list(permission.tags)
            ),
            flow=OfferingFlow(
                id=offer.flow.id,
                name=definition.name,
                approvals_needed=definition.approve.needed,
                default_seconds=_seconds(definition.grant.default),
                maximum_seconds=_seconds(definition.grant.maximum),
            ),
        )


class Catalog(View):
    """Everything that the caller may ask for."""

    offers: list[OfferView]

    @classmethod
    def of(cls, offers: Iterable[Offer]) -> Self:
        """Show offers."""
        return cls(offers=[OfferView.of(offer) for offer in offers])


class FlowView(View):
    """One version of an access flow."""

    id: str
    version: int
    updated_at: Time
    updated_by: Person
    definition: FlowDefinition

    @classmethod
    def of(cls, flow: AccessFlow) -> Self:
        """Show a flow."""
        return cls(
            id=flow.id,
            version=flow.version,
            updated_at=flow.updated_at,
            updated_by=flow.updated_by,
            definition=flow.definition,
        )


class FlowList(View):
    """Every flow in force."""

    flows: list[FlowView]

    @classmethod
    def of(cls, flows: Iterable[AccessFlow]) -> Self:
        """Show flows."""
        return cls(flows=[FlowView.of(flow) for flow in flows])


class FlowVersions(View):
    """Every version that a flow had, newest first."""

    versions: list[FlowView]

    @classmethod
    def of(cls, flows: Iterable[AccessFlow]) -> Self:
        """Show versions."""
        return cls(versions=[FlowView.of(flow) for flow in flows])


class IntegrationView(View):
    """A connected system. Its secret is not shown to anybody."""

    id: str
    name: str
    kind: str
    settings: dict[str, JsonValue]
    status: IntegrationStatus
    status_message: str
    resource_count: int
    created_at: Time
    updated_at: Time
    scanned_at: Time | None

    @classmethod
    def of(cls, integration: Integration) -> Self:
        """Show an integration."""
        return cls(
            id=integration.id,
            name=integration.name,
            kind=integration.kind,
            settings=integration.settings,
            status=integration.status,
            status_message=integration.status_message,
            resource_count=integration.resource_count,
            created_at=integration.created_at,
            updated_at=integration.updated_at,
            scanned_at=integration.scanned_at,
        )


class IntegrationList(View):
    """Every connected system."""

    integrations: list[IntegrationView]

    @classmethod
    def of(cls, integrations: Iterable[Integration]) -> Self:
        """Show integrations."""
        return cls(integrations=[IntegrationView.of(integration) for integration in integrations])


class EventFeed(View):
    """Events in ledger order. `next` is always there, at the end too: it is where to poll."""

    events: list[LedgerEntry]
    links: Links
    has_more: bool

    @classmethod
    def of(cls, read: FeedPage, *, limit: int, page: Page, cursors: Cursors) -> Self:
        """Show what was read of the feed."""
        following = cursors.write(read.last, scope=FEED)
        return cls(
            events=read.entries,
            links={
                "self": Link(href=page.links(None)["self"]),
                "next": Link(href=f"/v1/audit?from={following}&limit={limit}"),
            },
            has_more=read.has_more,
        )


class EntryList(View):
    """A page of audit entries, newest first. It may be shorter than its limit and still have a next one."""

    entries: list[LedgerEntry]
    next_cursor: str | None
    links: Links

    @classmethod
    def of(cls, read: ListPage, *, page: Page) -> Self:
        """Show what was found."""
        next_cursor = page.cursor_at(read.before)
        return cls(entries=read.entries, next_cursor=next_cursor, links=_links(page.links(next_cursor)))


def address_of(request: AccessRequest) -> str:
    """Say where a request is found."""
    return f"/v1/requests/{request.id}"


def _links(addresses: dict[str, str]) -> dict[str, Link]:
    return {name: Link(href=address) for name, address in addresses.items()}


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
