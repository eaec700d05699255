"""A session of the console: what stands for a sign-in in a browser, and when it is over.

The browser holds a secret; only its hash is stored. Tokens of the identity provider are not kept at all.
"""

from datetime import datetime, timedelta

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.identity import Principal, Role
from nightlatch.domain.value import Entity, Instant

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
NOTED_EVERY = timedelta(minutes=1)
"""So exactly is it known when a session was last used: each note is a write."""


class Session(Entity):
    """One browser's sign-in. `id` is the hash of its secret; `form_token` must come back with every form."""

    id: str
    person_id: str
    issuer: str
    subject: str
    name: str
    email: str = ""
    groups: tuple[str, ...] = ()
    sign_in: str | None = None
    signed_in_at: Instant | None = None
    form_token: str
    ip_address: str | None = None
    user_agent: str | None = None
    began_at: Instant
    seen_at: Instant

    @property
    def ends_at(self) -> datetime:
        """When it is over, however much it is used."""
        return self.began_at + ABSOLUTE

    @property
    def kept_until(self) -> datetime:
        """Until when it is stored."""
        return self.ends_at

    def is_over(self, at: datetime) -> bool:
        """Whether it was used too long ago, or began too long ago."""
        return at >= self.ends_at or at - self.seen_at >= IDLE

    def needs_note(self, at: datetime) -> bool:
        """Whether its use is to be noted."""
        return at - self.seen_at >= NOTED_EVERY

    def principal(self, roles: frozenset[Role]) -> Principal:
        """Say who is signed in, with the roles that the groups have now."""
        return Principal(
            issuer=self.issuer,
            subject=self.subject,
            name=self.name,
            email=self.email,
            groups=frozenset(self.groups),
            roles=roles,
            sign_in=self.sign_in,
            signed_in_at=self.signed_in_at,
        )

    def ended(self, by: Principal, *, at: datetime) -> AuditEvent:
        """Tell that it was ended by its person, from here or from another session."""
        return AuditEvent(
            event_type=EventType.LOGOUT,
            timestamp=at,
            actor=by.as_actor(),
            resource=ResourceReference(type="user", id=self.person_id, name=self.name),
            description=f"{self.name} signed out",
            details={"issuer": self.issuer, "session": self.sign_in},
        )
