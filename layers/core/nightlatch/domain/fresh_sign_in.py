"""Fresh sign-ins: an access flow may want that whoever approves was asked not long ago who they are.

Only `auth_time` (OpenID Connect Core 2) says when that was. When a token was made says nothing: each renewal makes one.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator

from nightlatch.domain.duration import Duration

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(hours=24)


def _within_bounds(span: timedelta) -> timedelta:
    if not SHORTEST <= span <= LONGEST:
        raise ValueError("must be from 1 minute to 24 hours")
    return span


SignInAge = Annotated[Duration, AfterValidator(_within_bounds)]
"""So long ago may a sign-in be that still counts as fresh."""


def read_auth_time(claim: object) -> datetime | None:
    """Read `auth_time`: seconds since 1970, as a number or, from API Gateway, as text; None when it says no time."""
    if not isinstance(claim, int | float | str):
        return None
    try:
        return datetime.fromtimestamp(float(claim), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def is_fresh(signed_in_at: datetime | None, *, within: timedelta, at: datetime) -> bool:
    """Whether somebody signed in within the last `within`. A sign-in at a time that nobody knows is not fresh."""
    return signed_in_at is not None and at - signed_in_at <= within
