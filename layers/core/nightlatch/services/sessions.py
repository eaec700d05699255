"""Sessions of the console: begin one, find whose it is, list them, end them."""

import hashlib
import secrets
from datetime import datetime
from typing import NamedTuple

from nightlatch.domain.audit_event import Origin
from nightlatch.domain.change import Change, together
from nightlatch.domain.errors import NotFoundError, RivalChangeError
from nightlatch.domain.identity import Principal
from nightlatch.domain.people import meet
from nightlatch.domain.session import Session
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.facts import People
from nightlatch.services.ports.sessions import StoredSessions
from nightlatch.services.ports.writing import UnitOfWork

SECRET_BYTES = 32


class Begun(NamedTuple):
    """A session that began, and what its browser is given: the only place where the secret is."""

    session: Session
    cookie: str


class Sessions:
    """The use cases around sessions. A cookie is `<person>.<secret>`: the one says where to look, the other proves."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        sessions: StoredSessions,
        people: People,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._sessions = sessions
        self._people = people
        self._clock = clock
        self._randomness = randomness

    def begin(self, principal: Principal, *, origin: Origin) -> Begun:
        """Begin a session, and note in the same transaction who came."""
        secret = self._randomness(SECRET_BYTES).hex()
        session = Session(
            id=_hashed(secret),
            person_id=principal.id,
            issuer=principal.issuer,
            subject=principal.subject,
            name=principal.label,
            email=principal.email,
            groups=tuple(sorted(principal.groups)),
            sign_in=principal.sign_in,
            signed_in_at=principal.signed_in_at,
            form_token=self._randomness(SECRET_BYTES).hex(),
            ip_address=origin.ip_address,
            user_agent=origin.user_agent,
            began_at=(now := self._clock()),
            seen_at=now,
        )
        despite_rivals(lambda: self._commit(session, principal, origin, at=now))
        return Begun(session, f"{principal.id}.{secret}")

    def current(self, cookie: str, *, origin: Origin, is_use: bool = True) -> Session | None:
        """Find the session that a cookie stands for; None when there is none, or it is over.

        What a page asks for by itself is no use of it: nobody stays signed in because a page is left open.
        """
        person_id, _, secret = cookie.partition(".")
        session = self._sessions.session(person_id, _hashed(secret)) if person_id and secret else None
        now = self._clock()
        if session is None or session.is_over(now):
            return None
        return self._noted(session, now, origin) if is_use and session.needs_note(now) else session

    def of(self, person_id: str) -> list[Session]:
        """List the sessions of a person that are not over, the latest first."""
        now = self._clock()
        known = [session for session in self._sessions.sessions_of(person_id) if not session.is_over(now)]
        return sorted(known, key=lambda session: session.seen_at, reverse=True)

    def end(self, session_id: str, call: Call) -> None:
        """End one of the caller's own sessions."""
        despite_rivals(lambda: self._end(session_id, call))

    def _commit(self, session: Session, principal: Principal, origin: Origin, *, at: datetime) -> None:
        meeting = meet(principal, self._people.person(principal.id), at=at)
        change = together(Change(session), meeting) if meeting else Change(session)
        self._unit_of_work.commit(change, origin=origin)

    def _noted(self, session: Session, now: datetime, origin: Origin) -> Session:
        seen = session.changed(seen_at=now)
        try:
            self._unit_of_work.commit(Change(seen), origin=origin)
        except RivalChangeError:  # another call of this browser noted it, or it was ended: the next call will see
            return session
        return seen

    def _end(self, session_id: str, call: Call) -> None:
        session = self._sessions.session(call.principal.id, session_id)
        if session is None:
            raise NotFoundError(f"no session {session_id}")
        event = session.ended(call.principal, at=self._clock())
        self._unit_of_work.record(event, origin=call.origin, ending=[session])


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare secrets in a time that tells nothing of them."""
    return secrets.compare_digest(one.encode(), other.encode())
