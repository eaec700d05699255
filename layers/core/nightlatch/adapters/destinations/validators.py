"""What an answer must hold: JSONPath (RFC 9535) and expected values.

The answer is a stranger's, so a path may cost no more than the answer is long: one selector a segment, one `..`, in a
filter only paths that lead to one place, and no functions (`match` and `search` would run a stranger's pattern).
"""

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.filter import BaseExpression, FilterQuery
from jsonpath.segments import JSONPathRecursiveDescentSegment
from jsonpath.selectors import Filter
from pydantic import JsonValue

from nightlatch.domain.destination import Validator
from nightlatch.domain.errors import Fault, InvalidInputError

LARGEST_ANSWER = 64 * 1024


class _Environment(JSONPathEnvironment):
    """RFC 9535 and nothing more, without its functions."""

    def setup_function_extensions(self) -> None:
        """Offer none."""


def check_validators(validators: Sequence[Validator]) -> None:
    """Refuse paths that cannot be followed, or not at a bounded price; raise InvalidInputError."""
    faults = [
        Fault(f"/validators/{index}/path", fault)
        for index, validator in enumerate(validators)
        if (fault := _fault(validator.path))
    ]
    if faults:
        raise InvalidInputError(*faults)


def unmet(validators: Sequence[Validator], answer: bytes) -> str:
    """Say what an answer lacks; nothing when it has all."""
    if not validators:
        return ""
    if len(answer) > LARGEST_ANSWER:
        return f"the answer is longer than {LARGEST_ANSWER} bytes"
    try:
        content = json.loads(answer, parse_float=_number)
    except (ValueError, RecursionError):
        return "the answer is not JSON"
    return next((f"{one.path} holds none of the expected values" for one in validators if not _met(one, content)), "")


def _met(validator: Validator, content: Any) -> bool:
    expected = {_text(json.loads(json.dumps(value), parse_float=_number)) for value in validator.expected}
    try:
        return any(_text(found.obj) in expected for found in _compiled(validator.path).finditer(content))
    except JSONPathError:  # nested deeper than the library follows
        return False


def _fault(path: str) -> str:
    try:
        segments = _compiled(path).segments
    except JSONPathError as error:
        return f"is no JSONPath: {error.args[0] if error.args else error}"
    if any(len(segment.selectors) > 1 for segment in segments):
        return "must have one selector between a pair of brackets"
    if sum(isinstance(segment, JSONPathRecursiveDescentSegment) for segment in segments) > 1:
        return "must not have `..` twice"
    filters = [one for segment in segments for one in segment.selectors if isinstance(one, Filter)]
    if any(not query.path.singular_query() for one in filters for query in _queries(one.expression)):
        return "must have only paths to one place in a filter"
    return ""


def _queries(expression: BaseExpression) -> Iterator[FilterQuery]:
    if isinstance(expression, FilterQuery):
        yield expression
        return
    for child in expression.children():
        yield from _queries(child)


@lru_cache(maxsize=64)
def _compiled(path: str) -> JSONPath:
    compiled = _Environment(strict=True).compile(path)
    if not isinstance(compiled, JSONPath):
        raise JSONPathError("must be one path")
    return compiled


def _number(text: str) -> JsonValue:
    """Read 1.0 as 1: to JSON they are one number."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _text(value: object) -> str:
    """Write a value so that two are equal when JSON says so: to Python, true would be 1."""
    return json.dumps(value, sort_keys=True)
