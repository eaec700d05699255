"""One request: who asked for what and why, how far it has come, and what its requester may do with it."""

from collections.abc import Mapping
from datetime import timedelta

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.duration import parse_duration
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.item import Item, ItemStatus
from nightlatch.entrypoints.console.answers import NEVER_KEPT, REVALIDATED, Answer, redirect
from nightlatch.entrypoints.console.front.desk import FrontDesk
from nightlatch.entrypoints.console.visitor import Visitor

NO_CREDENTIALS: Mapping[str, str] = {}
STEPS = (timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2), timedelta(hours=4), timedelta(hours=8))


def show(visitor: Visitor[FrontDesk], request_id: str) -> Answer:
    """Show a request."""
    return _page(visitor, visitor.desk.requests().show(request_id, visitor.call))


def credentials(visitor: Visitor[FrontDesk], request_id: str) -> Answer:
    """Show how to connect, once: the page is never kept. Every look is an event."""
    requests = visitor.desk.requests()
    shown = requests.credentials(request_id, visitor.call)
    return _page(visitor, requests.show(request_id, visitor.call), shown)


def cancel(visitor: Visitor[FrontDesk], request_id: str) -> Answer:
    """Withdraw one's own request."""
    visitor.desk.requests().cancel(request_id, visitor.call, reason=visitor.visit.reason)
    return redirect(f"/requests/{request_id}")


def give_back(visitor: Visitor[FrontDesk], request_id: str) -> Answer:
    """End one's own access early."""
    visitor.desk.requests().give_back(request_id, visitor.call, reason=visitor.visit.reason)
    return redirect(f"/requests/{request_id}")


def extend(visitor: Visitor[FrontDesk], request_id: str) -> Answer:
    """Move the end of one's own access."""
    try:
        duration = parse_duration(visitor.visit.said("duration"))
    except ValueError as error:
        raise InvalidInputError(Fault("/duration", str(error))) from error
    visitor.desk.requests().extend(request_id, visitor.call, duration=duration)
    return redirect(f"/requests/{request_id}")


def _page(visitor: Visitor[FrontDesk], request: AccessRequest, shown: Mapping[str, str] = NO_CREDENTIALS) -> Answer:
    is_mine = request.requester.id == visitor.principal.id
    events = visitor.desk.requests().timeline(request.id, visitor.call)
    return visitor.page(
        "one_request.html",
        keep=NEVER_KEPT if shown else REVALIDATED,
        request=request,
        events=list(reversed(events)),
        is_mine=is_mine,
        to_decide=_to_decide(visitor, request),
        is_granted=request.status is Status.GRANTED,
        credentials=shown,
        extensions=_extensions(request) if is_mine else [],
        once=f"extend-{request.id}-{request.extensions}",
    )


def _to_decide(visitor: Visitor[FrontDesk], request: AccessRequest) -> list[Item]:
    """List the items that wait for the reader's word."""
    reader = visitor.principal
    if not request.awaits(reader, at=visitor.desk.now()):
        return []
    return [item for item in request.items if item.status is ItemStatus.PENDING and reader.id not in item.votes]


def _extensions(request: AccessRequest) -> list[timedelta]:
    """List by how much access may be extended, as far as its flow lets it."""
    rule = request.flow.extensions
    if request.status is not Status.GRANTED or rule is None or request.extensions >= rule.count:
        return []
    return [step for step in STEPS if step < rule.longest] + [rule.longest]
