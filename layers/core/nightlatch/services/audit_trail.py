"""Reading the ledger: the feed for machines, the list for people."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pydantic_core import to_json

from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import CursorExpiredError, NotFoundError
from nightlatch.domain.ledger import LedgerEntry, number_in
from nightlatch.services.ledger_search import LONGEST_GAP, LedgerSearch
from nightlatch.services.ports.trail import KeptEntries, Ledger

LONGEST_SEARCH = 10_000
"""So many entries are looked at for one page; a page may so be shorter than its limit, with a cursor to go on from."""

LONGEST_LOOK = 1_000
"""So many entries are looked at for one page of a filtered feed."""

LARGEST_PAGE = 2_000_000
"""So many bytes of details are in one page: an answer has 6 MB at most, in which every quotation mark is escaped."""

EVERYTHING = EntryFilter.model_construct()

LONGEST_FLIGHT = timedelta(days=1)
"""Far longer than a transaction takes, far shorter than any retention: what is missing below older entries is gone."""


class FeedPage(NamedTuple):
    """Entries in ledger order. `last` is the number that the next page goes on after: the last one looked at.

    What was recorded at `kept_since` or before is served no longer.
    """

    entries: list[LedgerEntry]
    last: int
    has_more: bool
    kept_since: datetime


class ListPage(NamedTuple):
    """Entries, newest first. The next page goes on below `before` (None at the end) and passes over `skip`."""

    entries: list[LedgerEntry]
    before: int | None
    skip: int = 0


class _Room:
    """How much more fits into a page. The first entry always does."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._left = size

    def takes(self, entry: LedgerEntry) -> bool:
        """Take an entry, or say that there is no more room for it."""
        is_first, self._left = self._left == self._size, self._left - max(len(to_json(entry.details)), 1)
        return is_first or self._left >= 0


class AuditTrail:
    """The use cases of auditors and of machines that read everything."""

    def __init__(self, *, ledger: Ledger) -> None:
        self._ledger = ledger

    def feed(self, *, after: int | None, limit: int, wanted: EntryFilter = EVERYTHING) -> FeedPage:
        """Read on after a number (None: from the oldest that is kept), complete and in order.

        A number that is missing between two others is still in flight: the page stops before it. With a filter a page
        may hold fewer than `limit`, or none, and still lead on: `wanted.until` does not count here.
        Raises CursorExpiredError when what comes after `after` is no longer kept.
        """
        kept = self._ledger.kept()
        begin = last = self._beginning(kept, after, wanted.since)
        reach = limit if wanted == EVERYTHING else max(limit, LONGEST_LOOK)
        entries: list[LedgerEntry] = []
        room = _Room(LARGEST_PAGE)
        for entry in kept.entries(begin + 1, min(begin + reach, kept.head.seq)):
            if entry.seq != last + 1 or (wanted.admits(entry) and not room.takes(entry)):
                break
            last = entry.seq
            if wanted.admits(entry):
                entries.append(entry)
            if len(entries) == limit:
                break
        has_more = last < kept.head.seq
        if last == begin and has_more:
            self._refuse_expired(kept, last)
        return FeedPage(entries, last, has_more=has_more, kept_since=kept.since)

    def stretch(self, wanted: EntryFilter) -> tuple[int, int]:
        """Find the first and the last number of the wanted time, as it is now. Of nothing the first is the higher."""
        kept = self._ledger.kept()
        first = self._first_at(kept, wanted.since) if wanted.since else self._oldest(kept)
        return first, self._first_at(kept, wanted.until) - 1 if wanted.until else kept.head.seq

    def page(self, wanted: EntryFilter, *, before: int | None, limit: int, skip: int = 0) -> ListPage:
        """Read the entries that a filter admits, newest first, below a number, but not the first `skip` of them."""
        kept = self._ledger.kept()
        first = self._first_at(kept, wanted.since) if wanted.since else 1
        last = self._first_at(kept, wanted.until) - 1 if wanted.until else kept.head.seq
        last = min(last, before - 1) if before is not None else last
        search = LedgerSearch(
            kept,
            wanted,
            first=first,
            last=last,
            expected=limit + skip,
            first_at=lambda moment: self._first_at(kept, moment),
        )
        found: list[LedgerEntry] = []
        room = _Room(LARGEST_PAGE)
        for looked_at, entry in enumerate(search.entries(), start=1):
            if wanted.admits(entry):
                if not skip and not room.takes(entry):
                    return ListPage(found, before=entry.seq + 1)
                if skip:
                    skip -= 1
                else:
                    found.append(entry)
            if len(found) == limit or looked_at == LONGEST_SEARCH:
                return ListPage(found, before=entry.seq if entry.seq > first else None, skip=skip)
        return ListPage(found, before=search.left_off, skip=skip)

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

    def several(self, entry_ids: Iterable[str]) -> list[LedgerEntry]:
        """Read these entries in their order, as far as they are kept."""
        wanted = {number: entry_id for entry_id in entry_ids if (number := number_in(entry_id)) is not None}
        return [entry for entry in self._ledger.kept().by_numbers(wanted) if entry.id == wanted[entry.seq]]

    def _beginning(self, kept: KeptEntries, after: int | None, since: datetime | None) -> int:
        """Find the number that the feed begins after: nothing that is recorded since then lies before it."""
        if since is None:
            return self._before(kept, self._oldest(kept)) if after is None else after
        following = None if after is None else kept.entry(after + 1)
        if after is not None and (following is None or following.recorded_at >= since):
            return after
        first = self._first_at(kept, since)
        # Between what is older and what was found, numbers may still be in flight.
        older = next(kept.entries(first - 1 - LONGEST_GAP, first - 1, newest_first=True), None)
        return older.seq if older else self._before(kept, first)

    def _before(self, kept: KeptEntries, first: int) -> int:
        """Say after which number to begin where nothing below `first` can be seen: what is missing may be in flight."""
        entry = kept.entry(first)
        recorded_at = entry.recorded_at if entry else kept.head.recorded_at
        is_settled = recorded_at is None or recorded_at < kept.at - LONGEST_FLIGHT
        return first - 1 if is_settled else max(first - 1 - LONGEST_GAP, 0)

    def _oldest(self, kept: KeptEntries) -> int:
        return self._first_at(kept, datetime.min.replace(tzinfo=UTC))

    def _first_at(self, kept: KeptEntries, moment: datetime) -> int:
        """Find, by halving, the first kept number recorded at or after a time; head + 1 when there is none.

        It can be halved because `recorded_at` never runs backwards, and because only the oldest are gone. What is in
        flight at the end is later than all that can be read.
        """
        last = kept.head.seq
        newest = next(kept.entries(last - LONGEST_GAP, last, newest_first=True), None)
        if newest is None or newest.recorded_at < moment:
            return last + 1
        low, high = 1, newest.seq
        while low < high:
            middle = (low + high) // 2
            entry = kept.entry(middle) or self._next_kept(kept, middle)
            if entry is None or entry.recorded_at < moment:
                low = middle + 1
            else:
                high = middle
        first = self._next_kept(kept, low)
        return first.seq if first else low

    def _next_kept(self, kept: KeptEntries, number: int) -> LedgerEntry | None:
        """Find the first entry from a number on, beyond such as are still in flight; None when their time is over."""
        return next(kept.entries(number, min(number + LONGEST_GAP, kept.head.seq)), None)

    def _refuse_expired(self, kept: KeptEntries, last: int) -> None:
        """Raise CursorExpiredError when what comes after `last` is not in flight but gone.

        It can be gone from among what is kept: for the minutes in which nobody has noticed that a deployment keeps for
        longer what DynamoDB had begun to remove.
        """
        following = next(kept.entries(last + 1, kept.head.seq), None)
        is_settled = following is not None and following.recorded_at < kept.at - LONGEST_FLIGHT
        oldest = following.seq if following and is_settled else self._oldest(kept)
        before = self._before(kept, oldest)
        if last < before:
            entry = kept.entry(oldest) if before == oldest - 1 else None
            raise CursorExpiredError(entry.id if entry else None)
