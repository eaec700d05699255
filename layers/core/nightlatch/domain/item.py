"""Items and votes: what is asked for within a request, and what approvers say to it."""

from enum import StrEnum

from pydantic import Field

from nightlatch.domain.identity import Person
from nightlatch.domain.value import Instant, Value


class ItemStatus(StrEnum):
    """What was decided about one item."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class Verdict(StrEnum):
    """One approver's word."""

    APPROVED = "approved"
    REJECTED = "rejected"


class Vote(Value):
    """One approver's word on one item. `groups` are those of the approver that the flow's rule speaks of."""

    verdict: Verdict
    approver: Person
    groups: tuple[str, ...] = ()
    reason: str = ""
    at: Instant


class Item(Value):
    """One permission on one resource: a role of the session, with its own decision.

    `votes` are keyed by the approver's id, so that a second vote of one person has no place to be.
    """

    id: str
    resource_type: str
    resource_id: str
    resource_name: str
    resource_tags: tuple[str, ...] = ()
    permission: str
    permission_tags: tuple[str, ...] = ()
    status: ItemStatus = ItemStatus.PENDING
    votes: dict[str, Vote] = Field(default_factory=dict)

    @property
    def votes_in_order(self) -> list[Vote]:
        """The votes in the order in which they were given."""
        return sorted(self.votes.values(), key=lambda vote: vote.at)

    def approved(self) -> "Item":
        """Approve: nobody's yes is missing."""
        return self.model_copy(update={"status": ItemStatus.APPROVED})

    def with_vote(self, vote: Vote) -> "Item":
        """Add a vote. A no decides at once."""
        voted = self.model_copy(update={"votes": {**self.votes, vote.approver.id: vote}})
        return voted.model_copy(update={"status": ItemStatus.REJECTED}) if vote.verdict is Verdict.REJECTED else voted
