"""Which anomalies a query asks for."""

from collections.abc import Iterable
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from nightlatch.domain.anomaly import AnomalySeverity, AnomalyState, AnomalyType
from nightlatch.domain.time_frame import TimeFrame
from nightlatch.entrypoints.api.parameters import MOST_VALUES
from nightlatch.entrypoints.api.queries import MYSELF, any_of
from nightlatch.services.call import Call
from nightlatch.services.ports.anomalies import AnomalyFilter

AnomalyTypes = Annotated[
    list[AnomalyType] | None,
    Query(alias="type", max_length=MOST_VALUES, description="Any of these, repeated or with commas."),
]
AnomalySeverities = Annotated[list[AnomalySeverity] | None, Query(max_length=MOST_VALUES, description="Any of these.")]
AnomalyStates = Annotated[list[AnomalyState] | None, Query(max_length=MOST_VALUES, description="Any of these.")]
AnomalySearch = Annotated[
    str | None,
    Query(
        pattern=r"\S",
        max_length=200,
        description="Text, in any case, in the id, the type's title, the reason, the request's id, the requester's "
        "or the actor's name or e-mail, the integration, the flow's name, a resource's name, a permission or the note.",
    ),
]


def anomaly_filter(
    call: Call,
    *,
    types: Iterable[AnomalyType] | None,
    severities: Iterable[AnomalySeverity] | None,
    states: Iterable[AnomalyState] | None,
    resource_types: Iterable[str] | None,
    resources: Iterable[str] | None,
    people: Iterable[str] | None,
    integrations: Iterable[str] | None,
    request_ids: Iterable[str] | None,
    text: str | None,
    frame: TimeFrame,
    below: str | None,
) -> AnomalyFilter:
    """Say which anomalies are wanted; `me` is the caller."""
    ids = [call.principal.id if person == MYSELF else person for person in people or ()]
    return AnomalyFilter(
        types=any_of(types),
        severities=any_of(severities),
        states=any_of(states),
        resource_types=any_of(resource_types),
        resources=any_of(resources),
        people=any_of(ids),
        integrations=any_of(integrations),
        request_ids=any_of(request_ids),
        text=text,
        since=frame.since,
        until=frame.until,
        below=below,
    )
