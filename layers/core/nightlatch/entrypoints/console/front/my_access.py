"""What I hold, what I wait for, and what I had."""

from nightlatch.domain.access_request import CLOSED, AccessRequest, Status
from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.front.desk import FrontDesk
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.services.ports.requests import RequestFilter

MOST_OPEN = 100
"""Nobody may have more open requests (OpenRequests)."""
PAGE = 20
WAITING = frozenset({Status.PENDING, Status.APPROVED, Status.GRANTING})


def show(visitor: Visitor[FrontDesk]) -> Answer:
    """Show one's own access."""
    mine = frozenset({visitor.principal.id})
    requests, before = visitor.desk.requests(), visitor.visit.asked("before") or None
    is_first = before is None
    still = requests.find(
        RequestFilter(requesters=mine, statuses=frozenset(Status) - CLOSED), visitor.call, limit=MOST_OPEN
    )
    over = requests.find(RequestFilter(requesters=mine, statuses=CLOSED, before_id=before), visitor.call, limit=PAGE)
    return visitor.page(
        "my_access.html",
        held=[one for one in still.requests if one.status not in WAITING] if is_first else [],
        waiting=[one for one in still.requests if one.status in WAITING] if is_first else [],
        over=over.requests,
        is_first=is_first,
        older=f"/?before={over.before_id}" if over.before_id else None,
        is_live=is_first and any(_moves(one) for one in still.requests),
    )


def _moves(request: AccessRequest) -> bool:
    """Whether something will happen to it without the reader."""
    return request.is_open
