"""Reading the ledger: the feed for machines, the list for people."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import CursorExpiredError, NotFoundError
from nightlatch.domain.ledger import LedgerEntry, number_in
from nightlatch.services.ports import KeptEntries, Ledger, LedgerIndex

READ_AHEAD = 100
LONGEST_SEARCH = 10_000
"""So many entries are looked at for one page; a page may so be shorter than its limit, with a cursor to go on from."""


LONGEST_GAP = 49
"""So many entries are in flight together at most: what the sequencer writes in one transaction."""

LONGEST_FLIGHT = timedelta(days=1)
"""Far longer than a transaction takes, far shorter than any retention: what is missing below older entries is gone."""


@dataclass(frozen=True)
class FeedPage:
    """Entries in ledger order. `last` is the number that the next page goes on after.

    What was recorded at `kept_since` or before is served no longer.
    """

    entries: list[LedgerEntry]
    last: int
    has_more: bool
    kept_since: datetime


@dataclass(frozen=True)
class ListPage:
    """Entries, newest first. `before` is the number that the next page goes on below; None at the end."""

    entries: list[LedgerEntry]
    before: int | None


class AuditTrail:
    """The use cases of auditors and of machines that read everything."""

    def __init__(self, *, ledger: Ledger) -> None:
        self._ledger = ledger

    def feed(self, *, after: int | None, limit: int) -> FeedPage:
        """Read on after a number (None: from the oldest that is kept), complete and in order.

        A number that is missing between two others is still in flight: the page stops before it.
        Raises CursorExpiredError when what comes after `after` is no longer kept.
        """
        kept = self._ledger.kept()
        last = self._oldest(kept) - 1 if after is None else after
        entries: list[LedgerEntry] = []
        for entry in kept.entries(last + 1, min(last + limit, kept.head.seq)):
            if entry.seq != last + 1:
                break
            entries.append(entry)
            last = entry.seq
        has_more = last < kept.head.seq
        if not entries and has_more:
            self._refuse_expired(kept, last)
        return FeedPage(entries, last, has_more=has_more, kept_since=kept.since)

    def page(self, wanted: EntryFilter, *, before: int | None, limit: int) -> ListPage:
        """Read the entries that a filter admits, newest first, below a number."""
        kept = self._ledger.kept()
        first = self._first_at(kept, wanted.since) if wanted.since else 1
        last = self._first_at(kept, wanted.until) - 1 if wanted.until else kept.head.seq
        last = min(last, before - 1) if before is not None else last
        found: list[LedgerEntry] = []
        for looked_at, entry in enumerate(self._candidates(kept, wanted, first, last), start=1):
            if wanted.admits(entry):
                found.append(entry)
            if len(found) == limit or looked_at == LONGEST_SEARCH:
                return ListPage(found, before=entry.seq if entry.seq > first else None)
        return ListPage(found, before=None)

    def number_of(self, entry_id: str) -> int:
        """Find the number of an entry, whose retention may be over."""
        number, kept = number_in(entry_id), self._ledger.kept()
        if number is None or number > kept.head.seq:
            raise NotFoundError(f"no audit entry {entry_id}")
        self._refuse_another(kept.entry(number), entry_id)
        return number

    def show(self, entry_id: str) -> LedgerEntry:
        """Read one entry."""
        number = number_in(entry_id)
        entry = self._ledger.kept().entry(number) if number is not None else None
        self._refuse_another(entry, entry_id)
        if entry is None:
            raise NotFoundError(f"no audit entry {entry_id}")
        return entry

    def _refuse_another(self, entry: LedgerEntry | None, entry_id: str) -> None:
        if entry is not None and entry.id != entry_id:
            raise NotFoundError(f"no audit entry {entry_id}")

    def _candidates(self, kept: KeptEntries, wanted: EntryFilter, first: int, last: int) -> Iterator[LedgerEntry]:
        """Read through the narrowest index that serves the filter, or through the ledger itself."""
        numbers = self._indexed(kept, wanted, first, last)
        if numbers is None:
            yield from kept.entries(first, last, newest_first=True)
            return
        while batch := list(islice(numbers, READ_AHEAD)):
            yield from kept.by_numbers(batch)

    def _indexed(self, kept: KeptEntries, wanted: EntryFilter, first: int, last: int) -> Iterator[int] | None:
        if wanted.request_ids:
            return self._merged(kept, LedgerIndex.REQUEST, wanted.request_ids, first, last)
        if wanted.actors:
            return self._merged(kept, LedgerIndex.ACTOR, wanted.actors, first, last)
        if wanted.event_types:
            days = self._days(kept, first, last)
            return (
                number
                for day in days
                for number in self._merged(
                    kept, LedgerIndex.TYPE_AND_DAY, [f"{name}#{day}" for name in wanted.event_types], first, last
                )
            )
        return None

    def _merged(
        self, kept: KeptEntries, index: LedgerIndex, values: Iterable[str], first: int, last: int
    ) -> Iterator[int]:
        streams = [kept.indexed(index, value, first, last) for value in values]
        return heapq.merge(*streams, reverse=True)

    def _days(self, kept: KeptEntries, first: int, last: int) -> Iterator[str]:
        """Name the UTC days on which first..last were recorded, newest first."""
        oldest = self._next_kept(kept, max(first, self._oldest(kept, last)), last)
        newest = next(kept.entries(max(first, last - LONGEST_GAP), last, newest_first=True), None)
        if oldest is None or newest is None:
            return
        day = newest.recorded_at.date()
        while day >= oldest.recorded_at.date():
            yield day.isoformat()
            day -= timedelta(days=1)

    def _oldest(self, kept: KeptEntries, last: int | None = None) -> int:
        return self._first_at(kept, datetime.min.replace(tzinfo=UTC), last)

    def _first_at(self, kept: KeptEntries, moment: datetime, last: int | None = None) -> int:
        """Find, by halving, the first kept number up to `last` recorded at or after a time; last + 1 when none is.

        It can be halved because `recorded_at` never runs backwards, and because only the oldest are gone.
        """
        last = kept.head.seq if last is None else last
        low, high = 1, last + 1
        while low < high:
            middle = (low + high) // 2
            entry = kept.entry(middle) or self._next_kept(kept, middle, last)
            if entry is None or entry.recorded_at < moment:
                low = middle + 1
            else:
                high = middle
        first = self._next_kept(kept, low, last)
        return first.seq if first else low

    def _next_kept(self, kept: KeptEntries, number: int, last: int) -> LedgerEntry | None:
        """Find the first entry from a number on, beyond such as are still in flight; None when their time is over."""
        return next(kept.entries(number, min(number + LONGEST_GAP, last)), None)

    def _refuse_expired(self, kept: KeptEntries, last: int) -> None:
        """Raise CursorExpiredError when what comes after `last` is not in flight but gone.

        It can be gone from among what is kept: where DynamoDB had begun to remove what a longer retention then kept.
        """
        following = next(kept.entries(last + 1, kept.head.seq), None)
        is_settled = following is not None and following.recorded_at < kept.at - LONGEST_FLIGHT
        oldest = following.seq if following and is_settled else self._oldest(kept)
        if last + 1 < oldest:
            entry = kept.entry(oldest)
            raise CursorExpiredError(entry.id if entry else None)
