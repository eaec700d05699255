"""What an approver says."""

from pydantic import Field

from nightlatch.entrypoints.api.bodies.base import Body, ReasonText, ShortName


class Decision(Body):
    """An approver's word on some items, or on all when none are named."""

    items: list[ShortName] = Field(default=[], max_length=20)
    reason: ReasonText = ""


ALL_ITEMS = Decision.model_construct()
