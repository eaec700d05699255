"""Times and spans as people type and read them: `2h` and `24h` ago in, `16:34 CET` and `1 h 59 min` out.

Times are shown in the reader's own zone, and the zone is always named.
"""

import re
from datetime import UTC, datetime, time, timedelta

_SPAN = re.compile(
    r"(?!P[^T]*M)P?(?=.)(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,4})D)?T?"
    r"(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M(?:IN)?)?(?:(?P<seconds>\d{1,8})S)?",
    re.ASCII | re.IGNORECASE,
)
"""`1d2h`, `90m` and ISO 8601's `P1DT2H`. `P1M` is a month in ISO 8601 and nobody's wish: refused, not a minute."""

_TIME_OF_DAY = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)", re.ASCII)


def parse_span(text: str) -> timedelta:
    """Read `2h`, `90m`, `1h30m`, `1d` or `PT2H`; raise ValueError for anything else, and for nothing at all."""
    match = _SPAN.fullmatch(text.replace(" ", ""))
    span = timedelta(**{unit: int(amount) for unit, amount in match.groupdict("0").items()}) if match else timedelta()
    if not span:
        raise ValueError(f"{text!r} is not a duration such as 2h, 90m, 1h30m, 1d or PT2H")
    return span


def parse_moment(text: str, *, now: datetime, is_end: bool = False) -> datetime:
    """Read a span before `now` (`24h`), or a date or time; without an offset it is the reader's own zone.

    Of a time that a change of clocks doubles, a begin is the first and an end the second.
    """
    try:
        return now - parse_span(text)
    except ValueError:
        return _parse_point(text, is_end=is_end)


def parse_start(text: str, *, now: datetime) -> datetime:
    """Read a span after `now` (`2h`), the next `16:30` on the reader's clock, or a date or time as above."""
    try:
        return now + parse_span(text)
    except ValueError:
        return _next_time_of_day(text, now) or _parse_point(text)


def _parse_point(text: str, *, is_end: bool = False) -> datetime:
    try:
        typed = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is neither a span such as 24h nor a time such as 2026-11-22T14:30") from error
    first, second = (typed.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return max(first, second) if is_end else first


def parse_local(text: str) -> datetime | None:
    """Read a date or time without an offset; None for anything else."""
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return typed if typed.tzinfo is None else None


def _next_time_of_day(text: str, now: datetime) -> datetime | None:
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        return None
    wanted, today = time(int(match["hour"]), int(match["minute"])), now.astimezone().date()
    days = (datetime.combine(today + day * timedelta(days=1), wanted).astimezone(UTC) for day in (0, 1))
    return next(moment for moment in days if moment > now)


def iso_8601(span: timedelta) -> str:
    """Write a span as the API takes it: `PT1H30M`."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{amount}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if amount]
    return "PT" + ("".join(parts) or "0S")


def short_span(span: timedelta) -> str:
    """Write a span as it is typed: `1h30m`."""
    return iso_8601(span).removeprefix("PT").lower()


def local_minute(at: datetime) -> str:
    """Write a time as it is typed, on the reader's clock: `2026-11-23T08:00+01:00`."""
    return at.astimezone().isoformat(timespec="minutes")


def rfc3339(at: datetime) -> str:
    """Write a time as the API takes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read a time of the API."""
    return datetime.fromisoformat(text)


def clock(at: datetime, *, now: datetime, seconds: bool = False) -> str:
    """Write a time for its reader: `16:34 CET`, with the day when it is not today, with the year when not this one."""
    local, today = at.astimezone(), now.astimezone()
    hour = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    return " ".join(part for part in (_day(local, today), hour, zone(at)) if part)


def zone(at: datetime) -> str:
    """Name the reader's zone at a time: `CET`, or `UTC+03` where it has no letters."""
    name = at.astimezone().strftime("%Z")
    return f"UTC{name}" if name[:1] in {"+", "-"} else name


def words(span: timedelta) -> str:
    """Write a span with its two largest units: `1 h 59 min`, `38 s`."""
    seconds = max(int(span.total_seconds()), 0)
    amounts = {"d": seconds // 86400, "h": seconds // 3600 % 24, "min": seconds // 60 % 60, "s": seconds % 60}
    units = list(amounts)
    first = next((unit for unit in units if amounts[unit]), "s")
    shown = units[units.index(first) :][:2]
    return " ".join(f"{amounts[unit]} {unit}" for unit in shown if amounts[unit] or unit == first)


def _day(local: datetime, today: datetime) -> str:
    if local.date() == today.date():
        return ""
    day = f"{local.day} {local.strftime('%b')}"
    return day if local.year == today.year else f"{day} {local.year}"
