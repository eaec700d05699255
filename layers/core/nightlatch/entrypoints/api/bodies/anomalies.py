"""What is said to anomalies."""

from typing import Annotated

from pydantic import StringConstraints

from nightlatch.entrypoints.api.bodies.base import Body, ReasonText


class OptionalNote(Body):
    """What is known so far, if one likes to say."""

    note: ReasonText = ""


class Resolution(Body):
    """What came of it: this must be said."""

    note: Annotated[ReasonText, StringConstraints(pattern=r"\S")]


NO_NOTE = OptionalNote.model_construct()
