"""The store in memory: every storage port at once, refusing what DynamoDB refuses.

The suites in tests/integration/aws run on it and on the real adapters alike.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any, TypeVar

from nightlatch.domain.access_flow import AccessFlow, FlowRegister, FlowsInForce
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.audit_event import AuditEvent, Origin
from nightlatch.domain.change import Change
from nightlatch.domain.errors import (
    DuplicateRequestError,
    LimitReachedError,
    NotFoundError,
    RequestNotFoundError,
    RivalChangeError,
)
from nightlatch.domain.grant import Grant
from nightlatch.domain.identifier import RANDOM_BYTES, uuid7
from nightlatch.domain.integration import Integration, Resource
from nightlatch.domain.lease import Lease
from nightlatch.domain.ledger import Head, LedgerEntry, PendingEvent
from nightlatch.domain.people import KnownPerson
from nightlatch.domain.seal import SealState
from nightlatch.domain.value import Entity
from nightlatch.services.ports import Clock, DueRequest, Known, LedgerIndex, Randomness, Receipt, RequestFilter, Wanted

E = TypeVar("E", bound=Entity)
Key = tuple[type[Entity], str]

LIMIT = 100
RECEIPTS_KEPT = timedelta(hours=24)
FOR_EVER = None
REGISTER = "register"
SEAL = "seal"


@dataclass
class InMemoryStore:
    """Implements UnitOfWork, Requests, Flows, Catalogue, Outbox, Ledger and Seals over plain dictionaries."""

    clock: Clock
    random: Randomness
    retention: timedelta = timedelta(days=90)
    open_requests: int = 25
    entities: dict[Key, Entity] = field(default_factory=dict)
    flow_versions: dict[str, list[AccessFlow]] = field(default_factory=dict)
    found: dict[str, dict[tuple[str, str], Resource]] = field(default_factory=dict)
    outbox: dict[str, PendingEvent] = field(default_factory=dict)
    ledger: dict[int, LedgerEntry] = field(default_factory=dict)
    chain: Head = field(default_factory=Head)
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    expiries: dict[Key | tuple[str, str], datetime | None] = field(default_factory=dict)

    # UnitOfWork

    def commit(self, change: Change[Any], *, origin: Origin, receipt: Receipt | None = None) -> None:
        """Check everything, then write everything."""
        self._refuse_too_much(change, receipt)
        for entity in change.entities:
            self._require(key_of(entity), entity.version - 1)
        written = {key_of(entity) for entity in change.entities}
        for entity in change.given:
            if key_of(entity) not in written:
                self._require(key_of(entity), entity.version)
        self._refuse_crowding(change)
        if receipt and self.receipt(receipt.principal_id, receipt.key):
            raise RivalChangeError(f"{receipt.key} was changed by somebody else meanwhile")
        for entity in change.entities:
            self._put(entity, beside=(*change.entities, *change.given))
        if receipt:
            key = (receipt.principal_id, receipt.key)
            self.receipts[key], self.expiries[key] = receipt, self.clock() + RECEIPTS_KEPT
        self.record(*change.events, origin=origin)

    def record(self, *events: AuditEvent, origin: Origin) -> None:
        """Put the events into the outbox."""
        for index, event in enumerate(events):
            event_id = str(uuid7(event.timestamp, index=index, random=self.random(RANDOM_BYTES)))
            self.outbox[event_id] = PendingEvent.of(event, event_id=event_id, origin=origin)

    def receipt(self, principal_id: str, key: str) -> Receipt | None:
        """Find a receipt that is still kept."""
        return self.receipts.get((principal_id, key)) if self._is_live((principal_id, key)) else None

    def _require(self, key: Key, version: int) -> None:
        stored = self.entities[key].version if key in self.entities else 0
        if stored != version:
            raise RivalChangeError(f"{key[0].__name__} {key[1]} was changed by somebody else meanwhile")

    def _refuse_crowding(self, change: Change[Any]) -> None:
        opening = [entity for entity in change.entities if isinstance(entity, AccessRequest) and _opens(entity)]
        for request in opening:
            places = self.open_of(request.requester.id)
            taken = places.get(request.content_key, request.id)
            if taken != request.id:
                raise DuplicateRequestError(taken)
            if len(places) + len(opening) > self.open_requests:
                raise LimitReachedError(f"{request.requester.name} has {self.open_requests} open requests")

    def _refuse_too_much(self, change: Change[Any], receipt: Receipt | None) -> None:
        flows = [entity for entity in change.entities if isinstance(entity, AccessFlow)]
        checked = {key_of(entity) for entity in change.given} - {key_of(entity) for entity in change.entities}
        moving = {
            entity.requester.id
            for entity in change.entities
            if isinstance(entity, AccessRequest) and (_opens(entity) or entity.has_just_closed)
        }
        size = sum(map(len, (change.entities, flows, checked, moving, change.events))) + bool(receipt)
        if size > LIMIT:
            raise ValueError(f"{size} items are more than a transaction can write ({LIMIT})")

    def _put(self, entity: Entity, *, beside: Sequence[Entity]) -> None:
        self.entities[key_of(entity)] = entity
        self.expiries[key_of(entity)] = self._expiry(entity, beside)
        if isinstance(entity, AccessFlow):
            self.flow_versions.setdefault(entity.id, []).append(entity)

    def _expiry(self, entity: Entity, beside: Sequence[Entity]) -> datetime | None:
        requests = [other for other in (entity, *beside) if isinstance(other, AccessRequest)]
        if isinstance(entity, Lease) and entity.is_nobodys:
            return next((request.updated_at + self.retention for request in requests), FOR_EVER)
        wanted_id = key_of(entity)[1] if isinstance(entity, AccessRequest | Grant) else None
        closed = (one.closed_at + self.retention for one in requests if one.id == wanted_id and one.closed_at)
        return next(closed, FOR_EVER)

    def _is_live(self, key: Key | tuple[str, str]) -> bool:
        expires_at = self.expiries.get(key, FOR_EVER)
        return expires_at is FOR_EVER or expires_at > self.clock()

    # Requests

    def request(self, request_id: str) -> AccessRequest:
        """Read a request."""
        try:
            return self._live(AccessRequest, request_id, f"there is no request {request_id}")
        except NotFoundError as error:
            raise RequestNotFoundError(str(error)) from error

    def grant(self, request_id: str) -> Grant:
        """Read a grant."""
        return self._live(Grant, request_id, f"request {request_id} has no grant")

    def open_of(self, person_id: str) -> dict[str, str]:
        """Read somebody's open requests, by their content."""
        requests = (one for one in self._all(AccessRequest) if one.is_open and one.requester.id == person_id)
        return {request.content_key: request.id for request in requests}

    def find(self, wanted: RequestFilter) -> Iterator[AccessRequest]:
        """Find requests, newest first."""
        return filter(wanted.admits, self.candidates(wanted))

    def candidates(self, wanted: RequestFilter) -> Iterator[AccessRequest]:
        """Read every request of the wanted time: it is as if there were no index but the one by month."""
        timed = RequestFilter(since=wanted.since, until=wanted.until, before_id=wanted.before_id)
        for request in sorted(self._all(AccessRequest), key=lambda request: request.id, reverse=True):
            if timed.admits(request) and self._is_live(key_of(request)):
                yield request

    def due(self, at: datetime) -> Iterator[DueRequest]:
        """List what is overdue, longest overdue first."""
        waiting = [
            (request.due_at, request.id, request.integration.id)
            for request in self._all(AccessRequest)
            if request.due_at and request.due_at <= at
        ]
        return (
            DueRequest(request_id, integration_id, due_at) for due_at, request_id, integration_id in sorted(waiting)
        )

    def quarantined(self) -> int:
        """Count what is quarantined."""
        return sum(request.quarantined and request.due_at is not None for request in self._all(AccessRequest))

    def leases(self, grant: Grant) -> tuple[Lease, ...]:
        """Read the leases of a grant."""
        wanted = (
            Lease(integration_id=grant.integration_id, person_id=grant.intent.holder_id, entitlement=entitlement)
            for entitlement in dict.fromkeys(grant.intent.entitlements)
        )
        return tuple(self._one(Lease, key_of(lease)[1]) or lease for lease in wanted)

    # Flows

    def in_force(self) -> FlowsInForce:
        """Read the flows in force."""
        register = self._one(FlowRegister, REGISTER) or FlowRegister()
        flows = (flow for flow in self._all(AccessFlow) if not flow.is_deleted)
        return FlowsInForce(register, tuple(sorted(flows, key=lambda flow: flow.id)))

    def one(self, flow_id: str) -> AccessFlow | None:
        """Read a flow in force."""
        flow = self._one(AccessFlow, flow_id)
        return flow if flow and not flow.is_deleted else None

    def versions(self, flow_id: str) -> list[AccessFlow]:
        """Read every version, newest first."""
        return self.flow_versions.get(flow_id, [])[::-1]

    # People and Facts

    def person(self, person_id: str) -> KnownPerson | None:
        """Read a person."""
        return self._one(KnownPerson, person_id)

    def people(self) -> list[KnownPerson]:
        """Read everybody."""
        return sorted(self._all(KnownPerson), key=lambda person: person.id)

    def known(self, wanted: Wanted) -> Known:
        """Read all that is wanted."""
        integrations = {name: self.integration(name) for name in wanted.integrations}
        resources = {key: self.resource(*key) for key in wanted.resources}
        people = {name: self.person(name) for name in wanted.people}
        return Known(
            integrations={name: found for name, found in integrations.items() if found},
            resources={key: found for key, found in resources.items() if found},
            people={name: found for name, found in people.items() if found},
            receipt=self.receipt(*wanted.receipt) if wanted.receipt else None,
        )

    # Catalogue

    def integrations(self) -> list[Integration]:
        """Read the integrations."""
        return sorted(self._all(Integration), key=lambda integration: integration.id)

    def integration(self, integration_id: str) -> Integration | None:
        """Read an integration."""
        return self._one(Integration, integration_id)

    def resources(self, integration_id: str) -> list[Resource]:
        """Read what was found."""
        return [resource for _, resource in sorted(self.found.get(integration_id, {}).items())]

    def resource(self, integration_id: str, resource_type: str, resource_id: str) -> Resource | None:
        """Read one thing that was found."""
        return self.found.get(integration_id, {}).get((resource_type, resource_id))

    def replace_resources(self, integration_id: str, resources: Iterable[Resource]) -> None:
        """Replace what was found."""
        self.found[integration_id] = {(resource.type, resource.id): resource for resource in resources}

    # Outbox and Ledger

    def head(self) -> Head:
        """Say where the chain stands."""
        return self.chain

    def pending(self, *, limit: int) -> list[PendingEvent]:
        """Read what waits, oldest first."""
        return [event for _, event in sorted(self.outbox.items())][:limit]

    def append(self, entries: Sequence[LedgerEntry], *, after: Head, head: Head) -> None:
        """Check everything, then move it."""
        if 1 + 2 * len(entries) > LIMIT:
            raise ValueError(f"{1 + 2 * len(entries)} items are more than a transaction can write ({LIMIT})")
        stands = (self.chain.seq, self.chain.hash) == (after.seq, after.hash)
        if not stands or any(entry.seq in self.ledger or entry.event_id not in self.outbox for entry in entries):
            raise RivalChangeError("LEDGER HEAD was changed by somebody else meanwhile")
        self.chain = head
        for entry in entries:
            self.ledger[entry.seq] = entry
            del self.outbox[entry.event_id]

    def entry(self, seq: int) -> LedgerEntry | None:
        """Read an entry."""
        return next(iter(self.by_numbers([seq])), None)

    def entries(self, first: int, last: int, *, newest_first: bool = False) -> Iterator[LedgerEntry]:
        """Read entries in order."""
        numbers = (seq for seq in sorted(self.ledger, reverse=newest_first) if first <= seq <= last)
        return iter(self.by_numbers(numbers))

    def by_numbers(self, numbers: Iterable[int]) -> list[LedgerEntry]:
        """Read these entries, in this order."""
        entries = (self.ledger.get(seq) for seq in numbers)
        return [entry for entry in entries if entry and entry.recorded_at + self.retention > self.clock()]

    def indexed(self, index: LedgerIndex, value: str, first: int, last: int) -> Iterator[int]:
        """List numbers, highest first."""
        for seq in sorted(self.ledger, reverse=True):
            if first <= seq <= last and _index_values(self.ledger[seq])[index] == value:
                yield seq

    # Seals

    def seal_state(self) -> SealState:
        """Read where sealing stands."""
        return self._one(SealState, SEAL) or SealState()

    # Within

    def _all(self, kind: type[E]) -> list[E]:
        return [entity for entity in self.entities.values() if isinstance(entity, kind)]

    def _one(self, kind: type[E], entity_id: str) -> E | None:
        entity = self.entities.get((kind, entity_id))
        return entity if isinstance(entity, kind) else None

    def _live(self, kind: type[E], entity_id: str, otherwise: str) -> E:
        entity = self._one(kind, entity_id)
        if entity is None or not self._is_live((kind, entity_id)):
            raise NotFoundError(otherwise)
        return entity


def key_of(entity: Entity) -> Key:
    """Name an entity by kind and id; a grant goes by its request's."""
    if isinstance(entity, Grant):
        return Grant, entity.request_id
    if isinstance(entity, Lease):
        return Lease, repr((entity.integration_id, entity.person_id, *dict(entity.entitlement).values()))
    if isinstance(entity, FlowRegister):
        return FlowRegister, REGISTER
    if isinstance(entity, SealState):
        return SealState, SEAL
    if isinstance(entity, AccessRequest | AccessFlow | Integration | KnownPerson):
        return type(entity), entity.id
    raise TypeError(f"{type(entity).__name__} has no place in the store")


def _opens(request: AccessRequest) -> bool:
    return request.version == 1 and request.is_open


def predictable(seed: int = 0) -> Randomness:
    """Make a source of bytes that is the same in every run, repeats nothing and follows no order."""
    counter = count(seed)
    return lambda size: sha256(str(next(counter)).encode()).digest()[:size]


def _index_values(entry: LedgerEntry) -> dict[LedgerIndex, str | None]:
    return {
        LedgerIndex.ACTOR: entry.actor.id,
        LedgerIndex.RESOURCE: entry.resource.id if entry.resource.id != entry.request_id else None,
        LedgerIndex.REQUEST: entry.request_id,
        LedgerIndex.TYPE_AND_DAY: f"{entry.event_type}#{entry.recorded_at:%Y-%m-%d}",
    }
