"""What is said to anomalies, and of alert rules."""

from typing import Annotated

from pydantic import StringConstraints

from nightlatch.domain.alert_rule import AlertRuleChoices
from nightlatch.domain.integration import Slug
from nightlatch.entrypoints.api.bodies.base import Body, ReasonText


class OptionalNote(Body):
    """What is known so far, if one likes to say."""

    note: ReasonText = ""


class Resolution(Body):
    """What came of it: this must be said."""

    note: Annotated[ReasonText, StringConstraints(pattern=r"\S")]


class AlertRuleToCreate(AlertRuleChoices):
    """A rule that is to be in force."""

    id: Slug

    def choices(self) -> AlertRuleChoices:
        """Say it in the words of the service."""
        return AlertRuleChoices.model_validate({name: getattr(self, name) for name in AlertRuleChoices.model_fields})


NO_NOTE = OptionalNote.model_construct()
