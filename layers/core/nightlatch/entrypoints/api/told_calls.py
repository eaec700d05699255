"""What an event tells of the call that caused it: method, path, query, referer, and the body's fields. Never a secret.

A field is a secret when its name says so, whatever it holds. All is bounded: an event is paid for by the kilobyte.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

from pydantic import JsonValue

LONGEST_URL_PART = 1000
MOST_PARAMETERS = 50
LONGEST_PARAMETER = 200
LARGEST = 2000
"""Characters of all parameters together, names and values."""

REDACTED = "[redacted]"
SECRET = re.compile(r"secret|passw|passphrase|token|credential|authorization|api.?key|private|^code$", re.IGNORECASE)

Parameter = tuple[str, JsonValue]


def told_call(*, method: str, path: str, query: str, referer: str, body: object) -> dict[str, JsonValue]:
    """Describe a call. `parameters` are the body's fields by JSON pointer; `left_off` is how many are not told."""
    page, mark, its_query = referer.partition("?")
    parts: dict[str, JsonValue] = {
        "method": method,
        "path": path[:LONGEST_URL_PART],
        "query": _query(query)[:LONGEST_URL_PART],
        "referer": f"{page}{mark}{_query(its_query)}"[:LONGEST_URL_PART],
        **_bounded(_fields(body, "", name="")),
    }
    return {name: value for name, value in parts.items() if value}


def is_secret(name: str) -> bool:
    """Whether what has this name is not to be told."""
    return SECRET.search(name) is not None


def _query(query: str) -> str:
    """Take the secrets out of a query string; one without any stays as it was sent."""
    sent = parse_qsl(query, keep_blank_values=True)
    if not any(is_secret(name) for name, _ in sent):
        return query
    return urlencode([(name, REDACTED if is_secret(name) else value) for name, value in sent])


def _bounded(fields: Iterator[Parameter]) -> dict[str, JsonValue]:
    parameters: dict[str, JsonValue] = {}
    left_off, room = 0, LARGEST
    for pointer, value in fields:
        size = len(pointer) + len(str(value))
        if len(parameters) == MOST_PARAMETERS or size > room:
            left_off += 1
            continue
        parameters[pointer] = value
        room -= size
    return {"parameters": parameters, "left_off": left_off}


def _fields(value: object, pointer: str, *, name: str) -> Iterator[Parameter]:
    """List what is in a JSON value, each by its pointer (RFC 6901)."""
    if is_secret(name):
        yield pointer, REDACTED
    elif isinstance(value, dict | list):
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in steps:
            escaped = str(step).replace("~", "~0").replace("/", "~1")
            yield from _fields(inner, f"{pointer}/{escaped}", name=str(step))
    elif isinstance(value, bool | int):
        yield pointer, value
    elif value is not None:
        yield pointer, _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_PARAMETER else text[: LONGEST_PARAMETER - 1] + "…"
