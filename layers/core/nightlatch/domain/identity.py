"""Who somebody is: an issuer and a subject, never an e-mail address. Names and e-mails are labels."""

import base64
import hashlib
import json
from enum import StrEnum

from nightlatch.domain.value import Instant, Value


class Role(StrEnum):
    """What a person may do beyond asking for access. Approvers are named by flows, not by a role."""

    REQUESTER = "requester"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SERVICE = "service"


class ActorType(StrEnum):
    """What kind of actor caused an event."""

    USER = "user"
    SERVICE = "service"
    SYSTEM = "system"


class Actor(Value):
    """Whoever caused something, as the ledger names them."""

    type: ActorType
    id: str
    name: str = ""
    email: str = ""


SYSTEM = Actor.model_construct(type=ActorType.SYSTEM, id="nightlatch", name="Nightlatch")
"""Nightlatch itself: what its schedules, streams and automatic decisions do."""


class Person(Value):
    """A person or service as a request remembers them."""

    id: str
    name: str
    email: str = ""


class Principal(Value):
    """The authenticated caller of one request. `groups` come from the identity provider, `roles` from the settings.

    `sign_in` tells the caller's sign-ins apart, where the token does: it is the same in all tokens of one session.
    `signed_in_at` is when the identity provider last asked them who they are; None when it does not say.
    """

    issuer: str
    subject: str
    name: str = ""
    email: str = ""
    groups: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset({Role.REQUESTER})
    sign_in: str | None = None
    signed_in_at: Instant | None = None

    @property
    def id(self) -> str:
        """The principal's stable, opaque id: a hash of (issuer, subject), so that no label can collide with it."""
        digest = hashlib.sha256(json.dumps([self.issuer, self.subject]).encode()).digest()
        return "usr_" + base64.b32encode(digest[:16]).decode().rstrip("=").lower()

    @property
    def is_service(self) -> bool:
        """Whether this is a machine (client credentials): it may ask and read, never approve."""
        return Role.SERVICE in self.roles

    @property
    def label(self) -> str:
        """The most readable thing we know them by."""
        return self.name or self.email or self.subject

    def has(self, *roles: Role) -> bool:
        """Whether the principal holds any of `roles`."""
        return not self.roles.isdisjoint(roles)

    def as_actor(self) -> Actor:
        """Name this principal in an event."""
        kind = ActorType.SERVICE if self.is_service else ActorType.USER
        return Actor(type=kind, id=self.id, name=self.label, email=self.email)

    def as_person(self) -> Person:
        """Name this principal in a request."""
        return Person(id=self.id, name=self.label, email=self.email)
