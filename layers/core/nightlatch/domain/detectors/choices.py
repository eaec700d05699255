"""What is chosen of every detector: whether it is on, and whose requests it does not look at."""

from typing import Annotated

from pydantic import Field

from nightlatch.domain.audit_settings import PrincipalId
from nightlatch.domain.value import Value

MOST_EXEMPT = 200
MOST_DAYS = 365

Days = Annotated[int, Field(ge=1, le=MOST_DAYS, strict=True)]
Hours = Annotated[int, Field(ge=1, le=24 * MOST_DAYS, strict=True)]
Percent = Annotated[int, Field(ge=1, le=100, strict=True)]


class DetectorChoices(Value):
    """The part that all detectors have."""

    enabled: bool = Field(default=True, strict=True, description="Whether it looks at all.")
    exempt: Annotated[tuple[PrincipalId, ...], Field(max_length=MOST_EXEMPT)] = Field(
        default=(), description="People and services whose requests it does not look at."
    )


class ChoicesOffAtFirst(DetectorChoices):
    """The same, of detectors that look only once somebody has said so."""

    enabled: bool = Field(default=False, strict=True, description="Whether it looks at all.")


class Nothing(Value):
    """What is remembered by a detector that needs to remember nothing."""
