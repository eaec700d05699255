"""What is said to access that is to end, or to end later."""

from typing import Annotated

from pydantic import Field, StringConstraints

from nightlatch.domain.duration import Duration
from nightlatch.entrypoints.api.bodies.base import Body, ReasonText, ShortName


class Extension(Body):
    """How much longer one's access is to last."""

    duration: Duration


class OptionalReason(Body):
    """Why, if one likes to say."""

    reason: ReasonText = ""


class Revocation(Body):
    """Why access is taken away: this must be said."""

    reason: Annotated[ReasonText, StringConstraints(pattern=r"\S")]


class RevocationOfMany(Revocation):
    """The requests whose access is taken away, and why."""

    requests: list[ShortName] = Field(min_length=1, max_length=100)


NO_REASON = OptionalReason.model_construct()
