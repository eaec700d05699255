"""What is asked for."""

from typing import Annotated

from pydantic import Field, StringConstraints

from nightlatch.domain.duration import Duration
from nightlatch.entrypoints.api.bodies.base import Body, ShortName
from nightlatch.entrypoints.api.parameters import PERSON_ID, AwareMoment
from nightlatch.services.asking import Changes, Submission, WantedItem

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


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


AS_BEFORE = RequestToRepeat.model_construct()
