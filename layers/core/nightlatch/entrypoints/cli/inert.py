"""Make text from elsewhere harmless for a terminal: a justification must not move the cursor or retitle the window."""

import json
import re
from typing import Any

_COLOURS_AND_MOVES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")
_BREAKS = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_CONTROLS = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f"
"""C0 and C1, and what turns the direction of text around or cannot be seen at all."""
_UNSAFE = re.compile(f"[{_CONTROLS}]")


def inert_text(text: str) -> str:
    """Take out escape sequences and control characters; what was several lines becomes one."""
    return _UNSAFE.sub("", _BREAKS.sub(" ", _COLOURS_AND_MOVES.sub("", text)))


def inert(body: Any) -> Any:
    """Make every text in a JSON value harmless."""
    if isinstance(body, str):
        return inert_text(body)
    if isinstance(body, dict):
        return {inert_text(name): inert(value) for name, value in body.items()}
    return [inert(value) for value in body] if isinstance(body, list) else body


def inert_json(body: Any, *, indent: int | None = 2) -> str:
    """Write JSON that says exactly the same and is harmless to print: what is unsafe is escaped."""
    text = json.dumps(body, ensure_ascii=False, indent=indent)
    return "\n".join(_UNSAFE.sub(_escaped, line) for line in text.split("\n"))


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]
