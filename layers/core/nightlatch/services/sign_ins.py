"""Sign-ins that failed: at the user pool, and here, with tokens that are valid but not for us."""

from datetime import datetime

from nightlatch.domain.audit_event import AuditEvent, EventType, Origin, ResourceReference, Source
from nightlatch.domain.identity import Actor, ActorType, Principal
from nightlatch.domain.tally import LONGEST_SIGN_IN, Tally, TallyKind
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.tallies import Tallies

SOMEBODY = Actor.model_construct(type=ActorType.USER, id="unknown")
"""Whoever sent a token that does not say whose it is."""

BY_THE_USER_POOL = Origin.model_construct(source=Source.SYSTEM)
"""A user pool does not say from where somebody signs in."""


class SignIns:
    """Counts failures: one event for each person and five minutes, however often and from wherever they come.

    The user pool says that somebody tries, and that somebody gets tokens, and nothing when they do not. So every
    attempt is counted, tokens are counted against it, and what is left when the window is closed has failed.
    """

    def __init__(self, *, tallies: Tallies, clock: Clock) -> None:
        self._tallies = tallies
        self._clock = clock

    def refused(self, whose: Principal | None, *, reason: str, origin: Origin) -> None:
        """Count one refusal. `whose` is whom the token names, None when it names nobody."""
        event = _failed(whose, "a token of {} was refused", at=self._clock())
        notes = {"reasons": reason, "addresses": origin.ip_address}
        tally = Tally.of(TallyKind.REFUSED_TOKENS, event, about=event.actor.id, origin=origin, notes=notes)
        self._tallies.count(tally)

    def attempted(self, whose: Principal | None, *, client: str) -> None:
        """Count an attempt to sign in, of which nobody knows yet what comes of it; None when there is no such user."""
        self._tallies.count(_attempt(whose, client=client, at=self._clock()))

    def succeeded(self, whose: Principal) -> None:
        """Count tokens that were given against the attempt that led to them, in this window or the one before."""
        now = self._clock()
        for at in (now, now - LONGEST_SIGN_IN):
            if self._tallies.count_tokens(_attempt(whose, client="", at=at)):
                return


def _attempt(whose: Principal | None, *, client: str, at: datetime) -> Tally:
    event = _failed(whose, "somebody tried to sign in as {} and did not get in", at=at)
    kind = TallyKind.SIGN_INS if whose else TallyKind.UNKNOWN_SIGN_INS
    return Tally.of(kind, event, about=event.actor.id, origin=BY_THE_USER_POOL, notes={"clients": client})


def _failed(whose: Principal | None, saying: str, *, at: datetime) -> AuditEvent:
    actor = whose.as_actor() if whose else SOMEBODY
    return AuditEvent(
        event_type=EventType.LOGIN_FAILED,
        timestamp=at,
        actor=actor,
        resource=ResourceReference(type="user", id=actor.id, name=actor.name),
        description=saying.format(actor.name or "somebody unknown"),
        details={"issuer": whose.issuer} if whose else {},
    )
