"""The parameters by which requests are asked for."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

from nightlatch.domain.access_request import Status
from nightlatch.entrypoints.api.parameters import MOST_VALUES

ALIASES = {"ACTIVE": Status.GRANTED, "DENIED": Status.REJECTED, "TERMINATED": Status.REVOKED}
"""Other words for states, as other systems of the field call them."""

PERSON = r"^(me|usr_[a-z2-7]{26})$"


def _status(word: object) -> object:
    return ALIASES.get(word, word) if isinstance(word, str) else word


StatusWord = Annotated[
    Status,
    BeforeValidator(_status),
    WithJsonSchema({"type": "string", "enum": [*(status.value for status in Status), *ALIASES]}),
]
Statuses = Annotated[
    list[StatusWord] | None, Query(max_length=MOST_VALUES, description="Any of these, repeated or with commas.")
]
Requesters = Annotated[
    list[Annotated[str, StringConstraints(pattern=PERSON)]] | None,
    Query(max_length=MOST_VALUES, description="Any of these, each `me` or the id of a person."),
]
ItemWords = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=200)]] | None,
    Query(
        max_length=MOST_VALUES,
        description="Any of these. One item must be of a wanted resource type, resource (id or name) and permission.",
    ),
]
Search = Annotated[
    str | None,
    Query(
        pattern=r"\S",
        max_length=200,
        description="Text, in any case, in the id, the requester's name or e-mail, the integration's name, a "
        "resource's name, a permission, the flow's name, the justification or the ticket.",
    ),
]
Quarantined = Annotated[
    bool | None, Query(description="Only those whose access could not be ended yet, or only others.")
]
