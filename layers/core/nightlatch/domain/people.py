"""People whom Nightlatch has met: what it knows of them when they are not there themselves."""

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.identity import Principal, Role
from nightlatch.domain.value import Entity, Instant


class KnownPerson(Entity):
    """A person or service as it last signed in. `groups` decide whether approved access may still begin."""

    id: str
    issuer: str
    subject: str
    name: str
    email: str = ""
    groups: tuple[str, ...] = ()
    is_service: bool = False
    seen_at: Instant

    def as_principal(self) -> Principal:
        """Stand in for the person. Without the roles of an administrator: those are only for who is there."""
        roles = {Role.REQUESTER, Role.SERVICE} if self.is_service else {Role.REQUESTER}
        return Principal(
            issuer=self.issuer,
            subject=self.subject,
            name=self.name,
            email=self.email,
            groups=frozenset(self.groups),
            roles=frozenset(roles),
        )


def meet(principal: Principal, known: KnownPerson | None, *, at: Instant) -> Change[KnownPerson] | None:
    """Note who is here; None when that is what we knew."""
    facts = {
        "name": principal.label,
        "email": principal.email,
        "groups": tuple(sorted(principal.groups)),
        "is_service": principal.is_service,
    }
    if known is None:
        met = KnownPerson(
            id=principal.id,
            issuer=principal.issuer,
            subject=principal.subject,
            seen_at=at,
            **facts,
        )
        return Change(met, (_event(EventType.USER_CREATED, met, principal, list(facts)),))
    changed = [name for name, value in facts.items() if getattr(known, name) != value]
    if not changed:
        return None
    met = known.changed(**facts, seen_at=at)
    return Change(met, (_event(EventType.USER_UPDATED, met, principal, changed),))


def _event(event_type: EventType, person: KnownPerson, principal: Principal, changed: list[str]) -> AuditEvent:
    return AuditEvent(
        event_type=event_type,
        timestamp=person.seen_at,
        actor=principal.as_actor(),
        resource=ResourceReference(type="user", id=person.id, name=person.name),
        description=f"{person.name} signed in"
        if person.version == 1
        else f"{person.name} changed: {', '.join(changed)}",
        details={"changed": [*changed], "groups": [*person.groups]},
    )
