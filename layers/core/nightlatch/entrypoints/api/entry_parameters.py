"""The parameters by which audit entries are asked for."""

import re
from datetime import date, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import PlainValidator, StringConstraints, WithJsonSchema

from nightlatch.domain.audit_event import Severity
from nightlatch.entrypoints.api.parameters import MOST_VALUES, moment_in

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _moment_or_day(text: object) -> datetime | date:
    return date.fromisoformat(text) if isinstance(text, str) and DAY.fullmatch(text) else moment_in(text)


MomentOrDay = Annotated[
    datetime | date,
    PlainValidator(_moment_or_day),
    WithJsonSchema({"type": "string", "examples": ["2026-11-22T02:12:05Z", "2026-11-22T10:00", "2026-11-22"]}),
]
"""A time, which is aware only if it was sent with an offset, or a date."""
SinceDay = Annotated[
    MomentOrDay | None,
    Query(
        description="Only what is of this time or later. Without an offset it is a time of the zone; a date is when "
        "that day begins there."
    ),
]
UntilDay = Annotated[
    MomentOrDay | None,
    Query(
        description="Only what is earlier than this. Without an offset it is a time of the zone; a date is when that "
        "day is over there."
    ),
]
EventName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,100}$")]
EventTypes = Annotated[
    list[EventName] | None,
    Query(max_length=MOST_VALUES, description="Any of these names, whole: `access.granted`. Repeated or with commas."),
]
FeedTypes = Annotated[
    list[EventName] | None,
    Query(alias="type", max_length=MOST_VALUES, description="Any of these names, whole. Repeated or with commas."),
]
EntrySearch = Annotated[
    str | None,
    Query(
        pattern=r"\S",
        max_length=200,
        description="Text, in any case, in the event type, the description, the actor's name or e-mail, the resource's "
        "name or id.",
    ),
]
Severities = Annotated[list[Severity] | None, Query(max_length=MOST_VALUES, description="Any of these.")]
LongLimit = Annotated[int, Query(ge=1, le=1000)]
From = Annotated[
    str | None,
    Query(
        alias="from",
        max_length=1000,
        description="An event's id (inclusive) or the cursor of `next` (exclusive), which is a place in the trail: it "
        "belongs to nobody, never grows old and goes with any filter.",
    ),
]
FromNumber = Annotated[
    int, Query(alias="from", ge=1, lt=10**15, description="An event's number: the first digest is the one over it.")
]
