"""How far an access flow reaches: who could ask for what under it, as far as is known now."""

from collections.abc import Sequence
from typing import NamedTuple

from nightlatch.domain.integration import Integration, Permission, Resource
from nightlatch.domain.people import KnownPerson
from nightlatch.domain.selectors import TargetSelector, Who
from nightlatch.services.ports.configuration import Catalogue
from nightlatch.services.ports.facts import People

NOBODY_KNOWN = ""


class Target(NamedTuple):
    """A resource with what may be asked for on it."""

    resource: Resource
    permissions: Sequence[Permission]


class Admitted(NamedTuple):
    """Who may ask: people who are known, and groups of theirs of which one alone is enough.

    `strangers` says whether somebody may who is in no group, and was never here.
    """

    people: Sequence[KnownPerson]
    groups: Sequence[str]
    strangers: bool


class FlowReach:
    """What those want to know who write flows. Resources are those of the last scan, groups those of the last visit."""

    def __init__(self, *, catalogue: Catalogue, people: People) -> None:
        self._catalogue = catalogue
        self._people = people

    def integrations(self) -> list[Integration]:
        """Read every system that flows can speak of."""
        return self._catalogue.integrations()

    def resources(self, integration_id: str) -> list[Resource]:
        """Read what the last scan of a system found; nothing, when there is no such system."""
        return self._catalogue.resources(integration_id)

    def people(self) -> list[KnownPerson]:
        """Read everybody whom Nightlatch has met."""
        return self._people.people()

    def targets(self, what: TargetSelector) -> list[Target]:
        """List what could be asked for now."""
        found = [
            Target(resource, [one for one in resource.permissions if what.selects(what.integration, resource, one)])
            for resource in self._catalogue.resources(what.integration)
        ]
        return [target for target in found if target.permissions]

    def admitted(self, who: Who) -> Admitted:
        """List who could ask now."""
        known = self._people.people()
        groups = sorted({group for person in known for group in person.groups})
        return Admitted(
            people=[person for person in known if who.selects(person.id, groups=person.groups)],
            groups=[group for group in groups if who.selects(NOBODY_KNOWN, groups=[group])],
            strangers=who.selects(NOBODY_KNOWN, groups=[]),
        )
