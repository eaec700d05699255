"""People whom Nightlatch has met."""

from collections.abc import Iterable

from typing_extensions import TypedDict

from nightlatch.domain.people import KnownPerson
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.api.views.base import Time, view


@view
class PersonView(TypedDict):
    """Somebody, as they last signed in."""

    id: str
    name: str
    email: str
    groups: list[str]
    is_service: bool
    seen_at: Time


def person_view(person: KnownPerson) -> PersonView:
    """Show a person."""
    return PersonView(
        id=person.id,
        name=person.name,
        email=person.email,
        groups=list(person.groups),
        is_service=person.is_service,
        seen_at=rfc3339(person.seen_at),
    )


@view
class PeopleList(TypedDict):
    """Everybody whom Nightlatch has met."""

    people: list[PersonView]


def people_list(people: Iterable[KnownPerson]) -> PeopleList:
    """Show people."""
    return PeopleList(people=[person_view(person) for person in people])
