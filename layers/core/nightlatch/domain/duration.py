"""Durations as people send them: ISO 8601, whole seconds, no signs, no fractions, no months or years."""

import re
from datetime import timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

ISO_8601 = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,4})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,8})S)?)?",
    re.ASCII,
)


def parse_duration(text: object) -> timedelta:
    """Read `PT1H30M` and its like; raise ValueError for anything else, and for nothing at all."""
    span = text if isinstance(text, timedelta) else _read(text if isinstance(text, str) else "")
    if span <= timedelta():
        raise ValueError("must be longer than nothing")
    return span


@lru_cache(maxsize=256)  # a page of requests holds hundreds, and nearly all are the same few
def _read(text: str) -> timedelta:
    match = ISO_8601.fullmatch(text)
    if match is None:
        raise ValueError("must be an ISO 8601 duration such as PT1H or PT30M")
    return timedelta(**{unit: int(amount) for unit, amount in match.groupdict().items() if amount})


def iso_8601(span: timedelta) -> str:
    """Write a span as `PT1H30M`: hours, minutes and seconds, whatever its length."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{amount}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if amount]
    return "PT" + ("".join(parts) or "0S")


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(iso_8601, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "duration", "examples": ["PT1H"]}),
]
"""A positive span of time; JSON carries it as ISO 8601."""

LONGEST_GRANT = timedelta(days=30)


def _not_over_the_longest(span: timedelta) -> timedelta:
    if span > LONGEST_GRANT:
        raise ValueError("must not be longer than 30 days")
    return span


GrantDuration = Annotated[Duration, AfterValidator(_not_over_the_longest)]
"""A span of time in which a grant lives, or is waited for."""
