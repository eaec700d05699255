"""The audit events of a request: one shape for the whole session, one for a single item (a role of it).

Each tells who asked, for what, under which flow and for how long: whoever reads one event knows what it is about.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import JsonValue

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference, Scope
from nightlatch.domain.identity import Actor, ActorType
from nightlatch.domain.item import Item, Verdict, Vote
from nightlatch.domain.value import rfc3339

if TYPE_CHECKING:
    from nightlatch.domain.access_request import AccessRequest

NOTHING_MORE: Mapping[str, JsonValue] = {}


def session_event(
    request: "AccessRequest",
    event_type: EventType,
    *,
    by: Actor,
    text: str,
    details: Mapping[str, JsonValue] = NOTHING_MORE,
    at: datetime | None = None,
) -> AuditEvent:
    """Tell what happened to a whole request; its session user, start and end are always told along."""
    session: dict[str, JsonValue] = {
        "session_user": request.session_user,
        "start": rfc3339(request.granted_at) if request.granted_at else None,
        "end": rfc3339(request.ends_at) if request.ends_at else None,
    }
    return AuditEvent(
        event_type=event_type,
        timestamp=at or request.updated_at,
        actor=by,
        resource=ResourceReference(type="request", id=request.id, name=request.summary),
        description=text,
        scope=Scope.SESSION,
        request_id=request.id,
        integration=request.integration.id,
        details={**session, **_asked_for(request), **details},
    )


def vote_event(request: "AccessRequest", item: Item, vote: Vote) -> AuditEvent:
    """Tell what one approver said to one item. A role has no start and no end of its own."""
    approved = vote.verdict is Verdict.APPROVED
    return AuditEvent(
        event_type=EventType.ROLE_APPROVED if approved else EventType.ROLE_REJECTED,
        timestamp=vote.at,
        actor=Actor(type=ActorType.USER, **dict(vote.approver)),
        resource=ResourceReference(type="request", id=request.id, name=request.summary),
        description=f"{vote.approver.name} {vote.verdict} {item.permission} on {item.resource_name}",
        scope=Scope.ROLE,
        request_id=request.id,
        integration=request.integration.id,
        details={
            **_asked_for(request),
            "item": item.id,
            "approver": vote.approver.model_dump(mode="json"),
            "resource": item.resource_name,
            "permission": item.permission,
            "reason": vote.reason,
            "approvals": request.progress(item).approvals,
            "needed": request.approvals_needed,
        },
    )


def _asked_for(request: "AccessRequest") -> dict[str, JsonValue]:
    return {
        "requester": request.requester.model_dump(mode="json"),
        "items": [_named(item) for item in request.items],
        "duration_seconds": int(request.duration.total_seconds()),
        "flow": {"id": request.flow.id, "name": request.flow.name, "version": request.flow.version},
    }


def _named(item: Item) -> dict[str, JsonValue]:
    return {
        "id": item.id,
        "resource_type": item.resource_type,
        "resource_id": item.resource_id,
        "resource": item.resource_name,
        "tags": list(item.resource_tags),
        "permission": item.permission,
        "permission_tags": list(item.permission_tags),
    }
