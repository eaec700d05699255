"""Selectors: which people, and which permissions on which resources, an access flow means.

Every selector is explicit: an empty list selects nothing, and `"*"` selects everything where everything can be meant:
in people, names, ids and permissions.
"""

from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from nightlatch.domain.identity import Principal
from nightlatch.domain.integration import Permission, Resource, Slug
from nightlatch.domain.value import Value

EVERYTHING = "*"

Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Names = tuple[Name, ...]


def _not_everything(name: str) -> str:
    if name == EVERYTHING:
        raise ValueError('must be a name; "*" goes into people, names, ids or permissions')
    return name


Labels = tuple[Annotated[Name, AfterValidator(_not_everything)], ...]
"""Groups and tags: things that one is in or has, never all at once."""


class PeopleSelector(Value):
    """People by id (`usr_…`) and by the groups that their identity provider puts them in."""

    people: Names = ()
    groups: Labels = ()

    def selects(self, principal: Principal) -> bool:
        """Whether `principal` is one of them, now."""
        return self.names(principal.id, groups=principal.groups)

    def names(self, person_id: str, *, groups: Iterable[str]) -> bool:
        """Whether a person in `groups` is one of them."""
        return _contains(self.people, person_id) or not set(self.groups).isdisjoint(groups)


class Attribute(StrEnum):
    """What of a person a condition looks at. Names and e-mail addresses are labels, and decide nothing."""

    PERSON = "person"
    GROUP = "group"


class Operator(StrEnum):
    """How a condition compares. Everything is compared exactly, upper and lower case included."""

    IS = "is"
    IS_NOT = "is not"
    CONTAINS = "contains"
    STARTS_WITH = "starts with"


COMPARISONS: dict[Operator, Callable[[str, str], bool]] = {
    Operator.IS: str.__eq__,
    Operator.IS_NOT: str.__eq__,
    Operator.CONTAINS: str.__contains__,
    Operator.STARTS_WITH: str.startswith,
}
"""How an actual value meets a wanted one. `is not` is met where `is` is not."""


class Condition(Value):
    """One thing that must be so of a person: one of `values` is enough; for `is not`, none may be met."""

    attribute: Attribute
    operator: Operator
    values: Names = Field(min_length=1)

    @model_validator(mode="after")
    def _everybody_only_by_person(self) -> Self:
        if EVERYTHING in self.values and (self.attribute, self.operator) != (Attribute.PERSON, Operator.IS):
            raise ValueError('"*" stands for everybody only in: person is "*"')
        return self

    def holds(self, person_id: str, *, groups: Collection[str]) -> bool:
        """Whether it is so of a person in `groups`."""
        if EVERYTHING in self.values:
            return True
        actual = [person_id] if self.attribute is Attribute.PERSON else groups
        meets = COMPARISONS[self.operator]
        is_met = any(meets(value, wanted) for value in actual for wanted in self.values)
        return is_met is (self.operator is not Operator.IS_NOT)


class Match(StrEnum):
    """Whether one condition is enough."""

    ANY = "any"
    ALL = "all"


class Who(Value):
    """The people of whom any or all of the conditions hold."""

    match: Match = Match.ANY
    conditions: tuple[Condition, ...] = Field(min_length=1, max_length=50)

    def selects(self, person_id: str, *, groups: Collection[str]) -> bool:
        """Whether a person in `groups` is one of them."""
        held = (condition.holds(person_id, groups=groups) for condition in self.conditions)
        return any(held) if self.match is Match.ANY else all(held)


class ResourceSelector(Value):
    """Resources by name, by id or by tag. A tag counts on the resource and on the permission."""

    names: Names = ()
    ids: Names = ()
    tags: Labels = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named at all."""
        return not (self.names or self.ids or self.tags)

    def covers(self, resource: Resource, permission: Permission) -> bool:
        """Whether `permission` on `resource` is named in one of the three ways."""
        return (
            _contains(self.names, resource.name)
            or _contains(self.ids, resource.id)
            or not {*self.tags}.isdisjoint({*resource.tags, *permission.tags})
        )


class TargetSelector(ResourceSelector):
    """Permissions on resources of one integration, without those that `exclude` names."""

    integration: Slug
    resource_type: Name | None = None
    exclude: ResourceSelector = ResourceSelector.model_construct()
    permissions: Names = Field(min_length=1)

    @model_validator(mode="after")
    def _must_select_something(self) -> Self:
        if self.is_empty:
            raise ValueError('must select resources by names, ids or tags (names: ["*"] selects all)')
        return self

    def selects(self, integration: str, resource: Resource, permission: Permission) -> bool:
        """Whether `permission` on `resource` may be asked for."""
        return (
            integration == self.integration
            and self.resource_type in {None, resource.type}
            and _contains(self.permissions, permission.name)
            and self.covers(resource, permission)
            and not self.exclude.covers(resource, permission)
        )


def _contains(names: Names, name: str) -> bool:
    return EVERYTHING in names or name in names
