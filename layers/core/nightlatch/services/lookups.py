"""Finding what filters choose from by a part of its name: people, systems, flows, and what is in the systems."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import NamedTuple

from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.integration import Resource
from nightlatch.services.ports.configuration import Catalogue, Flows
from nightlatch.services.ports.facts import People


class Option(NamedTuple):
    """Something to choose: its value, how it is called, and what tells it from others of that name."""

    value: str
    label: str
    note: str = ""


class Lookups:
    """What may be chosen, for administrators and auditors."""

    def __init__(self, *, catalogue: Catalogue, people: People, flows: Flows) -> None:
        self._catalogue = catalogue
        self._people = people
        self._flows = flows

    def find(self, kind: str, text: str, *, limit: int) -> list[Option]:
        """Find so many whose value, label or note holds a text, in any case; raise NotFoundError for another kind."""
        wanted = text.casefold()
        found = (one for one in self._all(kind) if any(wanted in part.casefold() for part in one))
        return list(islice(dict.fromkeys(found), limit))

    def named(self, kind: str, values: Iterable[str]) -> list[Option]:
        """Say how what was chosen is called."""
        wanted = frozenset(values)
        return [one for one in dict.fromkeys(self._all(kind)) if one.value in wanted] if wanted else []

    def _all(self, kind: str) -> Iterator[Option]:
        kinds: Mapping[str, Callable[[], Iterator[Option]]] = {
            "person": self._every_person,
            "integration": self._every_integration,
            "flow": self._every_flow,
            "resource_type": lambda: (Option(one.type, one.type) for one in self._resources()),
            "resource": lambda: (Option(one.id, one.name, one.type) for one in self._resources()),
            "permission": self._every_permission,
        }
        if kind not in kinds:
            raise NotFoundError(f"nothing is chosen from {kind}")
        return kinds[kind]()

    def _every_person(self) -> Iterator[Option]:
        people = sorted(self._people.people(), key=lambda one: one.name.casefold())
        return (Option(one.id, one.name, one.email) for one in people)

    def _every_integration(self) -> Iterator[Option]:
        return (Option(one.id, one.name, one.kind) for one in self._catalogue.integrations())

    def _every_flow(self) -> Iterator[Option]:
        return (Option(one.id, one.definition.name) for one in self._flows.in_force().flows)

    def _every_permission(self) -> Iterator[Option]:
        return (Option(one.name, one.name) for resource in self._resources() for one in resource.permissions)

    def _resources(self) -> Iterable[Resource]:
        every = (self._catalogue.resources(one.id) for one in self._catalogue.integrations())
        return chain.from_iterable(every)
