"""Reading whom and what Nightlatch knows."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from nightlatch.domain.access_flow import FlowRegister
from nightlatch.domain.integration import Integration, Resource
from nightlatch.domain.people import KnownPerson
from nightlatch.services.ports.writing import Receipt


class People(Protocol):
    """Reading the people whom Nightlatch has met."""

    def person(self, person_id: str) -> KnownPerson | None:
        """Read what is known of one."""
        ...

    def people(self) -> list[KnownPerson]:
        """Read everybody, by id."""
        ...


ResourceKey = tuple[str, str, str]
"""An integration's id, a resource's type and its id."""


class Wanted(NamedTuple):
    """What must be known before an answer can be given to somebody who asks."""

    integrations: frozenset[str]
    resources: frozenset[ResourceKey]
    people: frozenset[str]
    receipt: tuple[str, str] | None = None


class Known(NamedTuple):
    """What is known of what was wanted; what does not exist is left out. `flows` tells whether any flow has changed."""

    integrations: Mapping[str, Integration]
    resources: Mapping[ResourceKey, Resource]
    people: Mapping[str, KnownPerson]
    receipt: Receipt | None
    flows: FlowRegister


class Facts(Protocol):
    """Reading things of different kinds at once."""

    def known(self, wanted: Wanted) -> Known:
        """Read, consistently and in one call, all that is wanted."""
        ...
