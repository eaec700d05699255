"""For whom else somebody may ask: the people whom a flow names, where it lets the caller ask on their behalf."""

from collections.abc import Iterator, Sequence
from itertools import islice

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.people import KnownPerson
from nightlatch.services.call import Call
from nightlatch.services.ports.configuration import Flows
from nightlatch.services.ports.facts import People


class AskingForOthers:
    """What the form for access needs to know of others. Whether a request may be made, only `Asking` says."""

    def __init__(self, *, flows: Flows, people: People) -> None:
        self._flows = flows
        self._people = people

    def is_possible(self, call: Call) -> bool:
        """Whether some flow in force lets the caller ask for others."""
        return bool(self._flows_of(call))

    def find(self, text: str, call: Call, *, limit: int) -> list[KnownPerson]:
        """Find people for whom the caller may ask, whose name or address holds a text in any case, by name."""
        wanted = text.casefold().split()
        found = (one for one in self._everybody(call) if all(word in _texts_of(one) for word in wanted))
        return list(islice(found, limit))

    def person(self, person_id: str, call: Call) -> KnownPerson | None:
        """Read one; None for nobody, and for anybody for whom the caller may not ask."""
        one = self._people.person(person_id)
        return one if one and _is_for(one, self._flows_of(call), call) else None

    def _everybody(self, call: Call) -> Iterator[KnownPerson]:
        if flows := self._flows_of(call):
            people = sorted(self._people.people(), key=lambda one: (one.name.casefold(), one.id))
            yield from (one for one in people if _is_for(one, flows, call))

    def _flows_of(self, call: Call) -> list[FlowDefinition]:
        definitions = [flow.definition for flow in self._flows.in_force().flows]
        return [one for one in definitions if one.on_behalf and one.on_behalf.selects(call.principal)]


def _is_for(one: KnownPerson, flows: Sequence[FlowDefinition], call: Call) -> bool:
    return one.id != call.principal.id and any(flow.who.selects(one.id, groups=one.groups) for flow in flows)


def _texts_of(one: KnownPerson) -> str:
    return f"{one.name} {one.email}".casefold()
