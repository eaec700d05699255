"""The parameters in paths, queries and headers: their forms, as types."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema

from nightlatch.domain.audit_event import Source
from nightlatch.domain.integration import Slug
from nightlatch.domain.time_frame import parse_last, zone_named

TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
ETAG = re.compile(r'"(\d{1,9})"', re.ASCII)


ID = r"^[A-Za-z0-9_.:-]{1,128}$"
PERSON_ID = r"^usr_[a-z2-7]{26}$"
MOST_VALUES = 50


def moment_in(text: object) -> datetime:
    """Read a time, which is aware only if it says its offset; raise ValueError for anything else."""
    if not isinstance(text, str) or not TIME.fullmatch(text):
        raise ValueError(
            "must be a time such as 2026-11-22T02:12:05Z or, without an offset, 2026-11-22T10:00 (+ is %2B)"
        )
    return datetime.fromisoformat(text.upper())


def _aware_moment(text: object) -> datetime:
    moment = moment_in(text)
    if moment.tzinfo is None:
        raise ValueError("must say its offset, as in 2026-11-22T02:12:05Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


def _last(text: str) -> str:
    parse_last(text)
    return text


def _zone(name: str) -> str:
    zone_named(name)
    return name


def _version(etag: object) -> int:
    match = ETAG.fullmatch(etag) if isinstance(etag, str) else None
    if match is None:
        raise ValueError('must be an ETag as it was given out, such as "3"')
    return int(match[1])


Moment = Annotated[
    datetime,
    BeforeValidator(moment_in),
    WithJsonSchema({"type": "string", "examples": ["2026-11-22T02:12:05Z", "2026-11-22T10:00"]}),
]
"""A time, which is aware only if it was sent with an offset."""
AwareMoment = Annotated[
    datetime,
    BeforeValidator(_aware_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T02:12:05Z"]}),
]
"""A time that was sent with its offset."""
Version = Annotated[int, BeforeValidator(_version), WithJsonSchema({"type": "string", "examples": ['"3"']})]

PathId = Annotated[str, Path(pattern=ID)]
PathPerson = Annotated[str, Path(pattern=PERSON_ID)]
PathSlug = Annotated[Slug, Path()]
IfMatch = Annotated[
    Version | None,
    Header(alias="If-Match", description="The ETag of the version that is to be overwritten."),
]

Since = Annotated[
    Moment | None, Query(description="Only what is of this time or later. Without an offset it is a time of the zone.")
]
Until = Annotated[
    Moment | None, Query(description="Only what is earlier than this. Without an offset it is a time of the zone.")
]
Relative = Annotated[
    Annotated[str, AfterValidator(_last)] | None,
    Query(
        description="Only what is of the last minutes (`15m`), hours (`2h`), days (`3d`), weeks (`1w`) or calendar "
        "months (`2mo`). It stays the same for all pages of a list.",
        examples=["15m", "2h", "3d", "1w", "2mo"],
    ),
]
Rounded = Annotated[
    Literal["hour"] | None, Query(alias="round", description="With `last`: begin at the full hour before.")
]
Zone = Annotated[
    Annotated[str, AfterValidator(_zone)] | None,
    Query(
        description="The IANA zone of times without an offset, of months and of full hours; else the deployment's. Of "
        "a time that a change of clocks doubles, a begin is the first and an end the second; one that it leaves out is "
        "as much later as the clocks went forward.",
        examples=["Europe/Berlin"],
    ),
]
Slugs = Annotated[
    list[Slug] | None, Query(max_length=MOST_VALUES, description="Any of these ids, repeated or with commas.")
]
Sources = Annotated[list[Source] | None, Query(max_length=MOST_VALUES, description="Any of these.")]
Ids = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=200)]] | None,
    Query(max_length=MOST_VALUES, description="Any of these ids, repeated or with commas."),
]
Names = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=200)]] | None,
    Query(max_length=MOST_VALUES, description="Any of these, ids or names, whole. Repeated or with commas."),
]
Cursor = Annotated[str | None, Query(max_length=1000, description="Where to read on: the `next_cursor` of a page.")]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[
    int, Query(ge=0, le=1000, description="Pass over so many, on the first page. Further down a cursor leads.")
]
