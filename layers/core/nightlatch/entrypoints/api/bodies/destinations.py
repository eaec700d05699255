"""What is asked of destinations."""

from typing import Annotated

from pydantic import Field, SecretStr, model_validator

from nightlatch.domain.destination import DestinationKind
from nightlatch.domain.destination_choices import DestinationChoices
from nightlatch.domain.integration import Slug
from nightlatch.domain.ledger import ENTRY_ID
from nightlatch.entrypoints.api.bodies.base import Body, ReasonText
from nightlatch.entrypoints.api.parameters import ID, AwareMoment
from nightlatch.services.destinations import Again, Start, Wanted

MOST_SECRET = 8192
EntryId = Annotated[str, Field(pattern=f"^{ENTRY_ID.pattern}$")]


class DestinationToCreate(DestinationChoices):
    """Where events are to go. The secret goes into the secret store and never comes out here."""

    id: Slug
    kind: DestinationKind
    secret: SecretStr = Field(default_factory=lambda: SecretStr(""), max_length=MOST_SECRET)
    from_entry: EntryId | None = Field(default=None, description="The first entry; left out: what comes next.")
    since: AwareMoment | None = Field(default=None, description="Begin with what was recorded then.")

    @model_validator(mode="after")
    def _one_beginning(self) -> "DestinationToCreate":
        if self.from_entry and self.since:
            raise ValueError("must have from_entry or since, not both")
        return self

    def wanted(self) -> Wanted:
        """Say it in the words of the service."""
        chosen = {name: getattr(self, name) for name in DestinationChoices.model_fields}
        start = Start(self.from_entry, self.since)
        return Wanted(
            self.id, self.kind, DestinationChoices.model_validate(chosen), self.secret.get_secret_value(), start
        )


class SecretToUse(Body):
    """A new secret. Of what is left out, what is ours to make is made: a webhook's signing key."""

    secret: SecretStr = Field(default_factory=lambda: SecretStr(""), max_length=MOST_SECRET)


class ReasonToDisable(Body):
    """Why a destination stops."""

    reason: ReasonText = ""


NO_REASON = ReasonToDisable.model_construct()


class ReplayToStart(Body):
    """What is to be delivered again: one delivery, all that failed, or what lies between two entries or times."""

    delivery: str | None = Field(default=None, pattern=ID)
    failed: bool = False
    from_entry: EntryId | None = None
    to_entry: EntryId | None = None
    since: AwareMoment | None = None
    until: AwareMoment | None = None

    @model_validator(mode="after")
    def _one_choice(self) -> "ReplayToStart":
        between = any((self.from_entry, self.to_entry, self.since, self.until))
        if sum((self.delivery is not None, self.failed, between)) != 1:
            raise ValueError("must have one of delivery, failed, or a beginning or an end")
        return self

    def again(self) -> Again:
        """Say it in the words of the service."""
        return Again(self.delivery, self.failed, self.from_entry, self.to_entry, self.since, self.until)
