"""The bases of every domain object: immutable, strict about unknown fields, times in UTC milliseconds."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol, Self, runtime_checkable

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer


def to_utc_milliseconds(at: datetime) -> datetime:
    """Return `at` in UTC, cut to the millisecond: the only precision that is stored, hashed and served."""
    utc = at.astimezone(UTC)
    beyond = utc.microsecond % 1000
    return utc.replace(microsecond=utc.microsecond - beyond) if beyond else utc


def rfc3339(at: datetime) -> str:
    """Write a time as `2026-11-22T02:12:05.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _seconds(value: object) -> object:
    return timedelta(seconds=value) if isinstance(value, int) and not isinstance(value, bool) else value


Instant = Annotated[AwareDatetime, AfterValidator(to_utc_milliseconds), PlainSerializer(rfc3339, when_used="json")]
"""An aware time; JSON carries it as RFC 3339 UTC with milliseconds."""

Seconds = Annotated[
    timedelta,
    BeforeValidator(_seconds),
    PlainSerializer(lambda span: int(span.total_seconds()), return_type=int, when_used="json"),
]
"""A span of time; JSON carries it as whole seconds."""


class Value(BaseModel):
    """Something that equals another of the same content."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


@runtime_checkable
class Perishable(Protocol):
    """What is kept until a time of its own, whatever the retention is; None while it must be kept."""

    @property
    def kept_until(self) -> datetime | None:
        """Until when."""
        ...


@runtime_checkable
class Retained(Protocol):
    """What is kept for the retention from some time on; None while it must be kept."""

    @property
    def retained_from(self) -> datetime | None:
        """From when."""
        ...


class Entity(Value):
    """Something stored under its own key. Each change raises `version` by one; the store refuses any other step."""

    version: int = 1

    def changed(self, **fields: object) -> Self:
        """Return the next version of this entity with `fields` replaced (and validated)."""
        return type(self).model_validate({**dict(self), **fields, "version": self.version + 1})
