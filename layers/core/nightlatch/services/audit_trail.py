"""Reading the ledger: the feed for machines, the list for people."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import CursorExpiredError, NotFoundError
from nightlatch.domain.identity import SYSTEM
from nightlatch.domain.ledger import LedgerEntry, number_in
from nightlatch.services.ports import Ledger, LedgerIndex

READ_AHEAD = 100
LONGEST_SEARCH = 10_000
"""So many entries are looked at for one page; a page may so be shorter than its limit, with a cursor to go on from."""


LONGEST_GAP = 98
"""So many entries are in flight together at most: what one transaction holds beside the head and one outbox row."""


@dataclass(frozen=True)
class FeedPage:
    """Entries in ledger order. `last` is the number that the next page goes on after."""

    entries: list[LedgerEntry]
    last: int
    has_more: bool


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
        head = self._ledger.head().seq
        last = self._oldest(head) - 1 if after is None else after
        entries: list[LedgerEntry] = []
        for entry in self._ledger.entries(last + 1, min(last + limit, head)):
            if entry.seq != last + 1:
                break
            entries.append(entry)
            last = entry.seq
        if not entries and last < head:
            self._refuse_expired(last, head)
        return FeedPage(entries, last, has_more=last < head)

    def page(self, wanted: EntryFilter, *, before: int | None, limit: int) -> ListPage:
        """Read the entries that a filter admits, newest first, below a number."""
        head = self._ledger.head().seq
        first = self._first_at(wanted.since, head) if wanted.since else 1
        last = self._first_at(wanted.until, head) - 1 if wanted.until else head
        last = min(last, before - 1) if before is not None else last
        found: list[LedgerEntry] = []
        for looked_at, entry in enumerate(self._candidates(wanted, first, last), start=1):
            if wanted.admits(entry):
                found.append(entry)
            if len(found) == limit or looked_at == LONGEST_SEARCH:
                return ListPage(found, before=entry.seq if entry.seq > first else None)
        return ListPage(found, before=None)

    def number_of(self, entry_id: str) -> int:
        """Find the number of an entry, whose retention may be over."""
        number = number_in(entry_id)
        if number is None or number > self._ledger.head().seq:
            raise NotFoundError(f"no audit entry {entry_id}")
        self._refuse_another(self._ledger.entry(number), entry_id)
        return number

    def show(self, entry_id: str) -> LedgerEntry:
        """Read one entry."""
        number = number_in(entry_id)
        entry = self._ledger.entry(number) if number is not None else None
        self._refuse_another(entry, entry_id)
        if entry is None:
            raise NotFoundError(f"no audit entry {entry_id}")
        return entry

    def _refuse_another(self, entry: LedgerEntry | None, entry_id: str) -> None:
        if entry is not None and entry.id != entry_id:
            raise NotFoundError(f"no audit entry {entry_id}")

    def _candidates(self, wanted: EntryFilter, first: int, last: int) -> Iterator[LedgerEntry]:
        """Read through the narrowest index that serves the filter, or through the ledger itself."""
        numbers = self._indexed(wanted, first, last)
        if numbers is None:
            yield from self._ledger.entries(first, last, newest_first=True)
            return
        while batch := list(islice(numbers, READ_AHEAD)):
            yield from self._ledger.by_numbers(batch)

    def _indexed(self, wanted: EntryFilter, first: int, last: int) -> Iterator[int] | None:
        if wanted.request_ids:
            return self._merged(LedgerIndex.REQUEST, wanted.request_ids, first, last)
        if wanted.actors and SYSTEM.id not in wanted.actors:
            return self._merged(LedgerIndex.ACTOR, wanted.actors, first, last)
        if wanted.event_types:
            days = self._days(first, last)
            return (
                number
                for day in days
                for number in self._merged(
                    LedgerIndex.TYPE_AND_DAY, [f"{name}#{day}" for name in wanted.event_types], first, last
                )
            )
        return None

    def _merged(self, index: LedgerIndex, values: Iterable[str], first: int, last: int) -> Iterator[int]:
        streams = [self._ledger.indexed(index, value, first, last) for value in values]
        return heapq.merge(*streams, reverse=True)

    def _days(self, first: int, last: int) -> Iterator[str]:
        """Name the UTC days on which first..last were recorded, newest first."""
        oldest = self._next_kept(max(first, self._oldest(last)), last)
        newest = next(self._ledger.entries(max(first, last - LONGEST_GAP), last, newest_first=True), None)
        if oldest is None or newest is None:
            return
        day = newest.recorded_at.date()
        while day >= oldest.recorded_at.date():
            yield day.isoformat()
            day -= timedelta(days=1)

    def _oldest(self, head: int) -> int:
        return self._first_at(datetime.min.replace(tzinfo=UTC), head)

    def _first_at(self, moment: datetime, head: int) -> int:
        """Find, by halving, the first kept number recorded at or after a time; head + 1 when there is none.

        It can be halved because `recorded_at` never runs backwards, and because only the oldest are gone.
        """
        low, high = 1, head + 1
        while low < high:
            middle = (low + high) // 2
            entry = self._ledger.entry(middle) or self._next_kept(middle, head)
            if entry is None or entry.recorded_at < moment:
                low = middle + 1
            else:
                high = middle
        first = self._next_kept(low, head)
        return first.seq if first else low

    def _next_kept(self, number: int, head: int) -> LedgerEntry | None:
        """Find the first entry from a number on, beyond such as are still in flight; None when their time is over."""
        return next(self._ledger.entries(number, min(number + LONGEST_GAP, head)), None)

    def _refuse_expired(self, last: int, head: int) -> None:
        oldest = self._oldest(head)
        if last + 1 < oldest:
            entry = self._ledger.entry(oldest)
            raise CursorExpiredError(entry.id if entry else None)
