"""Things to store, that say only what matters to a test."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from nightlatch.domain.access_flow import (
    AccessFlow,
    FlowDefinition,
    FlowSnapshot,
    GrantRule,
)
from nightlatch.domain.access_request import CLOSED, AccessRequest, IntegrationReference, Status
from nightlatch.domain.approval_rule import ApprovalRule
from nightlatch.domain.audit_event import AuditEvent, EventType, Origin, ResourceReference, Source
from nightlatch.domain.connector import GrantIntent, Handle
from nightlatch.domain.grant import Grant
from nightlatch.domain.identifier import prefixed, uuid7
from nightlatch.domain.identity import SYSTEM, Person
from nightlatch.domain.integration import Integration, Permission, Resource
from nightlatch.domain.item import Item
from nightlatch.domain.people import KnownPerson
from nightlatch.domain.selectors import Attribute, Condition, Operator, TargetSelector, Who

NOW = datetime(2026, 11, 22, 2, 12, 5, 123000, tzinfo=UTC)
ORIGIN = Origin(source=Source.API, ip_address="192.0.2.50")
MAYA = Person(id="usr_maya", name="Maya Cohen")
HOUR = timedelta(hours=1)
NOT_SOON = NOW + timedelta(days=90)
MILLISECOND = timedelta(milliseconds=1)


@dataclass
class Clock:
    """A clock that stands until a test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


def a_request(
    number: int = 1, *, at: datetime = NOW, requester: str = MAYA.id, status: Status = Status.PENDING, **fields: Any
) -> AccessRequest:
    """Build a request made at `at`; `number` orders those of one millisecond, and lets each ask for something else.

    What is open is due some time, though not soon if nothing else is said.
    """
    request_id = prefixed("req", uuid7(at, index=number, random=bytes(8)))
    item = Item(
        id="item-1",
        resource_type="database",
        resource_id="orders",
        resource_name="orders",
        permission=f"permission of {request_id}",
    )
    return AccessRequest(
        id=request_id,
        status=status,
        requester=Person(id=requester, name=requester),
        integration=IntegrationReference(id="orders-db", name="Orders", kind="postgresql"),
        items=(item,),
        justification="because",
        duration=HOUR,
        flow=FlowSnapshot(id="f", name="f", version=1, approve=ApprovalRule(steps=()), maximum=HOUR),
        source=Source.API,
        created_at=at,
        updated_at=at,
        closed_at=at if status in CLOSED else None,
        **{"due_at": None if status in CLOSED else NOT_SOON, **fields},
    )


def a_grant(request_id: str) -> Grant:
    """Build the grant of a request."""
    return Grant(
        request_id=request_id,
        integration_id="orders-db",
        intent=GrantIntent(
            grant_id=request_id, holder_id="usr_maya", holder="maya", entitlements=(), ends_at=NOW + HOUR
        ),
        handle=Handle(grant_id=request_id, session_user="nl_maya"),
    )


def a_flow(flow_id: str = "reporting", name: str = "Reporting") -> AccessFlow:
    """Build the first version of a flow."""
    return AccessFlow(
        id=flow_id,
        definition=FlowDefinition(
            name=name,
            who=Who(conditions=(Condition(attribute=Attribute.PERSON, operator=Operator.IS, values=("*",)),)),
            what=TargetSelector(integration="orders-db", names=("*",), permissions=("*",)),
            grant=GrantRule(default=HOUR, maximum=HOUR),
            approve=ApprovalRule(steps=()),
        ),
        updated_at=NOW,
        updated_by=MAYA,
    )


def a_person(person_id: str = MAYA.id, *, groups: Sequence[str] = ()) -> KnownPerson:
    """Build somebody whom Nightlatch has just met."""
    return KnownPerson(
        id=person_id, issuer="https://id", subject=person_id, name=person_id, groups=tuple(groups), seen_at=NOW
    )


def an_integration(integration_id: str = "orders-db") -> Integration:
    """Build a new integration."""
    return Integration(
        id=integration_id,
        name="Orders",
        kind="postgresql",
        settings={"host": "db.example.com", "port": 5432},
        secret_reference="arn:secret",
        created_at=NOW,
        updated_at=NOW,
    )


def a_resource(resource_id: str, *, resource_type: str = "role", description: str = "") -> Resource:
    """Build something that a scan found."""
    permissions = (Permission(name="member"),)
    return Resource(
        type=resource_type, id=resource_id, name=resource_id, description=description, permissions=permissions
    )


def an_event(text: str = "something happened", *, at: datetime = NOW, **fields: Any) -> AuditEvent:
    """Build an event of the system's own."""
    told: dict[str, Any] = {
        "event_type": EventType.ACCESS_GRANTED,
        "actor": SYSTEM,
        "resource": ResourceReference(type="request", id="req_1"),
        "request_id": "req_1",
    }
    return AuditEvent(timestamp=at, description=text, **told | fields)


def events_in_order(count: int, *, at: datetime = NOW) -> Sequence[AuditEvent]:
    """Build events a millisecond apart, called 1, 2, 3 …"""
    return [an_event(str(number), at=at + number * MILLISECOND) for number in range(1, count + 1)]
