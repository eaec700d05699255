"""What is said to anomalies, and of alert rules and replays."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from nightlatch.domain.alert_rule import AlertRule, AlertRuleChoices
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.integration import Slug
from nightlatch.entrypoints.api.bodies.base import Body, ReasonText
from nightlatch.entrypoints.api.parameters import AwareMoment
from nightlatch.services.replays import Past


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


class ReplayToBegin(Body):
    """Which past is to be looked through, by what, and whether what is found is kept or only counted."""

    since: AwareMoment = Field(description="Only what was recorded then or later is found.")
    until: AwareMoment | None = Field(default=None, description="Only what was recorded earlier; left out: up to now.")
    dry_run: bool = Field(strict=True, description="Count what is found, and keep none of it.")
    choices: AnomalyChoices | None = Field(
        default=None, description="Other settings of anomalies; left out: those in force."
    )
    rule: AlertRuleToCreate | None = Field(
        default=None, description="An alert rule to try, and nothing else: in a dry run only."
    )

    @model_validator(mode="after")
    def _one_way_to_look(self) -> "ReplayToBegin":
        if self.rule and (self.choices or not self.dry_run):
            raise ValueError("must be a dry run without choices when it has a rule")
        return self

    def past(self) -> Past:
        """Say it in the words of the service."""
        rule = AlertRule(id=self.rule.id, choices=self.rule.choices()) if self.rule else None
        return Past(self.since, self.until, self.dry_run, self.choices, rule)


NO_NOTE = OptionalNote.model_construct()
