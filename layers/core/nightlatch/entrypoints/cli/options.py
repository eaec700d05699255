"""How options are read: spans, moments, lists, `name=value` pairs."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import typer

from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.times import parse_moment, parse_span, parse_start, rfc3339


def span(text: str) -> timedelta:
    """Read a duration; a wrong one is a usage error."""
    try:
        return parse_span(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def moment(text: str | None, *, now: datetime) -> str | None:
    """Read a time and write it as the API takes it."""
    if text is None:
        return None
    return _written(parse_moment, text, now)


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
