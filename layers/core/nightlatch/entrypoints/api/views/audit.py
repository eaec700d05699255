"""The audit trail."""

from typing_extensions import TypedDict

from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.api.cursors import FEED, Cursors, Page, Place
from nightlatch.entrypoints.api.views.base import Link, Links, Time, links_of, view
from nightlatch.services.audit_trail import FeedPage, ListPage


@view
class EventFeed(TypedDict):
    """Events in ledger order. `next` is always there, at the end too: it is where to poll.

    What was recorded at `kept_since` or before is no longer kept.
    """

    events: list[LedgerEntry]
    _links: Links
    has_more: bool
    kept_since: Time


def event_feed(read: FeedPage, *, page: Page, cursors: Cursors) -> EventFeed:
    """Show what was read of the feed."""
    following = cursors.write(read.last, scope=FEED)
    return EventFeed(
        events=read.entries,
        _links={"self": Link(href=page.links(None)["self"]), "next": Link(href=page.link_from(following))},
        has_more=read.has_more,
        kept_since=rfc3339(read.kept_since),
    )


@view
class EntryList(TypedDict):
    """A page of audit entries, newest first. It may be shorter than its limit and still have a next one."""

    entries: list[LedgerEntry]
    next_cursor: str | None
    _links: Links


def entry_list(read: ListPage, *, page: Page, place: Place) -> EntryList:
    """Show what was found."""
    next_cursor = page.cursor_below(read.before, of=place, skip=read.skip)
    return EntryList(entries=read.entries, next_cursor=next_cursor, _links=links_of(page.links(next_cursor)))
