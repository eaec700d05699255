"""Activity: all requests, newest first."""

from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.services.ports.requests import RequestFilter

PAGE = 20


def show(visitor: Visitor[OversightDesk]) -> Answer:
    """Show requests, newest first."""
    page = visitor.desk.requests().find(
        RequestFilter(before_id=visitor.visit.asked("before") or None), visitor.call, limit=PAGE
    )
    older = f"/oversight/activity?before={page.before_id}" if page.before_id else None
    return visitor.page("oversight/activity.html", requests=page.requests, older=older)
