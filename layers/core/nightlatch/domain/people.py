"""People whom Nightlatch has met: what it knows of them when they are not there themselves."""

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.identity import Principal, Role
from nightlatch.domain.value import Entity, Instant

SIGN_INS_KEPT = 8
"""Somebody may be signed in from so many places at once without any of them being told again."""


class KnownPerson(Entity):
    """A person or service as it last signed in. `groups` decide whether approved access may still begin.

    `sign_ins` are the last that were told, so that each is told once.
    """

    id: str
    issuer: str
    subject: str
    name: str
    email: str = ""
    groups: tuple[str, ...] = ()
    is_service: bool = False
    seen_at: Instant
    sign_ins: tuple[str, ...] = ()

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
    new_sign_ins = _new_sign_ins(principal, known)
    sign_ins = ((known.sign_ins if known else ()) + new_sign_ins)[-SIGN_INS_KEPT:]
    if known is None:
        met = KnownPerson(
            id=principal.id,
            issuer=principal.issuer,
            subject=principal.subject,
            seen_at=at,
            sign_ins=sign_ins,
            **facts,
        )
        changed = list(facts)
    else:
        changed = [name for name, value in facts.items() if getattr(known, name) != value]
        if not changed and not new_sign_ins:
            return None
        met = known.changed(**facts, seen_at=at, sign_ins=sign_ins)
    noted = (_noted(met, principal, changed),) if changed else ()
    signed_in = tuple(_about(EventType.LOGIN_SUCCESS, "signed in", met, principal, at=at) for _ in new_sign_ins)
    return Change(met, (*noted, *signed_in))


def leave(principal: Principal, known: KnownPerson, *, at: Instant) -> Change[KnownPerson]:
    """Note that somebody signs out."""
    event = _about(EventType.LOGOUT, "signed out", known, principal, at=at)
    return Change(known.changed(seen_at=at), (event,))


def _new_sign_ins(principal: Principal, known: KnownPerson | None) -> tuple[str, ...]:
    if principal.sign_in is None or (known and principal.sign_in in known.sign_ins):
        return ()
    return (principal.sign_in,)


def _noted(person: KnownPerson, principal: Principal, changed: list[str]) -> AuditEvent:
    return AuditEvent(
        event_type=EventType.USER_CREATED if person.version == 1 else EventType.USER_UPDATED,
        timestamp=person.seen_at,
        actor=principal.as_actor(),
        resource=ResourceReference(type="user", id=person.id, name=person.name),
        description=f"{person.name} came for the first time"
        if person.version == 1
        else f"{person.name} changed: {', '.join(changed)}",
        details={"changed": [*changed], "groups": [*person.groups]},
    )


def _about(event_type: EventType, did: str, person: KnownPerson, principal: Principal, *, at: Instant) -> AuditEvent:
    return AuditEvent(
        event_type=event_type,
        timestamp=at,
        actor=principal.as_actor(),
        resource=ResourceReference(type="user", id=person.id, name=person.name),
        description=f"{person.name} {did}",
        details={"issuer": principal.issuer, "session": principal.sign_in},
    )
