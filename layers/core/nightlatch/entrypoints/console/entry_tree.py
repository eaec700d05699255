"""What an entry's details hold, as lines to be read: what is nested is indented, what was changed side by side."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue

MOST_LINES = 400
LONGEST_TEXT = 4_000
DEEPEST = 6
"""What lies deeper is not indented any further."""


class Line(NamedTuple):
    """One name with its value; a branch has no text of its own."""

    depth: int
    name: str
    text: str


class Tree(NamedTuple):
    """Lines, and how many more there are than are shown."""

    lines: Sequence[Line]
    left_off: int


class Difference(NamedTuple):
    """A value that was another before; None where there was none, or is none any more."""

    name: str
    before: str | None
    after: str | None


def tree_of(details: Mapping[str, JsonValue]) -> Tree:
    """Write details as lines. No recursion: senders nest as deep as they like."""
    lines = list[Line]()
    waiting: list[tuple[int, str, JsonValue]] = [(0, name, value) for name, value in reversed(list(details.items()))]
    count = 0
    while waiting:
        depth, name, value = waiting.pop()
        inner = _parts(value)
        count += 1
        if count <= MOST_LINES:
            lines.append(Line(min(depth, DEEPEST), name, "" if inner else text_of(value)))
        waiting.extend((depth + 1, *part) for part in reversed(inner))
    return Tree(lines, max(count - MOST_LINES, 0))


def differences(before: JsonValue, after: JsonValue) -> list[Difference]:
    """Set side by side what is different, each value under its whole name."""
    old, new = _flat(before), _flat(after)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [Difference(name, old.get(name), new.get(name)) for name in names[:MOST_LINES]]


def text_of(value: JsonValue) -> str:
    """Write one value."""
    if value is None or value in ([], {}):
        return "none"
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)" if len(text) > LONGEST_TEXT else text


def _parts(value: JsonValue) -> list[tuple[str, JsonValue]]:
    if isinstance(value, dict):
        return list(value.items())
    return [(str(number), one) for number, one in enumerate(value, start=1)] if isinstance(value, list) else []


def _flat(value: JsonValue) -> dict[str, str]:
    """Write everything that is in a value under its whole name: `grant.maximum`."""
    flat = dict[str, str]()
    waiting: list[tuple[str, JsonValue]] = [("", value)] if value is not None else []
    while waiting:
        name, one = waiting.pop()
        parts = _parts(one)
        if not parts:
            flat[name] = text_of(one)
        waiting.extend((f"{name}.{part}" if name else part, inner) for part, inner in reversed(parts))
    return flat
