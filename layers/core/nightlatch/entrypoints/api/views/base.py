"""What every answer is made of: plain dictionaries of a known shape, written as JSON as they are.

They hold what was validated when it came in, or is our own, so nothing validates them again. That each has the shape
that the OpenAPI document says, mypy sees where it is made, and the tests of the functions see in every answer.
"""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import ConfigDict, WithJsonSchema, with_config
from typing_extensions import TypedDict

from nightlatch.domain.value import rfc3339

Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]

view = with_config(ConfigDict(extra="forbid"))
"""Marks the shape of an answer: it has these fields and no other."""


@view
class Link(TypedDict):
    """An address within this API."""

    href: str


Links = dict[str, Link]


@view
class ResourceView(TypedDict):
    """A resource, as a request or an offer names it."""

    type: str
    id: str
    name: str
    tags: list[str]


def links_of(addresses: dict[str, str]) -> Links:
    """Write addresses as links."""
    return {name: Link(href=address) for name, address in addresses.items()}


def time_of(at: datetime | None) -> Time | None:
    """Write a time, if there is one."""
    return rfc3339(at) if at else None


def seconds(span: timedelta) -> int:
    """Write a span as whole seconds."""
    return int(span.total_seconds())
