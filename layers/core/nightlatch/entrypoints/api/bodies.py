"""What is sent: one model for each body. An unknown field is an error, never ignored."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, StringConstraints

from nightlatch.domain.duration import Duration
from nightlatch.domain.integration import Slug
from nightlatch.entrypoints.api.parameters import PERSON_ID, AwareMoment
from nightlatch.services.asking import Changes, Submission, WantedItem

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ShortName = Annotated[str, StringConstraints(min_length=1, max_length=63)]
ReasonText = Annotated[str, StringConstraints(max_length=1000)]


class Body(BaseModel):
    """The base of every body."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ItemToRequest(Body):
    """One permission on one resource."""

    resource_type: ShortName
    resource: Name = Field(description="The resource's id, as the catalog says it.")
    permission: Name


class RequestToSubmit(Body):
    """What somebody asks for."""

    integration: ShortName
    items: list[ItemToRequest] = Field(min_length=1, max_length=20)
    justification: str = Field(default="", max_length=2000)
    ticket: str = Field(default="", max_length=100)
    duration: Duration | None = Field(default=None, description="Left out: the flow's default.")
    starts_at: AwareMoment | None = Field(
        default=None, description="Not before this; left out: as soon as it is approved."
    )
    on_behalf_of: str | None = Field(
        default=None, pattern=PERSON_ID, description="Who is to have it, where a flow lets you ask for others."
    )

    def submission(self) -> Submission:
        """Say it in the words of the service."""
        return Submission(
            integration=self.integration,
            items=[WantedItem(item.resource_type, item.resource, item.permission) for item in self.items],
            justification=self.justification,
            ticket=self.ticket,
            duration=self.duration,
            starts_at=self.starts_at,
            on_behalf_of=self.on_behalf_of,
        )


class BundleToSubmit(Body):
    """Several requests that are made together, or not at all."""

    requests: list[RequestToSubmit] = Field(min_length=1, max_length=10)


class RequestToRepeat(Body):
    """What is to be different when the same is asked for again."""

    justification: str | None = Field(default=None, max_length=2000)
    ticket: str | None = Field(default=None, max_length=100)
    duration: Duration | None = None
    starts_at: AwareMoment | None = None

    def changes(self) -> Changes:
        """Say it in the words of the service."""
        return Changes(
            justification=self.justification, ticket=self.ticket, duration=self.duration, starts_at=self.starts_at
        )


class Extension(Body):
    """How much longer one's access is to last."""

    duration: Duration


class Decision(Body):
    """An approver's word on some items, or on all when none are named."""

    items: list[ShortName] = Field(default_factory=list, max_length=20)
    reason: ReasonText = ""


class OptionalReason(Body):
    """Why, if one likes to say."""

    reason: ReasonText = ""


class Revocation(Body):
    """Why access is taken away: this must be said."""

    reason: Annotated[ReasonText, StringConstraints(pattern=r"\S")]


class RevocationOfMany(Revocation):
    """The requests whose access is taken away, and why."""

    requests: list[ShortName] = Field(min_length=1, max_length=100)


class Nothing(Body):
    """A command that needs no more than its path."""


class IntegrationToAdd(Body):
    """A system to connect. The secret goes into the secret store and never comes out here."""

    id: Slug
    name: str = Field(min_length=1, max_length=100)
    kind: ShortName
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    secret: SecretStr = Field(min_length=1, max_length=4096)


ALL_ITEMS = Decision()
AS_BEFORE = RequestToRepeat()
NO_REASON = OptionalReason()
NOTHING = Nothing()
