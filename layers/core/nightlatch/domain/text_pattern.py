"""Patterns that administrators write: regular expressions that match in linear time, whatever is sent to them.

They are those of Rust's `regex` crate, which pydantic brings along: no look-around, no references back. (Python's own
can be made to run for hours by a few dozen characters.)
"""

from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

LONGEST = 200


def _adapter(pattern: str) -> TypeAdapter[str]:
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])


@lru_cache(maxsize=64)
def _whole(pattern: str) -> TypeAdapter[str]:
    return _adapter(rf"\A(?s:{pattern})\z")


def matches(pattern: str, text: str) -> bool:
    """Whether all of `text` matches."""
    try:
        _whole(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


def _compiles(pattern: str) -> str:
    try:
        _adapter(pattern)  # by itself: `a)|(b` would be one within the parentheses of a whole match
        _whole(pattern)
    except SchemaError as error:
        raise ValueError(
            "is no regular expression, or too large a one (look-around and references are not supported)"
        ) from error
    return pattern


TextPattern = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST), AfterValidator(_compiles)]
"""A pattern for a whole text, such as `OPS-[0-9]+`."""
