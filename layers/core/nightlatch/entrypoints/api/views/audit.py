"""The audit trail."""

from typing import Self

from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.api.cursors import FEED, Cursors, Page, Place
from nightlatch.entrypoints.api.views.base import Link, Links, Time, View, links_of
from nightlatch.services.audit_trail import FeedPage, ListPage


class EventFeed(View):
    """Events in ledger order. `next` is always there, at the end too: it is where to poll.

    What was recorded at `kept_since` or before is no longer kept.
    """

    events: list[LedgerEntry]
    links: Links
    has_more: bool
    kept_since: Time

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
            kept_since=read.kept_since,
        )


class EntryList(View):
    """A page of audit entries, newest first. It may be shorter than its limit and still have a next one."""

    entries: list[LedgerEntry]
    next_cursor: str | None
    links: Links

    @classmethod
    def of(cls, read: ListPage, *, page: Page, place: Place) -> Self:
        """Show what was found."""
        next_cursor = page.cursor_below(read.before, of=place)
        return cls(entries=read.entries, next_cursor=next_cursor, links=links_of(page.links(next_cursor)))
