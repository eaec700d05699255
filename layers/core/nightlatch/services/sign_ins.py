"""Sign-ins that were refused: tokens that are valid, but not for us."""

from nightlatch.domain.audit_event import AuditEvent, EventType, Origin, ResourceReference
from nightlatch.domain.identity import Actor, ActorType, Principal
from nightlatch.domain.tally import Tally, TallyKind
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.sequencing import Tallies

SOMEBODY = Actor.model_construct(type=ActorType.USER, id="unknown")
"""Whoever sent a token that does not say whose it is."""


class SignIns:
    """Counts refused tokens: one event for each person and five minutes, however often and from wherever they come."""

    def __init__(self, *, tallies: Tallies, clock: Clock) -> None:
        self._tallies = tallies
        self._clock = clock

    def refused(self, whose: Principal | None, *, reason: str, origin: Origin) -> None:
        """Count one refusal. `whose` is whom the token names, None when it names nobody."""
        actor = whose.as_actor() if whose else SOMEBODY
        event = AuditEvent(
            event_type=EventType.LOGIN_FAILED,
            timestamp=self._clock(),
            actor=actor,
            resource=ResourceReference(type="user", id=actor.id, name=actor.name),
            description=f"a token of {actor.name or 'somebody unknown'} was refused",
            details={"issuer": whose.issuer} if whose else {},
        )
        notes = {"reasons": reason, "addresses": origin.ip_address}
        self._tallies.count(Tally.of(TallyKind.REFUSED_TOKENS, event, about=actor.id, origin=origin, notes=notes))
