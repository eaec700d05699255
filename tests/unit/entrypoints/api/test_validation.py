"""What is read as JSON, and what is refused before anything looks at it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.errors import InvalidInputError
from nightlatch.entrypoints.api.validation import pointer, read_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_any_document_is_read_as_it_was_written(document: Any) -> None:
    assert read_json(json.dumps(document)) == document


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", '{"a": 1,}', "nul", '"\\ud800"', "1" * 60_000, "[" * 10_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not JSON"):
        read_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_named(number: str) -> None:
    """D1: NaN and its like."""
    with pytest.raises(InvalidInputError) as refused:
        read_json('{"a": [1, {"b/c": %s}]}' % number)  # noqa: UP031  # braces

    assert [fault.pointer for fault in refused.value.faults] == ["/a/1/b~1c"]


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def test_depth_has_a_limit() -> None:
    """H1: deep JSON."""
    assert read_json(nested(32))
    with pytest.raises(InvalidInputError, match="nested deeper than 32"):
        read_json(nested(33))


def test_pointers_are_escaped() -> None:
    assert pointer("a/b", 0, "m~n") == "/a~1b/0/m~0n"
    assert pointer() == ""
