"""What the events of a request tell of it: who asked, for what, under which flow."""

import hashlib
import json
from collections.abc import Iterable

from pydantic import ConfigDict, ValidationError

from nightlatch.domain.anomaly import NamedFlow, NamedResource
from nightlatch.domain.audit_settings import PrincipalId
from nightlatch.domain.detectors.choices import RiskWords
from nightlatch.domain.detectors.matching import found_in_any
from nightlatch.domain.identity import ActorType, Person
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value


class AskedItem(Value):
    """One permission on one resource."""

    resource_type: str
    resource_id: str
    resource: str
    tags: tuple[str, ...] = ()
    permission: str

    model_config = ConfigDict(extra="ignore")

    @property
    def place(self) -> tuple[str, str]:
        """The resource, whatever the permission."""
        return self.resource_type, self.resource_id

    def sensitive_by(self, words: RiskWords) -> str | None:
        """Return the word that makes the resource sensitive."""
        return found_in_any((self.resource, *self.tags), words.sensitive)


class AskedFlow(NamedFlow):
    """The flow, of which some events tell more."""

    model_config = ConfigDict(extra="ignore")


class Asked(Value):
    """A request as its events tell of it."""

    requester: Person
    items: tuple[AskedItem, ...]
    flow: AskedFlow | None = None

    model_config = ConfigDict(extra="ignore")

    @property
    def under(self) -> NamedFlow | None:
        """Name the flow."""
        return NamedFlow(**dict(self.flow)) if self.flow else None

    @property
    def resources(self) -> tuple[NamedResource, ...]:
        """Name what was asked for."""
        return tuple(
            NamedResource(type=one.resource_type, id=one.resource_id, name=one.resource, permission=one.permission)
            for one in self.items
        )

    def is_sensitive(self, words: RiskWords) -> bool:
        """Whether any of its resources is sensitive."""
        return any(item.sensitive_by(words) for item in self.items)


def asked_in(entry: LedgerEntry, *, exempt: Iterable[PrincipalId] = ()) -> Asked | None:
    """Read what an entry tells of a request.

    None when it tells of none, when another system told of it, or when it was asked by or for somebody exempt.
    """
    asked = _read(entry) if entry.request_id and entry.integration and not entry.foreign_id else None
    if asked is None or not {asked.requester.id, entry.actor.id}.isdisjoint(exempt):
        return None
    return asked


def places_of(entry: LedgerEntry, asked: Asked) -> dict[str, list[AskedItem]]:
    """Sort the items by resource, each under the requester's name at it, hashed: names may be of any length."""
    places: dict[str, list[AskedItem]] = {}
    for item in asked.items:
        content = json.dumps([asked.requester.id, entry.integration, *item.place])
        places.setdefault(hashlib.sha256(content.encode()).hexdigest()[:32], []).append(item)
    return places


def actor_in(entry: LedgerEntry, requester: Person | None = None) -> Person | None:
    """Name who did what an entry tells of, unless that is Nightlatch or the requester."""
    actor = entry.actor
    if actor.type is ActorType.SYSTEM or (requester and actor.id == requester.id):
        return None
    return Person(id=actor.id, name=actor.name, email=actor.email)


def is_a_persons(entry: LedgerEntry) -> bool:
    """Whether a person did it, not a service and not Nightlatch."""
    return entry.actor.type is ActorType.USER


def _read(entry: LedgerEntry) -> Asked | None:
    try:
        return Asked.model_validate(entry.details)
    except ValidationError:
        return None
