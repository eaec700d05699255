"""Numbers, times and spans of time in the words of a report."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from nightlatch.domain.local_time import LocalTime

MOST_NUMBERS = 20


def number(amount: int, one: str, many: str) -> str:
    """Write an amount of things."""
    return f"{amount:,} {one if amount == 1 else many}"


def numbers(found: Sequence[int]) -> str:
    """List numbers, the first of many."""
    more = f" and {len(found) - MOST_NUMBERS:,} more" if len(found) > MOST_NUMBERS else ""
    return ", ".join(f"{one:,}" for one in found[:MOST_NUMBERS]) + more


def span(time: timedelta) -> str:
    """Write `4 min 10 s`."""
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{amount:,} {unit}" for amount, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if amount]
    return " ".join(parts) or "0 s"


def second(at: datetime, times: LocalTime) -> str:
    """Write a time to the second, with its offset where that differs from time to time."""
    text = times.text(at)
    return text[:19] + text[23:]


def labelled(at: datetime, times: LocalTime) -> str:
    """Write a time that stands alone, with its zone."""
    return f"{second(at, times)} ({times.label})"


def day(at: datetime, times: LocalTime) -> date:
    """Say on which day of the zone a time is."""
    return at.astimezone(ZoneInfo(times.zone)).date()


def period(since: datetime | None, until: datetime | None, times: LocalTime, *, now: datetime) -> str:
    """Write a period, in days where it is one of whole days. `until` is exclusive; without it, `now` is the end."""
    if since and until and _is_midnight(since, times) and _is_midnight(until, times):
        first, last = day(since, times), day(until, times) - timedelta(days=1)
        return _days(first, last)
    begin = f"{second(since, times)} to " if since else "Until "
    return begin + labelled(until or now, times)


def _is_midnight(at: datetime, times: LocalTime) -> bool:
    return times.text(at)[11:23] == "00:00:00.000"


def _days(first: date, last: date) -> str:
    """Write `1 to 31 October 2026`: of the first day only what the last does not say."""
    if first == last:
        return f"{last.day} {last:%B %Y}"
    begin = "" if (first.year, first.month) == (last.year, last.month) else f" {first:%B}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day}{begin}{year} to {last.day} {last:%B %Y}"
