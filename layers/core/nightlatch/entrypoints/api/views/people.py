"""People whom Nightlatch has met."""

from collections.abc import Iterable
from typing import Self

from nightlatch.domain.people import KnownPerson
from nightlatch.entrypoints.api.views.base import Time, View


class PersonView(View):
    """Somebody, as they last signed in."""

    id: str
    name: str
    email: str
    groups: list[str]
    is_service: bool
    seen_at: Time

    @classmethod
    def of(cls, person: KnownPerson) -> Self:
        """Show a person."""
        return cls(
            id=person.id,
            name=person.name,
            email=person.email,
            groups=list(person.groups),
            is_service=person.is_service,
            seen_at=person.seen_at,
        )


class PeopleList(View):
    """Everybody whom Nightlatch has met."""

    people: list[PersonView]

    @classmethod
    def of(cls, people: Iterable[KnownPerson]) -> Self:
        """Show people."""
        return cls(people=[PersonView.of(person) for person in people])
