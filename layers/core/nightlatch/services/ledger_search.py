"""One search of the ledger: through the narrowest index that holds all of what is wanted, or through all of it."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, islice

from nightlatch.domain.audit_event import Severity
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.identity import SYSTEM
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.ports.trail import KeptEntries, LedgerIndex

READ_AHEAD = 100
MOST_LOOKUPS = 400
"""So many days of one type are looked up in their index for one page."""

LONGEST_GAP = 99
"""So many entries are in flight together at most: what one transaction holds beside the head."""

FirstAt = Callable[[datetime], int]
"""Finds the first kept number that was recorded at or after a time."""


class LedgerSearch:
    """Reads candidates numbered first..last, newest first: all that a filter admits, and as few others as can be.

    `expected` is how many are likely to be read: no more are read at first. `left_off` says below which number the
    search is to go on; None when it is through.
    """

    def __init__(
        self, kept: KeptEntries, wanted: EntryFilter, *, first: int, last: int, expected: int, first_at: FirstAt
    ) -> None:
        self._kept = kept
        self._wanted = wanted
        self._first = first
        self._last = last
        self._expected = expected
        self._first_at = first_at
        self.left_off: int | None = None

    def entries(self) -> Iterator[LedgerEntry]:
        """Read the candidates, no further than consumed."""
        numbers = self._indexed()
        if numbers is None:
            newest = max(self._first, self._last - self._expected + 1)
            yield from self._kept.entries(newest, self._last, newest_first=True)
            yield from self._kept.entries(self._first, newest - 1, newest_first=True)
            return
        size = min(self._expected, READ_AHEAD)
        while batch := list(islice(numbers, size)):
            yield from self._kept.by_numbers(batch)
            size = READ_AHEAD

    def _indexed(self) -> Iterator[int] | None:
        """Choose an index. It must hold every entry that is wanted: the system's own acts are in none by actor."""
        wanted = self._wanted
        if wanted.request_ids:
            return self._merged((LedgerIndex.REQUEST, wanted.request_ids))
        if wanted.resources:
            return self._merged((LedgerIndex.RESOURCE, wanted.resources), (LedgerIndex.REQUEST, wanted.resources))
        if wanted.actors and SYSTEM.id not in wanted.actors:
            return self._merged((LedgerIndex.ACTOR, wanted.actors))
        if wanted.event_types:
            return self._by_type(wanted.event_types)
        if wanted.severities and Severity.INFO not in wanted.severities:
            return self._merged((LedgerIndex.SEVERITY, wanted.severities))
        return None

    def _by_type(self, event_types: frozenset[str]) -> Iterator[int]:
        most_days = max(MOST_LOOKUPS // len(event_types), 1)
        for number, day in enumerate(self._days()):
            if number == most_days:
                self.left_off = self._first_at(_midnight(day + timedelta(days=1)))
                return
            yield from self._merged((LedgerIndex.TYPE_AND_DAY, [f"{name}#{day.isoformat()}" for name in event_types]))

    def _merged(self, *lookups: tuple[LedgerIndex, Iterable[str]]) -> Iterator[int]:
        streams = [
            self._kept.indexed(index, value, self._first, self._last) for index, values in lookups for value in values
        ]
        return (number for number, _ in groupby(heapq.merge(*streams, reverse=True)))

    def _days(self) -> Iterator[date]:
        """Name the UTC days on which first..last were recorded, newest first; the oldest is found when it matters."""
        end = self._last
        newest = next(self._kept.entries(max(self._first, end - LONGEST_GAP), end, newest_first=True), None)
        if newest is None:
            return
        day = newest.recorded_at.date()
        yield day
        begin = max(self._first, self._first_at(datetime.min.replace(tzinfo=UTC)))
        oldest = next(self._kept.entries(begin, min(begin + LONGEST_GAP, end)), newest)
        while (day := day - timedelta(days=1)) >= oldest.recorded_at.date():
            yield day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
