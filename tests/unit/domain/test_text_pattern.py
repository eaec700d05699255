"""Patterns of administrators: whole texts, in linear time, and refused by name when they are none."""

import time

import pytest
from pydantic import TypeAdapter, ValidationError

from nightlatch.domain.access_flow import Requirements
from nightlatch.domain.text_pattern import TextPattern, matches

PATTERN: TypeAdapter[str] = TypeAdapter(TextPattern)


@pytest.mark.parametrize(
    ("pattern", "text", "is_matched"),
    [
        ("OPS-[0-9]+", "OPS-17", True),
        ("OPS-[0-9]+", "see OPS-17", False),
        ("OPS-[0-9]+", "OPS-17 and more", False),
        ("OPS-[0-9]+", "OPS-17\n", False),
        ("OPS-[0-9]+", "ops-17", False),
        ("(?i)OPS-[0-9]+", "ops-17", True),
        ("a|b", "a", True),
        ("a|b", "ab", False),
        ("OPS.*", "OPS\nsecond line", True),
        ("(?m)^a$", "a", True),
        ("(?m)^a$", "a\na", False),
        ("(?m)^a$\n^b$", "a\nb", True),
        ("[0-9]+", "٣", False),
        (r"\p{L}+", "Größe", True),
    ],
)
def test_a_pattern_is_met_by_a_whole_text(pattern: str, text: str, is_matched: bool) -> None:
    assert matches(PATTERN.validate_python(pattern), text) is is_matched


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 2000 + "!"),
        ("(a|a)*b", "a" * 2000),
        ("(.*)*(.*)*(.*)*x", "a" * 2000),
        (r"([a-zA-Z0-9]+\s?)+:", "word " * 400),
    ],
)
def test_no_text_makes_a_pattern_run_for_long(pattern: str, text: str) -> None:
    """H1: Python's own expressions would run for years on these."""
    assert matches(pattern, "x") in {True, False}  # compiled
    begun = time.perf_counter()

    assert not matches(pattern, text)
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize(
    "pattern",
    ["[", "(", "a)", "a)|(b", "a)|(?s:b", "*", "(?=a)b", r"(a)\1", "(?P<n", r"(\w{200}){200}"],
)
def test_what_is_no_pattern_is_refused_by_the_name_of_its_field(pattern: str) -> None:
    with pytest.raises(ValidationError, match="is no regular expression") as caught:
        Requirements.model_validate({"ticket_pattern": pattern})

    assert [error["loc"] for error in caught.value.errors()] == [("ticket_pattern",)]


@pytest.mark.parametrize("pattern", ["", "a" * 201])
def test_a_pattern_says_something_and_not_too_much(pattern: str) -> None:
    with pytest.raises(ValidationError):
        PATTERN.validate_python(pattern)


def test_a_text_that_no_encoding_knows_matches_nothing() -> None:
    assert not matches(".*", "\ud800")
