"""Which audit entries are asked for, and from where on, in the words of the services."""

from collections.abc import Callable, Iterable

from nightlatch.domain.audit_event import Severity, Source
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.ledger import number_in
from nightlatch.domain.time_frame import TimeFrame
from nightlatch.entrypoints.api.cursors import FEED, FOR_EVER, Cursors


def entry_filter(
    *,
    frame: TimeFrame,
    event_types: Iterable[str] | None = None,
    actors: Iterable[str] | None = None,
    severities: Iterable[Severity] | None = None,
    resources: Iterable[str] | None = None,
    request_ids: Iterable[str] | None = None,
    integrations: Iterable[str] | None = None,
    sources: Iterable[Source] | None = None,
    text: str | None = None,
) -> EntryFilter:
    """Say which audit entries are wanted."""
    return EntryFilter(
        since=frame.since,
        until=frame.until,
        event_types=frozenset(event_types or ()),
        actors=frozenset(actors or ()),
        severities=frozenset(severities or ()),
        resources=frozenset(resources or ()),
        request_ids=frozenset(request_ids or ()),
        integrations=frozenset(integrations or ()),
        sources=frozenset(sources or ()),
        text=text,
    )


def feed_position(begin: str | None, *, number_of: Callable[[str], int], cursors: Cursors) -> int | None:
    """Find the number that the feed goes on after: the cursor's, or the one before an event's own."""
    if begin is None:
        return None
    if number_in(begin) is not None:
        return number_of(begin) - 1
    position: int = cursors.read(begin, scope=FEED, parameter="from", longest_age=FOR_EVER)
    return position
