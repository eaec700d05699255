"""Access flows: who may ask for what, for how long, and who decides. No flow, no access.

Every selector is explicit: an empty list selects nothing, and `"*"` selects everything where everything can be meant:
in people, names, ids and permissions.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from nightlatch.domain.duration import Duration
from nightlatch.domain.identity import Person, Principal
from nightlatch.domain.integration import Permission, Resource, Slug
from nightlatch.domain.value import Entity, Instant, Value

EVERYTHING = "*"
LONGEST_GRANT = timedelta(days=30)

Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Names = tuple[Name, ...]


def _not_everything(name: str) -> str:
    if name == EVERYTHING:
        raise ValueError('must be a name; "*" goes into people, names, ids or permissions')
    return name


Labels = tuple[Annotated[Name, AfterValidator(_not_everything)], ...]
"""Groups and tags: things that one is in or has, never all at once."""


def _not_over_the_longest(span: timedelta) -> timedelta:
    if span > LONGEST_GRANT:
        raise ValueError("must not be longer than 30 days")
    return span


GrantDuration = Annotated[Duration, AfterValidator(_not_over_the_longest)]


class PeopleSelector(Value):
    """People by id (`usr_…`) and by the groups that their identity provider puts them in."""

    people: Names = ()
    groups: Labels = ()

    def selects(self, principal: Principal) -> bool:
        """Whether `principal` is one of them, now."""
        return self.names(principal.id, groups=principal.groups)

    def names(self, person_id: str, *, groups: Iterable[str]) -> bool:
        """Whether a person in `groups` is one of them."""
        return person_id in self.people or EVERYTHING in self.people or not set(self.groups).isdisjoint(groups)


class TargetSelector(Value):
    """Permissions on resources of one integration. A resource is selected by name, by id or by tag."""

    integration: Slug
    resource_type: Name | None = None
    names: Names = ()
    ids: Names = ()
    tags: Labels = ()
    permissions: Names = Field(min_length=1)

    @model_validator(mode="after")
    def _must_select_something(self) -> Self:
        if not (self.names or self.ids or self.tags):
            raise ValueError('must select resources by names, ids or tags (names: ["*"] selects all)')
        return self

    def selects(self, integration: str, resource: Resource, permission: Permission) -> bool:
        """Whether `permission` on `resource` is covered. A tag counts on the resource and on the permission."""
        return (
            integration == self.integration
            and self.resource_type in {None, resource.type}
            and _contains(self.permissions, permission.name)
            and (
                _contains(self.names, resource.name)
                or _contains(self.ids, resource.id)
                or not {*self.tags}.isdisjoint({*resource.tags, *permission.tags})
            )
        )


class GrantRule(Value):
    """How long access may last."""

    default: GrantDuration
    maximum: GrantDuration

    @model_validator(mode="after")
    def _default_within_maximum(self) -> Self:
        if self.default > self.maximum:
            raise ValueError("default must not be longer than maximum")
        return self


class ApprovalRule(PeopleSelector):
    """How many of whom must approve each item, and how soon. Zero, said explicitly, approves automatically."""

    needed: int = Field(ge=0, le=10)
    window: GrantDuration = timedelta(hours=24)

    @model_validator(mode="after")
    def _somebody_can_approve(self) -> Self:
        if self.needed and not (self.people or self.groups):
            raise ValueError("must name people or groups when approvals are needed")
        return self


class Requirements(Value):
    """What a request must bring along."""

    justification: bool = True
    minimum_length: int = Field(default=1, ge=1, le=1000)


class FlowDefinition(Value):
    """What an administrator writes."""

    name: str = Field(min_length=1, max_length=100)
    description: str = Field(default="", max_length=1000)
    who: PeopleSelector
    what: TargetSelector
    grant: GrantRule
    approve: ApprovalRule
    require: Requirements = Requirements()


class AccessFlow(Entity):
    """A definition in force. Every version is kept; `version` counts them."""

    id: Slug
    definition: FlowDefinition
    updated_at: Instant
    updated_by: Person


class FlowSnapshot(Value):
    """What a request remembers of the flow that it was made under: it binds for the request's whole life.

    `reason` says why it was this flow, `admitted_by` are the requester's groups that it let in.
    """

    id: str
    name: str
    version: int
    approve: ApprovalRule
    maximum: Duration
    reason: str = ""
    admitted_by: Names = ()

    @classmethod
    def of(cls, flow: AccessFlow, *, requester: Principal, reason: str = "") -> "FlowSnapshot":
        """Take the snapshot."""
        definition = flow.definition
        return cls(
            id=flow.id,
            name=definition.name,
            version=flow.version,
            approve=definition.approve,
            maximum=definition.grant.maximum,
            reason=reason,
            admitted_by=tuple(sorted(requester.groups.intersection(definition.who.groups))),
        )


def _contains(names: Names, name: str) -> bool:
    return EVERYTHING in names or name in names
