"""Whom Nightlatch has met: people are noted when they come, and when something of them has changed."""

from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.people import KnownPerson, leave, meet
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.facts import People
from nightlatch.services.ports.writing import UnitOfWork

SIGN_INS_REMEMBERED = 1000


class Acquaintances:
    """The use cases around people. Remembers which sign-ins it has noted, so that hardly a call has to look."""

    def __init__(self, *, unit_of_work: UnitOfWork, people: People, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._people = people
        self._clock = clock
        self._noted: set[tuple[str, str]] = set()

    def welcome(self, call: Call) -> None:
        """Note who calls when it is the first call here since they signed in."""
        if call.principal.sign_in is None:
            return
        sign_in = (call.principal.id, call.principal.sign_in)
        if sign_in in self._noted:
            return
        self.note(call)
        if len(self._noted) == SIGN_INS_REMEMBERED:
            self._noted.clear()
        self._noted.add(sign_in)

    def note(self, call: Call) -> None:
        """Note who calls, unless that is known."""
        despite_rivals(lambda: self._note(call))

    def sign_out(self, call: Call) -> None:
        """Note that the caller signs out. Their token is good until it ends: it is the issuer's, not ours."""
        self.note(call)
        despite_rivals(lambda: self._sign_out(call))

    def all(self) -> list[KnownPerson]:
        """Read everybody whom Nightlatch has met."""
        return self._people.people()

    def show(self, person_id: str) -> KnownPerson:
        """Read what is known of one."""
        known = self._people.person(person_id)
        if known is None:
            raise NotFoundError(f"nobody is known as {person_id}")
        return known

    def _note(self, call: Call) -> None:
        if change := meet(call.principal, self._people.person(call.principal.id), at=self._clock()):
            self._unit_of_work.commit(change, origin=call.origin)

    def _sign_out(self, call: Call) -> None:
        known = self._people.person(call.principal.id)
        if known is None or call.earlier_result(self._unit_of_work) is not None:
            return
        change = leave(call.principal, known, at=self._clock())
        self._unit_of_work.commit(change, origin=call.origin, receipt=call.receipt(known.id))
