"""The store in memory: every storage port at once, refusing what DynamoDB refuses.

The suites in tests/integration/aws run on it and on the real adapters alike.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any, TypeVar

from nightlatch.domain.access_flow import AccessFlow, FlowRegister, FlowsInForce
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.alert_rule import AlertRule
from nightlatch.domain.anomaly import Anomaly
from nightlatch.domain.anomaly_settings import AnomalySettings
from nightlatch.domain.audit_event import AuditEvent, ForeignEvent, Origin, Severity
from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.change import Change
from nightlatch.domain.delivery import Delivery, Progress
from nightlatch.domain.deployment import Deployment
from nightlatch.domain.destination import Destination
from nightlatch.domain.detection_lane import DetectionLane, DetectorMemory
from nightlatch.domain.errors import (
    DuplicateRequestError,
    LimitReachedError,
    NotFoundError,
    RequestNotFoundError,
    RivalChangeError,
)
from nightlatch.domain.export import Export
from nightlatch.domain.grant import Grant
from nightlatch.domain.identifier import RANDOM_BYTES, uuid7
from nightlatch.domain.identity import SYSTEM
from nightlatch.domain.integration import Integration, Resource
from nightlatch.domain.lease import Lease
from nightlatch.domain.ledger import (
    INGESTED,
    ForeignId,
    Head,
    LedgerEntry,
    OutboxRow,
    PendingEvent,
    UnreadableRow,
    WaitingRow,
)
from nightlatch.domain.people import KnownPerson
from nightlatch.domain.retention_walk import RetentionWalk
from nightlatch.domain.saved_view import SavedViews
from nightlatch.domain.seal import SealState
from nightlatch.domain.session import Session
from nightlatch.domain.tally import Tally
from nightlatch.domain.value import Entity, Perishable
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.deliveries import Standing as DeliveryStanding
from nightlatch.services.ports.facts import Known, Wanted
from nightlatch.services.ports.keeping import Bearings, StoredTime, StoredTimes
from nightlatch.services.ports.requests import DueRequest, RequestFilter
from nightlatch.services.ports.sequencing import Standing, Waiting
from nightlatch.services.ports.trail import LedgerIndex
from nightlatch.services.ports.writing import Receipt

E = TypeVar("E", bound=Entity)
Key = tuple[type[Entity], str]

LIMIT = 100
MOST_EVENTS = 32
RECEIPTS_KEPT = timedelta(hours=24)
FOR_EVER = None
REGISTER = "register"
AUDIT = "audit"
WALK = "walk"
PAGE = 10
DEPLOYMENT = "deployment"
SEAL = "seal"
ANOMALIES = "anomalies"
ONE_OF_A_KIND: dict[type[Entity], str] = {
    FlowRegister: REGISTER,
    AuditSettings: AUDIT,
    AnomalySettings: ANOMALIES,
    RetentionWalk: WALK,
    Deployment: DEPLOYMENT,
    SealState: SEAL,
}


@dataclass
class InMemoryStore:
    """Implements every storage port over plain dictionaries."""

    clock: Clock
    random: Randomness
    retention: timedelta = timedelta(days=90)
    open_requests: int = 25
    entities: dict[Key, Entity] = field(default_factory=dict)
    flow_versions: dict[str, list[AccessFlow]] = field(default_factory=dict)
    found: dict[str, dict[tuple[str, str], Resource]] = field(default_factory=dict)
    outbox: dict[str, WaitingRow] = field(default_factory=dict)
    aside: dict[str, UnreadableRow] = field(default_factory=dict)
    ledger: dict[int, LedgerEntry] = field(default_factory=dict)
    chain: Head = field(default_factory=Head)
    taken: tuple[str, ...] = ()
    rows_at_once: int = 50
    foreign: dict[ForeignId, str] = field(default_factory=dict)
    times: dict[int, datetime] = field(default_factory=dict)
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

    def record(self, *events: AuditEvent | ForeignEvent, origin: Origin, ending: Sequence[Entity] = ()) -> None:
        """Remove what ends, and put the events into the outbox."""
        for entity in ending:
            self._require(key_of(entity), entity.version)
        for entity in ending:
            del self.entities[key_of(entity)]
        pending = [self._pending(index, event, origin) for index, event in enumerate(events)]
        for start in range(0, len(pending), MOST_EVENTS):
            row = OutboxRow(events=tuple(pending[start : start + MOST_EVENTS]))
            self.outbox[row.key] = row

    def _pending(self, index: int, event: AuditEvent | ForeignEvent, origin: Origin) -> PendingEvent:
        waits_from = event.timestamp if isinstance(event, AuditEvent) else self.clock()
        event_id = str(uuid7(waits_from, index=index, random=self.random(RANDOM_BYTES)))
        return PendingEvent.of(event, event_id=event_id, origin=origin)

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
        rows = range(0, len(change.events), MOST_EVENTS)
        size = sum(map(len, (change.entities, flows, checked, moving, rows))) + bool(receipt)
        if size > LIMIT:
            raise ValueError(f"{size} items are more than a transaction can write ({LIMIT})")

    def _put(self, entity: Entity, *, beside: Sequence[Entity]) -> None:
        self.entities[key_of(entity)] = entity
        self.expiries[key_of(entity)] = self._expiry(entity, beside)
        if isinstance(entity, AccessFlow):
            self.flow_versions.setdefault(entity.id, []).append(entity)

    def _expiry(self, entity: Entity, beside: Sequence[Entity]) -> datetime | None:
        if isinstance(entity, Perishable):
            return entity.kept_until
        retention = self.audit_settings().retention
        if isinstance(entity, Anomaly):
            return entity.updated_at + retention
        requests = [other for other in (entity, *beside) if isinstance(other, AccessRequest)]
        if isinstance(entity, Lease) and entity.is_nobodys:
            return next((request.updated_at + retention for request in requests), FOR_EVER)
        wanted_id = key_of(entity)[1] if isinstance(entity, AccessRequest | Grant) else None
        closed = (one.closed_at + retention for one in requests if one.id == wanted_id and one.closed_at)
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

    def candidates(self, wanted: RequestFilter, *, at_first: int = 100) -> Iterator[AccessRequest]:
        """Read every request of the wanted time: it is as if there were no index but the one by month."""
        timed = RequestFilter(since=wanted.since, until=wanted.until, before_id=wanted.before_id)
        for request in sorted(self._all(AccessRequest), key=lambda request: request.id, reverse=True):
            if timed.admits(request) and self._is_live(key_of(request)):
                yield request

    def due(self, at: datetime) -> Iterator[DueRequest]:
        """List what is overdue, longest overdue first."""
        waiting = [
            (request.listed_at, request.id, request.integration.id)
            for request in self._all(AccessRequest)
            if request.listed_at and request.listed_at <= at
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
        flows = (flow for flow in self._all(AccessFlow) if not flow.is_deleted)
        return FlowsInForce(self._flow_register(), tuple(sorted(flows, key=lambda flow: flow.id)))

    def _flow_register(self) -> FlowRegister:
        return self._one(FlowRegister, REGISTER) or FlowRegister()

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

    def session(self, person_id: str, session_id: str) -> Session | None:
        """Read a session."""
        live = (one for one in self.sessions_of(person_id) if one.id == session_id)
        return next(live, None)

    def saved_views(self, person_id: str) -> SavedViews:
        """Read somebody's views."""
        own = (one for one in self._all(SavedViews) if one.person_id == person_id)
        return next(own, SavedViews(person_id=person_id, version=0))

    def sessions_of(self, person_id: str) -> list[Session]:
        """Read somebody's sessions, but none whose time is over."""
        sessions = [one for one in self._all(Session) if one.person_id == person_id and self._is_live(key_of(one))]
        return sorted(sessions, key=lambda session: session.id)

    def known(self, wanted: Wanted) -> Known:
        """Read all that is wanted."""
        integrations = {name: self.integration(name) for name in wanted.integrations}
        resources = {key: self._resource(*key) for key in wanted.resources}
        people = {name: self.person(name) for name in wanted.people}
        return Known(
            integrations={name: found for name, found in integrations.items() if found},
            resources={key: found for key, found in resources.items() if found},
            people={name: found for name, found in people.items() if found},
            receipt=self.receipt(*wanted.receipt) if wanted.receipt else None,
            flows=self._flow_register(),
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

    def replace_resources(self, integration_id: str, resources: Iterable[Resource]) -> None:
        """Replace what was found."""
        self.found[integration_id] = {(resource.type, resource.id): resource for resource in resources}

    # Settings

    def audit_settings(self) -> AuditSettings:
        """Read the audit settings."""
        return self._one(AuditSettings, AUDIT) or AuditSettings(retention=self.retention, by_deployment=True)

    # Tallies and Deployments

    def count(self, tally: Tally) -> None:
        """Count one time more."""
        known = self._one(Tally, key_of(tally)[1])
        self._put(known.with_another(tally) if known else tally, beside=())

    def count_tokens(self, tally: Tally) -> bool:
        """Count that one of these attempts to sign in led to tokens."""
        known = self._one(Tally, key_of(tally)[1])
        if known:
            self._put(known.with_tokens(), beside=())
        return known is not None

    def closed(self, at: datetime) -> Iterator[Tally]:
        """Read what is to be told."""
        closed = [tally for tally in self._all(Tally) if tally.is_closed(at)]
        return iter(sorted(closed, key=lambda tally: tally.window_end))

    def deployment(self) -> Deployment | None:
        """Read what was deployed."""
        return self._one(Deployment, DEPLOYMENT)

    # Exports

    def export(self, person_id: str, export_id: str) -> Export:
        """Read an export of somebody's own."""
        return self._live(Export, f"{person_id}/{export_id}", f"there is no export {export_id}")

    def latest_exports(self, person_id: str, *, limit: int) -> list[Export]:
        """Read somebody's exports, newest first."""
        own = [one for one in self._all(Export) if one.person_id == person_id and self._is_live(key_of(one))]
        return sorted(own, key=lambda one: one.id, reverse=True)[:limit]

    # Destinations

    def destinations(self) -> list[Destination]:
        """Read every destination."""
        return sorted(self._all(Destination), key=lambda one: one.id)

    def standing_of(self, destination_id: str) -> DeliveryStanding | None:
        """Read a destination, and how far it has come."""
        destination, progress = self._one(Destination, destination_id), self._one(Progress, destination_id)
        return DeliveryStanding(destination, progress) if destination and progress else None

    def standings(self) -> list[DeliveryStanding]:
        """Read all, and how far they have come."""
        found = (self.standing_of(one.id) for one in self.destinations())
        return [standing for standing in found if standing]

    def delivery(self, destination_id: str, delivery_id: str) -> Delivery:
        """Read a line of the log."""
        otherwise = f"destination {destination_id} has no delivery {delivery_id}"
        return self._live(Delivery, f"{destination_id}/{delivery_id}", otherwise)

    def deliveries(self, destination_id: str, *, below: str | None, limit: int) -> list[Delivery]:
        """Read lines of the log, newest first."""
        own = [one for one in self._all(Delivery) if one.destination_id == destination_id]
        own = [one for one in own if self._is_live(key_of(one)) and (below is None or one.id < below)]
        return sorted(own, key=lambda one: one.id, reverse=True)[:limit]

    # Outbox and Ledger

    def standing(self) -> Standing:
        """Say where the chain stands, and how it is kept."""
        return Standing(self.chain, self.audit_settings(), self.taken)

    def waiting(self, *, taken: Collection[str]) -> Waiting:
        """Read what waits, oldest first, while there is room."""
        page = sorted(self.outbox)[: self.rows_at_once]
        rows: list[WaitingRow] = []
        room = LIMIT - 1
        for key in (key for key in page if key not in taken):
            room -= self.outbox[key].writes
            if room < 0:
                break
            rows.append(self.outbox[key])
        is_full = len(page) == self.rows_at_once
        return Waiting(rows, [key for key in taken if key in page or (is_full and key > page[-1])])

    def fingerprints(self, ids: Iterable[ForeignId]) -> dict[ForeignId, str]:
        """Say which of these are in the ledger."""
        return {foreign_id: self.foreign[foreign_id] for foreign_id in ids if foreign_id in self.foreign}

    def moved_aside(self) -> int:
        """Count what could not be read."""
        return len(self.aside)

    def append(
        self,
        entries: Sequence[LedgerEntry],
        *,
        taking: Sequence[WaitingRow],
        after: Head,
        head: Head,
        retention: timedelta,
    ) -> None:
        """Check everything, then move it."""
        aside = {row.key: row for row in taking if isinstance(row, UnreadableRow)}
        foreign = {entry.foreign_id: sent_as(entry) for entry in entries if entry.foreign_id}
        if (size := 1 + len(entries) + len(foreign) + 2 * len(aside)) > LIMIT:
            raise ValueError(f"{size} items are more than a transaction can write ({LIMIT})")
        stands = (self.chain.seq, self.chain.hash) == (after.seq, after.hash)
        is_taken = any(entry.seq in self.ledger for entry in entries)
        is_known = not foreign.keys().isdisjoint(self.foreign)
        if not stands or is_taken or is_known or not aside.keys() <= self.outbox.keys():
            raise RivalChangeError("LEDGER HEAD was changed by somebody else meanwhile")
        self.chain, self.taken = head, tuple(row.key for row in taking if row.key not in aside)
        self.foreign |= foreign
        for entry in entries:
            self.ledger[entry.seq] = entry
            self.times[entry.seq] = (entry.recorded_at + retention).replace(microsecond=0)
        self.aside |= aside
        self.clear(aside)

    def clear(self, keys: Iterable[str]) -> None:
        """Remove rows."""
        for key in keys:
            self.outbox.pop(key, None)

    def kept(self) -> "InMemoryEntries":
        """Look at the ledger as it is now."""
        at, standing = self.clock(), self.standing()
        return InMemoryEntries(self.ledger, standing.head, at=at, since=standing.settings.kept_since(at))

    # Keeping

    def bearings(self) -> Bearings:
        """Say where everything stands."""
        return Bearings(self.audit_settings(), self.chain, self._one(RetentionWalk, WALK), self.retention)

    def stored(self, first: int) -> StoredTimes:
        """Read a page of times."""
        page = [seq for seq in sorted(self.ledger) if seq >= first][:PAGE]
        times = [StoredTime(seq, self.ledger[seq].recorded_at, self.times.get(seq)) for seq in page]
        return StoredTimes(times, page[-1] + 1 if len(page) == PAGE else self.chain.seq + 1)

    def let_expire(self, seq: int, *, at: datetime) -> None:
        """Move a time."""
        if seq in self.ledger:
            self.times[seq] = at

    # Seals

    def seal_state(self) -> SealState:
        """Read where sealing stands."""
        return self._one(SealState, SEAL) or SealState()

    # Within

    def _resource(self, integration_id: str, resource_type: str, resource_id: str) -> Resource | None:
        return self.found.get(integration_id, {}).get((resource_type, resource_id))

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


def sent_as(entry: LedgerEntry) -> str:
    """Say what another system sent, hashed."""
    told = entry.details[INGESTED]
    return str(told["sha256"]) if isinstance(told, dict) else ""


@dataclass
class InMemoryEntries:
    """The ledger at one moment. What is stored may change under it, as DynamoDB's does."""

    stored: dict[int, LedgerEntry]
    head: Head
    at: datetime
    since: datetime

    def entry(self, seq: int) -> LedgerEntry | None:
        """Read an entry."""
        return next(iter(self.by_numbers([seq])), None)

    def entries(self, first: int, last: int, *, newest_first: bool = False) -> Iterator[LedgerEntry]:
        """Read entries in order."""
        numbers = (seq for seq in sorted(self.stored, reverse=newest_first) if first <= seq <= last)
        return iter(self.by_numbers(numbers))

    def by_numbers(self, numbers: Iterable[int]) -> list[LedgerEntry]:
        """Read these entries, in this order."""
        entries = (self.stored.get(seq) for seq in numbers)
        return [entry for entry in entries if entry and entry.recorded_at > self.since]

    def indexed(self, index: LedgerIndex, value: str, first: int, last: int) -> Iterator[int]:
        """List numbers, highest first."""
        for seq in sorted(self.stored, reverse=True):
            if first <= seq <= last and _index_values(self.stored[seq])[index] == value:
                yield seq


def key_of(entity: Entity) -> Key:  # noqa: PLR0911  (one for each kind)
    """Name an entity by kind and id; a grant goes by its request's."""
    if isinstance(entity, Grant):
        return Grant, entity.request_id
    if isinstance(entity, Lease):
        return Lease, repr((entity.integration_id, entity.person_id, *dict(entity.entitlement).values()))
    if type(entity) in ONE_OF_A_KIND:
        return type(entity), ONE_OF_A_KIND[type(entity)]
    if isinstance(entity, Tally):
        return Tally, repr((entity.window_end, entity.kind, entity.about))
    if isinstance(entity, Export):
        return Export, f"{entity.person_id}/{entity.id}"
    if isinstance(entity, DetectorMemory):
        return DetectorMemory, repr((entity.lane, entity.kind, entity.subject))
    if isinstance(entity, SavedViews):
        return SavedViews, entity.person_id
    if isinstance(entity, Delivery):
        return Delivery, f"{entity.destination_id}/{entity.id}"
    if isinstance(
        entity,
        AccessRequest
        | AccessFlow
        | AlertRule
        | Integration
        | KnownPerson
        | DetectionLane
        | Anomaly
        | Destination
        | Progress
        | Session,
    ):
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
        LedgerIndex.ACTOR: entry.actor.id if entry.actor.id != SYSTEM.id else None,
        LedgerIndex.RESOURCE: entry.resource.id if entry.resource.id != entry.request_id else None,
        LedgerIndex.REQUEST: entry.request_id,
        LedgerIndex.TYPE_AND_DAY: f"{entry.event_type}#{entry.recorded_at:%Y-%m-%d}",
        LedgerIndex.SEVERITY: entry.severity if entry.severity is not Severity.INFO else None,
    }
