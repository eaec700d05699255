"""Access flows: who may ask for what, for how long, and who decides. No flow, no access."""

from datetime import timedelta
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from nightlatch.domain.approval_rule import ApprovalRule
from nightlatch.domain.duration import LONGEST_GRANT, Duration, GrantDuration
from nightlatch.domain.fresh_sign_in import SignInAge
from nightlatch.domain.identity import Person
from nightlatch.domain.integration import Slug
from nightlatch.domain.opening_hours import OpeningHours
from nightlatch.domain.selectors import PeopleSelector, TargetSelector, Who
from nightlatch.domain.text_pattern import TextPattern
from nightlatch.domain.value import Entity, Instant, Value


class ExtensionRule(Value):
    """How often access may be extended, and by how much each time. Whoever approves access, approves this with it."""

    count: int = Field(ge=1, le=10)
    longest: GrantDuration


class GrantRule(Value):
    """How long access may last."""

    default: GrantDuration
    maximum: GrantDuration
    extensions: ExtensionRule | None = None

    @model_validator(mode="after")
    def _default_within_maximum(self) -> Self:
        if self.default > self.maximum:
            raise ValueError("default must not be longer than maximum")
        return self

    @model_validator(mode="after")
    def _all_of_it_within_the_longest(self) -> Self:
        if self.extensions and self.maximum + self.extensions.count * self.extensions.longest > LONGEST_GRANT:
            raise ValueError("maximum and all extensions together must not be longer than 30 days")
        return self


class Requirements(Value):
    """What a request must bring along, and what who approves. A ticket that is given must fit its pattern.

    `fresh_sign_in` is how long ago at most who approves has signed in; None asks nobody for it.
    """

    justification: bool = True
    minimum_length: int = Field(default=1, ge=1, le=1000)
    justification_pattern: TextPattern | None = None
    ticket: bool = False
    ticket_pattern: TextPattern | None = None
    approver_reason: bool = False
    fresh_sign_in: SignInAge | None = None


class FlowDefinition(Value):
    """What an administrator writes. `on_behalf` names who may ask for those that `who` selects; `when` None: always."""

    name: str = Field(min_length=1, max_length=100)
    description: str = Field(default="", max_length=1000)
    who: Who
    on_behalf: PeopleSelector | None = None
    what: TargetSelector
    grant: GrantRule
    when: OpeningHours | None = None
    approve: ApprovalRule
    require: Requirements = Requirements.model_construct()


class AccessFlow(Entity):
    """A definition. Every version is kept; `version` counts them, and one that is deleted is the last of them."""

    id: Slug
    definition: FlowDefinition
    is_deleted: bool = False
    updated_at: Instant
    updated_by: Person


class FlowRegister(Entity):
    """Counts every change of any flow, so that one item tells whether the flows are as they were read."""

    version: int = 0


class FlowsInForce(NamedTuple):
    """Every flow, by id, as they stood at one count of the register."""

    register: FlowRegister
    flows: tuple[AccessFlow, ...]


class FlowSnapshot(Value):
    """What a request remembers of the flow that it was made under: it binds for the request's whole life.

    `reason` says why it was this flow.
    """

    id: str
    name: str
    version: int
    approve: ApprovalRule
    maximum: Duration
    extensions: ExtensionRule | None = None
    when: OpeningHours | None = None
    approver_reason: bool = False
    fresh_sign_in: Duration | None = None
    reason: str = ""

    @classmethod
    def of(cls, flow: AccessFlow, *, reason: str = "") -> "FlowSnapshot":
        """Take the snapshot."""
        definition = flow.definition
        return cls(
            id=flow.id,
            name=definition.name,
            version=flow.version,
            approve=definition.approve,
            maximum=definition.grant.maximum,
            extensions=definition.grant.extensions,
            when=definition.when,
            approver_reason=definition.require.approver_reason,
            fresh_sign_in=definition.require.fresh_sign_in,
            reason=reason,
        )

    @property
    def longest(self) -> timedelta:
        """How long access can last at most, with all its extensions."""
        return self.maximum + (self.extensions.count * self.extensions.longest if self.extensions else timedelta())
