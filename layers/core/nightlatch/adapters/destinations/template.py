"""Body templates of an administrator's own: JSON in which texts may hold `{{ path }}`, a place in the entry.

A text that is one placeholder and nothing else becomes the value, of whatever type; among other text, a value is
written as text. So the outcome is JSON whatever an entry holds, and nothing loops, calls, or reads beyond the entry.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from nightlatch.domain.audit_event import ResourceReference
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.identity import Actor
from nightlatch.domain.ledger import LedgerEntry, canonical_json

LONGEST = 16_000
DEEPEST = 20
MOST_PLACEHOLDERS = 50
"""With the longest entry in each, a body still has room in a function's memory."""

PLACEHOLDER = re.compile(r"\{\{\s*((?:[\w-]+\.)*[\w-]+)\s*\}\}", re.ASCII)
BRACES = re.compile(r"\{\{|\}\}")

Path = tuple[str, ...]


class Template:
    """Makes the JSON object that tells an entry. Raises InvalidInputError (/template) when the text is none."""

    def __init__(self, text: str) -> None:
        content = _read(text)
        _check(content)
        if not isinstance(content, dict):
            raise _refused("must be a JSON object")
        self._content = content

    def write(self, entry: LedgerEntry) -> dict[str, Any]:
        """Fill in an entry. What it does not have is null; among other text, nothing."""
        content = entry.model_dump(mode="json")
        return {name: _mapped(value, lambda text: _filled(text, content)) for name, value in self._content.items()}


def _read(text: str) -> Any:
    if len(text) > LONGEST:
        raise _refused(f"must not be longer than {LONGEST} characters")
    try:
        content = json.loads(text)
        canonical_json(content)  # refuses what can be read and never written: infinity, half a surrogate pair
    except (ValueError, RecursionError) as error:
        raise _refused(f"must be JSON: {error}") from error
    return content


def _check(content: Any) -> None:
    names, texts = _parts(content)
    placeholders = [found[1] for text in texts for found in PLACEHOLDER.finditer(text)]
    if any(BRACES.search(name) for name in names):
        raise _refused("must not have placeholders in names")
    for text in texts:
        if BRACES.search(PLACEHOLDER.sub("", text)):
            raise _refused(f"has braces that are no placeholder: {text[:100]}")
    if len(placeholders) > MOST_PLACEHOLDERS:
        raise _refused(f"must not have more than {MOST_PLACEHOLDERS} placeholders")
    for path in placeholders:
        if not _can_exist(tuple(path.split("."))):
            raise _refused(f"names what no event has: {path[:100]}")


def _parts(content: Any) -> tuple[list[str], list[str]]:
    """List the names and the texts of a JSON value."""
    names: list[str] = []
    texts: list[str] = []
    for part, is_name in _walk(content, depth=0):
        (names if is_name else texts).append(part)
    return names, texts


def _walk(content: Any, *, depth: int) -> Iterator[tuple[str, bool]]:
    if depth > DEEPEST:
        raise _refused(f"must not be nested deeper than {DEEPEST}")
    if isinstance(content, str):
        yield content, False
    elif isinstance(content, dict):
        for name, value in content.items():
            yield name, True
            yield from _walk(value, depth=depth + 1)
    elif isinstance(content, list):
        for value in content:
            yield from _walk(value, depth=depth + 1)


def _can_exist(path: Path) -> bool:
    """Whether an entry may have this place. Only of `details` it is not known what is in them."""
    first, *rest = path
    if first == "details":
        return True
    fields = {"actor": Actor.model_fields, "resource": ResourceReference.model_fields}.get(first)
    if fields and rest:
        return len(rest) == 1 and rest[0] in fields
    return first in LedgerEntry.model_fields and not rest


def _mapped(content: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(content, str):
        return change(content)
    if isinstance(content, dict):
        return {name: _mapped(value, change) for name, value in content.items()}
    return [_mapped(value, change) for value in content] if isinstance(content, list) else content


def _filled(text: str, content: dict[str, Any]) -> Any:
    whole = PLACEHOLDER.fullmatch(text)
    if whole:
        return _found(content, whole[1])
    return PLACEHOLDER.sub(lambda found: _as_text(_found(content, found[1])), text)


def _found(content: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(content, dict):
            content = content.get(step)
        elif isinstance(content, list) and step.isdigit() and int(step) < len(content):
            content = content[int(step)]
        else:
            return None
    return content


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _refused(fault: str) -> InvalidInputError:
    return InvalidInputError(Fault("/template", fault))
