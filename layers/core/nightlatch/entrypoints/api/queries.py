"""What lists are asked for: a query's parameters in the words of the services."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from nightlatch.domain.access_request import Status
from nightlatch.domain.audit_event import Severity
from nightlatch.entrypoints.api.cursors import FEED, FOR_EVER, Cursors
from nightlatch.services.audit_trail import EntryFilter
from nightlatch.services.call import Call
from nightlatch.services.ports import RequestFilter

MYSELF = "me"
EVENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def request_filter(
    call: Call,
    *,
    statuses: Sequence[Status] | None,
    requester: str | None,
    since: datetime | None,
    until: datetime | None,
    before_id: str | None,
) -> RequestFilter:
    """Say which requests are wanted; `me` is the caller."""
    return RequestFilter(
        requester_id=call.principal.id if requester == MYSELF else requester,
        statuses=frozenset(statuses) if statuses else None,
        since=since,
        until=until,
        before_id=before_id,
    )


def entry_filter(
    *,
    since: datetime | None,
    until: datetime | None,
    event_types: Sequence[str] | None,
    actors: Sequence[str] | None,
    severities: Sequence[Severity] | None,
    request_ids: Sequence[str] | None,
) -> EntryFilter:
    """Say which audit entries are wanted."""
    return EntryFilter(
        since=since,
        until=until,
        event_types=frozenset(event_types or ()),
        actors=frozenset(actors or ()),
        severities=frozenset(severities or ()),
        request_ids=frozenset(request_ids or ()),
    )


def feed_position(begin: str | None, *, number_of: Callable[[str], int], cursors: Cursors) -> int | None:
    """Find the number that the feed goes on after: the cursor's, or the one before an event's own."""
    if begin is None:
        return None
    if EVENT_ID.fullmatch(begin):
        return number_of(begin) - 1
    position: int = cursors.read(begin, scope=FEED, parameter="from", longest_age=FOR_EVER)
    return position
