"""How options are read: spans, moments, lists, `name=value` pairs."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal

import typer

from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.times import parse_local, parse_moment, parse_span, parse_start, rfc3339

Last = Annotated[
    str | None, typer.Option(metavar="SPAN", help="Only the last 15m, 2h, 3d, 1w or 2mo (calendar months).")
]
Rounded = Annotated[Literal["hour"] | None, typer.Option("--round", help="With --last: begin at the full hour.")]
Zone = Annotated[
    str | None,
    typer.Option(
        metavar="IANA", help="Read times without an offset and months in this zone; else in yours and the stack's."
    ),
]


def span(text: str) -> timedelta:
    """Read a duration; a wrong one is a usage error."""
    try:
        return parse_span(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def moment(text: str | None, *, now: datetime, zone: str | None = None, is_end: bool = False) -> str | None:
    """Read a time and write it as the API takes it. A local time of a named zone is sent as such, with its zone."""
    if text is None:
        return None
    if zone and (local := parse_local(text)):
        return local.isoformat()
    return _written(partial(parse_moment, is_end=is_end), text, now)


def start(text: str | None, *, now: datetime) -> str | None:
    """Read the time at which something is to begin and write it as the API takes it."""
    return None if text is None else _written(parse_start, text, now)


def _written(parse: Callable[..., datetime], text: str, now: datetime) -> str:
    try:
        return rfc3339(parse(text, now=now))
    except (ValueError, OverflowError) as error:
        raise MistakenError(str(error)) from error


def listed(given: Sequence[str] | None) -> list[str]:
    """Read values that came repeated, separated by commas, or both."""
    return [value.strip() for text in given or () for value in text.split(",") if value.strip()]


def settings(given: Iterable[str]) -> dict[str, Any]:
    """Read `name=value` pairs; numbers, true, false and null are themselves, all else is text."""
    return dict(_setting(pair) for pair in given)


def _setting(pair: str) -> tuple[str, Any]:
    name, separator, value = pair.partition("=")
    if not separator or not name:
        raise MistakenError(f"--set {pair!r} is not of the form name=value")
    try:
        read = json.loads(value)
    except ValueError:
        read = value
    return name, value if isinstance(read, str) else read
