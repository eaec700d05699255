"""Whom Nightlatch has met: people are noted when they come, and when something of them has changed."""

from nightlatch.domain.people import KnownPerson, meet
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports import Clock, People, UnitOfWork


class Acquaintances:
    """The use cases around people."""

    def __init__(self, *, unit_of_work: UnitOfWork, people: People, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._people = people
        self._clock = clock

    def note(self, call: Call) -> None:
        """Note who calls, unless that is known."""
        despite_rivals(lambda: self._note(call))

    def all(self) -> list[KnownPerson]:
        """Read everybody whom Nightlatch has met."""
        return self._people.people()

    def _note(self, call: Call) -> None:
        if change := meet(call.principal, self._people.person(call.principal.id), at=self._clock()):
            self._unit_of_work.commit(change, origin=call.origin)
