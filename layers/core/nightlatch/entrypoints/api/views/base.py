"""What every answer is made of."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from nightlatch.domain.value import Instant

Time = Annotated[Instant, WithJsonSchema({"type": "string", "format": "date-time"})]


class View(BaseModel):
    """The base of every answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Link(View):
    """An address within this API."""

    href: str


Links = Annotated[dict[str, Link], Field(serialization_alias="_links")]


class ResourceView(View):
    """A resource, as a request or an offer names it."""

    type: str
    id: str
    name: str
    tags: list[str]


def links_of(addresses: dict[str, str]) -> dict[str, Link]:
    """Write addresses as links."""
    return {name: Link(href=address) for name, address in addresses.items()}


def seconds(span: timedelta) -> int:
    """Write a span as whole seconds."""
    return int(span.total_seconds())
