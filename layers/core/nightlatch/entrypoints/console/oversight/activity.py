"""Activity: all requests, newest first, with every filter, one of them in a panel, and what is done to several."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.audit_event import Source
from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.identity import Role
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.listing import (
    Choice,
    Filter,
    Query,
    TimeFilter,
    chosen,
    one_of,
    text_of,
    time_filter,
)
from nightlatch.entrypoints.console.oversight.choices import listed, looked_up
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.console.wording import STATUSES, source_word
from nightlatch.services.ports.requests import RequestFilter

PAGE = 25
MOST_RECENT = ("7", "d")
FOR_A_MINUTE = "private, max-age=60"
OF_ONE_READER = "HX-Request, Cookie"
ASKED_FROM = (Source.WEB, Source.CLI, Source.API, Source.SLACK)
HERE = "/oversight/activity"


class Opened(NamedTuple):
    """What the panel shows: a request, and what happened to it, the latest first."""

    request: AccessRequest
    events: list[LedgerEntry]


def show(visitor: Visitor[OversightDesk]) -> Answer:
    """Show requests, newest first."""
    times, query = times_of(visitor), Query(visitor.visit)
    wanted = wanted_of(visitor, times)
    page = visitor.desk.requests().find(wanted, visitor.call, limit=PAGE)
    return visitor.page(
        "oversight/activity.html",
        query=query,
        times=times,
        filters=_filters(visitor),
        more=_more_filters(visitor),
        requests=page.requests,
        older=page.before_id,
        is_first=wanted.before_id is None,
        may_revoke=visitor.principal.has(Role.ADMIN),
        opened=_opened(visitor),
        views=visitor.desk.saved_views().of(visitor.principal.id, query.path),
    )


def figures(visitor: Visitor[OversightDesk]) -> Answer:
    """Show how it stands and how it went."""
    zone = ZoneInfo(visitor.desk.settings().time_zone)
    shown = visitor.desk.activity().figures(zone)
    # What was kept is never shown to whoever signs in next.
    return visitor.page("oversight/figures.html", keep=FOR_A_MINUTE, figures=shown).with_headers(Vary=OF_ONE_READER)


def revoke(visitor: Visitor[OversightDesk]) -> Answer:
    """End the access of one request or of several, and show what came of each."""
    ids = list(dict.fromkeys(visitor.visit.form.get("id", [])))
    reason = visitor.visit.needed_reason
    if len(ids) == 1 and visitor.visit.said("back"):
        visitor.desk.requests().revoke(ids[0], visitor.call, reason=reason)
        return redirect(f"{HERE}?open={ids[0]}")
    outcomes = visitor.desk.requests().revoke_many(ids, visitor.call, reason=reason)
    return visitor.page("oversight/revoked.html", outcomes=outcomes)


def times_of(visitor: Visitor[OversightDesk]) -> TimeFilter:
    """Read the time that is asked for: the last week, when nothing is said."""
    settings = visitor.desk.settings()
    return time_filter(visitor.visit, now=visitor.desk.now(), zone=settings.time_zone, most_recent=MOST_RECENT)


def wanted_of(visitor: Visitor[OversightDesk], times: TimeFilter) -> RequestFilter:
    """Say which requests an address asks for; raise InvalidInputError."""
    visit = visitor.visit
    return RequestFilter(
        requesters=chosen(visit, "requester") or None,
        statuses=frozenset(map(Status, one_of(Status, chosen(visit, "status"), "status"))) or None,
        integrations=chosen(visit, "integration") or None,
        flows=chosen(visit, "flow") or None,
        sources=frozenset(map(Source, one_of(Source, chosen(visit, "source"), "source"))) or None,
        resource_types=chosen(visit, "resource_type") or None,
        resources=chosen(visit, "resource") or None,
        permissions=chosen(visit, "permission") or None,
        text=text_of(visit),
        quarantined=True if visit.asked("quarantined") else None,
        since=times.frame.since,
        until=times.frame.until,
        before_id=visit.asked("before") or None,
    )


def _filters(visitor: Visitor[OversightDesk]) -> list[Filter]:
    statuses = [Choice(status, mark.word, mark=mark) for status, mark in STATUSES.items()]
    return [
        listed(visitor.visit, "status", "Status", "wait", statuses),
        looked_up(visitor, "resource_type", "Resource type", "box"),
        looked_up(visitor, "requester", "Requester", "person", kind="person"),
        looked_up(visitor, "integration", "Integration", "plug"),
    ]


def _more_filters(visitor: Visitor[OversightDesk]) -> list[Filter]:
    sources = [Choice(source, source_word(source)) for source in ASKED_FROM]
    return [
        looked_up(visitor, "resource", "Resource", "database"),
        looked_up(visitor, "permission", "Permission", "key"),
        looked_up(visitor, "flow", "Access flow", "flow"),
        listed(visitor.visit, "source", "Source", "send", sources),
    ]


def _opened(visitor: Visitor[OversightDesk]) -> Opened | None:
    """Read what the panel shows: nothing, when no request is opened or it is kept no longer."""
    request_id, requests = visitor.visit.asked("open"), visitor.desk.requests()
    if not request_id:
        return None
    try:
        request = requests.show(request_id, visitor.call)
    except NotFoundError:
        return None
    return Opened(request, requests.timeline(request.id, visitor.call)[::-1])
