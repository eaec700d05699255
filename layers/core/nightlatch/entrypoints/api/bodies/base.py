"""What every body is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

ShortName = Annotated[str, StringConstraints(min_length=1, max_length=63)]
ReasonText = Annotated[str, StringConstraints(max_length=1000)]


class Body(BaseModel):
    """The base of every body."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Nothing(Body):
    """A command that needs no more than its path."""


NOTHING = Nothing.model_construct()
