"""Durations as people send them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from nightlatch.domain.access_flow import GrantRule
from nightlatch.domain.duration import Duration, iso_8601, parse_duration

LONGEST = int(timedelta(days=30).total_seconds())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT1S", 1),
        ("PT90M", 5400),
        ("PT1H30M", 5400),
        ("P1D", 86400),
        ("P1DT1S", 86401),
        ("P2W", 14 * 86400),
        ("PT007M", 420),
        ("P0DT1M", 60),
    ],
)
def test_whole_seconds_to_weeks_are_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "PT0S", "P0D", "PT0H0M0S", "-PT1H", "PT-1H", "+PT1H", "PT1.5H", "PT1,5H", "PT0.5S", "P1Y", "P1M", "P", "PT",
        "P1DT", "1H", "3600", "1e9", "PT1e9S", "NaN", "inf", "", " PT1H", "PT1H ", "PT1H\n", "pt1h", "PT1M1H",
        "PT1H1H", "PT999999999S", "PT\u0661H", "P1W\u0000", 3600, 1e9, float("nan"), True, None, ["PT1H"],
        timedelta(), -timedelta(hours=1),
    ],
)  # fmt: skip
def test_nothing_else_is_a_duration(text: object) -> None:
    """D1."""
    with pytest.raises(ValueError, match="must be"):
        parse_duration(text)


@pytest.mark.parametrize("maximum", ["P31D", "PT721H", "P30DT1S", "PT99999H"])
def test_no_flow_may_grant_for_longer_than_thirty_days(maximum: str) -> None:
    """D1."""
    with pytest.raises(ValidationError, match="30 days"):
        GrantRule.model_validate({"default": "PT1H", "maximum": maximum})


def test_thirty_days_exactly_are_allowed() -> None:
    rule = GrantRule.model_validate({"default": "PT1H", "maximum": "P30D"})

    assert rule.maximum == timedelta(days=30)


def test_the_default_may_not_be_longer_than_the_maximum() -> None:
    with pytest.raises(ValidationError, match="default must not be longer"):
        GrantRule.model_validate({"default": "PT2H", "maximum": "PT1H"})


@given(seconds=st.integers(min_value=1, max_value=LONGEST))
def test_what_is_written_is_read_back_the_same(seconds: int) -> None:
    span = timedelta(seconds=seconds)

    assert parse_duration(iso_8601(span)) == span


@given(seconds=st.integers(min_value=1, max_value=LONGEST))
def test_json_carries_a_duration_there_and_back(seconds: int) -> None:
    adapter: TypeAdapter[timedelta] = TypeAdapter(Duration)
    span = timedelta(seconds=seconds)

    assert adapter.validate_json(adapter.dump_json(span)) == span


@given(text=st.text(max_size=12))
def test_any_text_is_a_positive_span_or_refused(text: str) -> None:
    """D1."""
    try:
        span = parse_duration(text)
    except ValueError:
        return
    assert span >= timedelta(seconds=1)
