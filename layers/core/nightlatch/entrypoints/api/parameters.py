"""The parameters in paths, queries and headers: their forms, as types."""

import re
from datetime import UTC, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from pydantic import BeforeValidator, WithJsonSchema

from nightlatch.domain.access_request import Status
from nightlatch.domain.audit_event import Severity
from nightlatch.domain.integration import Slug

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
ETAG = re.compile(r'"(\d{1,9})"', re.ASCII)

ALIASES = {"ACTIVE": Status.GRANTED, "DENIED": Status.REJECTED, "TERMINATED": Status.REVOKED}
"""Other words for states, as other systems of the field call them."""

ID = r"^[A-Za-z0-9_.:-]{1,128}$"
PERSON_ID = r"^usr_[a-z2-7]{26}$"
PERSON = r"^(me|usr_[a-z2-7]{26})$"
MOST_VALUES = 50


def _moment(text: object) -> datetime:
    if not isinstance(text, str) or not RFC_3339.fullmatch(text):
        raise ValueError("must be an RFC 3339 time such as 2026-11-22T02:12:05Z (write + as %2B)")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


def _status(word: object) -> object:
    return ALIASES.get(word, word) if isinstance(word, str) else word


def _version(etag: object) -> int:
    match = ETAG.fullmatch(etag) if isinstance(etag, str) else None
    if match is None:
        raise ValueError('must be an ETag as it was given out, such as "3"')
    return int(match[1])


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
StatusWord = Annotated[
    Status,
    BeforeValidator(_status),
    WithJsonSchema({"type": "string", "enum": [*(status.value for status in Status), *ALIASES]}),
]
Version = Annotated[int, BeforeValidator(_version), WithJsonSchema({"type": "string", "examples": ['"3"']})]

PathId = Annotated[str, Path(pattern=ID)]
PathPerson = Annotated[str, Path(pattern=PERSON_ID)]
PathSlug = Annotated[Slug, Path()]
IfMatch = Annotated[
    Version | None,
    Header(alias="If-Match", description="The ETag of the version that is to be overwritten."),
]

Since = Annotated[Moment | None, Query(description="Only what is of this time or later.")]
Until = Annotated[Moment | None, Query(description="Only what is earlier than this.")]
Statuses = Annotated[
    list[StatusWord] | None, Query(max_length=MOST_VALUES, description="Any of these, repeated or with commas.")
]
Requester = Annotated[str | None, Query(pattern=PERSON, description="`me`, or the id of a person.")]
Words = Annotated[list[str] | None, Query(max_length=MOST_VALUES, description="Any of these.")]
Severities = Annotated[list[Severity] | None, Query(max_length=MOST_VALUES, description="Any of these.")]
Cursor = Annotated[str | None, Query(max_length=1000, description="Where to read on: the `next_cursor` of a page.")]
Limit = Annotated[int, Query(ge=1, le=200)]
LongLimit = Annotated[int, Query(ge=1, le=1000)]
From = Annotated[
    str | None,
    Query(alias="from", max_length=1000, description="An event's id (inclusive) or the cursor of `next` (exclusive)."),
]
