"""Builders that show only what matters to a test: people, flows, requests, and a whole Nightlatch over the fakes."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any

from pydantic import JsonValue

from nightlatch.adapters.exports.registry import WRITERS
from nightlatch.domain.access_flow import (
    AccessFlow,
    ExtensionRule,
    FlowDefinition,
    FlowRegister,
    FlowSnapshot,
    GrantRule,
    Requirements,
)
from nightlatch.domain.access_request import AccessRequest, IntegrationReference, Status
from nightlatch.domain.anomaly import Anomaly, AnomalySeverity, AnomalyType, Evidence, Finding
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep
from nightlatch.domain.audit_event import AuditEvent, EventType, ForeignEvent, Origin, ResourceReference, Source
from nightlatch.domain.change import Change
from nightlatch.domain.connector import Handle
from nightlatch.domain.destination import Destination, DestinationKind, Format, Validator
from nightlatch.domain.errors import Fault, InvalidInputError, RivalChangeError, StoreUnavailableError
from nightlatch.domain.grant import Failure
from nightlatch.domain.identifier import prefixed, uuid7
from nightlatch.domain.identity import SYSTEM, Actor, Principal, Role
from nightlatch.domain.ingestion import EntryToWrite
from nightlatch.domain.integration import Integration, Permission, Resource
from nightlatch.domain.item import Item
from nightlatch.domain.ledger import GENESIS, Head, LedgerEntry, PendingEvent, append
from nightlatch.domain.opening_hours import OpeningHours
from nightlatch.domain.people import KnownPerson, meet
from nightlatch.domain.selectors import Attribute, Condition, Operator, PeopleSelector, TargetSelector, Who
from nightlatch.services.access_flows import AccessFlows
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.activity import Activity
from nightlatch.services.alert_rules import AlertRuleDesk
from nightlatch.services.anomalies import AnomalyDesk
from nightlatch.services.anomaly_settings import AnomalySettingsDesk
from nightlatch.services.api_reads import ApiReads
from nightlatch.services.approvals import Approvals
from nightlatch.services.asking import Asking, Submission, WantedItem
from nightlatch.services.asking_for_others import AskingForOthers
from nightlatch.services.audit_reads import AuditReads
from nightlatch.services.audit_settings import AuditSettingsDesk
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.call import Call
from nightlatch.services.delivering import Delivering
from nightlatch.services.deploying import Deploying
from nightlatch.services.destinations import Destinations
from nightlatch.services.detection import CHUNK, ROOM, Detection
from nightlatch.services.export_jobs import PART, ExportJobs
from nightlatch.services.exports import Exports
from nightlatch.services.flow_reach import FlowReach
from nightlatch.services.ingestion import Ingestion
from nightlatch.services.integrations import Integrations
from nightlatch.services.kept_seals import KeptSeals
from nightlatch.services.lookups import Lookups
from nightlatch.services.people import Acquaintances
from nightlatch.services.ports.ambient import Randomness
from nightlatch.services.ports.anomalies import AnomalyFilter
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Sender
from nightlatch.services.ports.writing import Receipt
from nightlatch.services.provisioning import Provisioning
from nightlatch.services.replays import Replays
from nightlatch.services.saved_views import SavedViewDesk
from nightlatch.services.schedules import Schedules
from nightlatch.services.seal_tools import SealTools
from nightlatch.services.sealing import Sealing
from nightlatch.services.self_check import SelfCheck
from nightlatch.services.sequencer import Sequencer
from nightlatch.services.sessions import Sessions
from nightlatch.services.sign_ins import SignIns
from nightlatch.services.tallying import Tallying
from nightlatch.services.trail_proof import TrailProof
from nightlatch.services.whole_entries import WholeEntries
from tests.fakes.anomalies import FakeDetectionWorkers, InMemoryAnomalies
from tests.fakes.aws import FakeSecrets, FakeTimer, FakeVault
from tests.fakes.connector import FakeConnector
from tests.fakes.destinations import FakeDeliveryQueue, FakeReceiver, FakeSenders
from tests.fakes.evidence import FakeEvidence, FakeSigner
from tests.fakes.exports import FakeExportWorkers, FakeFiles, FakeReportPrinter
from tests.fakes.store import InMemoryStore, predictable

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
SPARE_ROLES = tuple(f"spare{number:02}" for number in range(25))
ISSUER = "https://id.example.com"
API = Origin(source=Source.API)


@dataclass
class FakeClock:
    """Tells the time it was set to; each look at it takes `step`."""

    now: datetime = NOON
    step: timedelta = field(default=timedelta(milliseconds=1))

    def __call__(self) -> datetime:
        """Tell the time, and let a moment pass."""
        now = self.now
        self.now += self.step
        return now

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span

    def at(self, moment: datetime) -> None:
        """Go to a time, also back."""
        self.now = moment


def a_principal(
    name: str = "maya", *, groups: Iterable[str] = (), roles: Iterable[Role] = (), issuer: str = ISSUER
) -> Principal:
    """Build somebody who has signed in."""
    return Principal(
        issuer=issuer,
        subject=name,
        name=name.capitalize(),
        email=f"{name}@example.com",
        groups=frozenset(groups),
        roles=frozenset({Role.REQUESTER, *roles}),
    )


MAYA = a_principal("maya", groups=["developers"])
NOA = a_principal("noa", groups=["approvers"])
OMAR = a_principal("omar", groups=["approvers"])
ADA = a_principal("ada", groups=["admins"], roles=[Role.ADMIN])
IVO = a_principal("ivo", groups=["auditors"], roles=[Role.AUDITOR])
EVE = a_principal("eve")
ROBOT = a_principal("robot", groups=["approvers"], roles=[Role.SERVICE])


def who_signed_in(principal: Principal, at: datetime) -> Principal:
    """Build the same person, of whom the identity provider says when it asked who they are."""
    return principal.model_copy(update={"signed_in_at": at})


def groups_are(*groups: str) -> Who:
    """Build the condition that one is in any of these groups."""
    return Who(conditions=(Condition(attribute=Attribute.GROUP, operator=Operator.IS, values=groups),))


EVERYBODY = Who(conditions=(Condition(attribute=Attribute.PERSON, operator=Operator.IS, values=("*",)),))


def a_rule(
    needed: int = 1, *, groups: Sequence[str] = ("approvers", "admins"), people: Sequence[str] = ()
) -> ApprovalRule:
    """Build a rule of one step; none needed is no step."""
    step = ApprovalStep(needed=needed, groups=tuple(groups), people=tuple(people)) if needed else None
    return ApprovalRule(steps=(step,) if step else ())


def a_definition(
    *,
    name: str = "Orders roles",
    who: Who | None = None,
    on_behalf: PeopleSelector | None = None,
    what: TargetSelector | None = None,
    needed: int = 1,
    approvers: Sequence[str] = ("approvers", "admins"),
    people: Sequence[str] = (),
    default: timedelta = HOUR,
    maximum: timedelta = 8 * HOUR,
    extensions: ExtensionRule | None = None,
    when: OpeningHours | None = None,
    approve: ApprovalRule | None = None,
    require: Requirements | None = None,
) -> FlowDefinition:
    """Build what an administrator writes: developers may have anything on orders, one approval each."""
    return FlowDefinition(
        name=name,
        who=who or groups_are("developers"),
        on_behalf=on_behalf,
        what=what or TargetSelector(integration="orders-db", names=("orders",), permissions=("*",)),
        grant=GrantRule(default=default, maximum=maximum, extensions=extensions),
        when=when,
        approve=approve or a_rule(needed, groups=approvers, people=people),
        require=require or Requirements(),
    )


def a_flow(flow_id: str = "orders-roles", definition: FlowDefinition | None = None, *, needed: int = 1) -> AccessFlow:
    """Build a flow in force."""
    return AccessFlow(
        id=flow_id,
        definition=definition or a_definition(needed=needed),
        updated_at=NOON,
        updated_by=ADA.as_person(),
    )


def a_resource(name: str = "orders", *permissions: str | Permission, tags: Sequence[str] = ()) -> Resource:
    """Build a database with these permissions."""
    wanted = permissions or ("role1", "role3", "orders_admin")
    return Resource(
        type="database",
        id=name,
        name=name,
        tags=tuple(tags),
        permissions=tuple(Permission(name=one) if isinstance(one, str) else one for one in wanted),
    )


def an_integration(integration_id: str = "orders-db") -> Integration:
    """Build a connected database."""
    return Integration(
        id=integration_id,
        name="Orders database",
        kind="fake",
        settings={},
        secret_reference=f"integrations/{integration_id}",
        created_at=NOON,
        updated_at=NOON,
    )


def a_request(
    *permissions: str,
    by: Principal = MAYA,
    needed: int = 1,
    flow: AccessFlow | None = None,
    at: datetime = NOON,
    duration: timedelta = HOUR,
    number: int = 1,
) -> AccessRequest:
    """Build a request as it is before it is submitted; `number` tells those of one moment apart."""
    items = tuple(
        Item(
            id=f"item-{position}",
            resource_type="database",
            resource_id="orders",
            resource_name="orders",
            permission=permission,
        )
        for position, permission in enumerate(permissions or ("role1",), start=1)
    )
    return AccessRequest(
        id=prefixed("req", uuid7(at, random=number.to_bytes(8, "big"))),
        requester=by.as_person(),
        integration=IntegrationReference(id="orders-db", name="Orders database", kind="fake"),
        items=items,
        justification="a customer cannot pay",
        duration=duration,
        flow=FlowSnapshot.of(flow or a_flow(needed=needed)),
        source=Source.API,
        created_at=at,
        updated_at=at,
    )


def a_handle(session_user: str = "nl_maya") -> Handle:
    """Build what ends the grant of a request."""
    return Handle(grant_id="req_1", session_user=session_user, details={"roles": ["role1"]})


def a_failure(error: str = "refused", *, attempts: int = 1) -> Failure:
    """Build what a target that does not do its work leaves behind."""
    return Failure(error=error, error_class="PermanentConnectorError", attempts=attempts)


def a_history(request: AccessRequest) -> dict[Status, Change[AccessRequest]]:
    """Lead a pending request of one approval into each state, and return the change that brought it there."""
    at = request.updated_at
    pending = request.submitted(by=MAYA)
    approved = pending.state.approve(by=NOA, at=at)
    granting = approved.state.begin_granting(at=at, due_at=at)
    granted = granting.state.grant(a_handle(), at=at)
    assert granted.state.ends_at is not None
    ended_at = granted.state.ends_at
    expiring = granted.state.expire(at=ended_at, due_at=ended_at)
    revoking = granted.state.revoke(by=ADA, reason="leak", at=at)
    return {
        Status.PENDING: pending,
        Status.APPROVED: approved,
        Status.GRANTING: granting,
        Status.GRANTED: granted,
        Status.REVOKING: revoking,
        Status.REJECTED: pending.state.reject(by=NOA, at=at),
        Status.CANCELED: pending.state.cancel(by=MAYA, at=at),
        Status.LAPSED: pending.state.lapse(at=at + timedelta(hours=24)),
        Status.FAILED: granting.state.fail(a_failure(attempts=5), at=at, watch_until=at + HOUR),
        Status.EXPIRED: expiring.state.end(at=ended_at, watch_until=ended_at + HOUR),
        Status.REVOKED: revoking.state.end(at=at, watch_until=at + HOUR),
    }


def an_event(
    event_type: EventType = EventType.ACCESS_REQUESTED,
    *,
    at: datetime = NOON,
    by: Actor = SYSTEM,
    request_id: str | None = None,
) -> AuditEvent:
    """Build an event that has just happened."""
    return AuditEvent(
        event_type=event_type,
        timestamp=at,
        actor=by,
        resource=ResourceReference(type="request", id=request_id or "req_1"),
        description="something happened",
        request_id=request_id,
    )


def a_foreign_event(number: int, *, at: datetime = NOON) -> ForeignEvent:
    """Build what another system tells of under such an id."""
    return an_entry_to_write(id=str(number), timestamp=at).event(by=ROBOT)


def an_entry_to_write(**fields: object) -> EntryToWrite:
    """Build an event as another system sends it."""
    resource = ResourceReference(type="subscription", id="sub-7", name="Team")
    sent = {"id": "1", "timestamp": NOON, "event_type": "subscription.added", "description": "a seat was added"}
    return EntryToWrite.model_validate({**sent, "resource": resource, **fields})


def a_large_entry(size: int = 100_000, **fields: object) -> EntryToWrite:
    """Build an event of so many bytes, nearly all of them details."""
    empty = an_entry_to_write(**{**fields, "details": {"text": ""}})
    return an_entry_to_write(**{**fields, "details": {"text": "x" * (size - len(empty.text))}})


def a_pending_event(number: int = 1, event: AuditEvent | None = None) -> PendingEvent:
    """Build an event as it waits in the outbox."""
    event = event or an_event()
    event_id = str(uuid7(event.timestamp, random=number.to_bytes(8, "big")))
    return PendingEvent.of(event, event_id=event_id, origin=API)


def an_entry(event: AuditEvent, *, seq: int = 1, user_agent: str | None = None) -> LedgerEntry:
    """Build the entry that an event becomes, recorded as it happens."""
    pending = a_pending_event(seq, event).model_copy(update={"user_agent": user_agent})
    _, [entry] = append(Head(seq=seq - 1), [pending], at=event.timestamp, random=bytes)
    return entry


def a_finding(name: str = "req_1", **fields: object) -> Finding:
    """Build what a detector found."""
    found: dict[str, object] = {
        "type": AnomalyType.INACTIVE_USER,
        "severity": AnomalySeverity.MEDIUM,
        "scope": name,
        "window": "",
        "reason": f"something about {name}",
        "evidence": Evidence(entries=(f"{name}-1",)),
    }
    return Finding.model_validate(found | fields)


def an_anomaly(name: str = "req_1", *, at: datetime = NOON, **fields: object) -> Anomaly:
    """Build an anomaly that was just found."""
    return Anomaly.detected(a_finding(name, **fields), at=at, told_at=at).state


def a_chain(length: int, *, at: datetime = NOON) -> list[LedgerEntry]:
    """Build so many ledger entries, chained from the beginning."""
    pending = [a_pending_event(number) for number in range(1, length + 1)]
    _, entries = append(Head(hash=GENESIS), pending, at=at, random=bytes)
    return entries


# A whole Nightlatch


@dataclass
class InterruptibleStore(InMemoryStore):
    """The store in memory, where something else can happen just before a commit, and which can be down."""

    interruptions: list[Callable[[], object]] = field(default_factory=list)
    refused_commits: int = 0

    def commit(self, change: Change[Any], *, origin: Origin, receipt: Receipt | None = None) -> None:
        """Let the interruption happen, then commit, unless the store is down."""
        if self.interruptions:
            self.interruptions.pop(0)()
        if self.refused_commits:
            self.refused_commits -= 1
            raise StoreUnavailableError("the store cannot be written")
        super().commit(change, origin=origin, receipt=receipt)


@dataclass
class OneConnector:
    """The connectors of a Nightlatch that knows one target."""

    connector: Any

    def validate(self, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Accept any settings of the one kind."""
        if kind != "fake":
            raise InvalidInputError(Fault("/kind", "must be fake"))
        return settings

    def connect(self, integration: Integration) -> Any:  # there is only one
        """Return the one connector."""
        return self.connector


def longest_pauses(size: int) -> bytes:
    """Be as unkind as chance can: each pause is as long as it may be."""
    return b"\xff" * size


class KilledError(BaseException):
    """The worker died: nothing catches it, nothing is cleaned up."""


@dataclass
class Outside:
    """Everything that a worker calls, and the call at which it dies.

    Wrapped ports count their calls together. The call number `dies_at` (from 0) is not made, or, when
    `after_effect`, is made and never returns.
    """

    dies_at: int | None = None
    after_effect: bool = False
    calls: list[str] = field(default_factory=list)

    def around(self, name: str, port: Any) -> Any:
        """Wrap a port; its calls are named `name.method`."""
        return _Watched(self, name, port)

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Make a call, unless it is the one to die at."""
        is_last = len(self.calls) == self.dies_at
        self.calls.append(name)
        if is_last and not self.after_effect:
            raise KilledError
        try:
            return work()
        finally:
            if is_last:
                raise KilledError


@dataclass
class _Watched:
    outside: Outside
    name: str
    port: Any

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.port, name)
        return lambda *args, **kwargs: self.outside.call(f"{self.name}.{name}", partial(method, *args, **kwargs))


@dataclass
class WatchedSenders:
    """The ways to receivers, of which each call goes through `outside`."""

    outside: Outside
    senders: FakeSenders

    def validate(self, kind: DestinationKind, settings: dict[str, Any], secret: str) -> dict[str, JsonValue]:
        """Check as they do."""
        return self.senders.validate(kind, settings, secret)

    def check_form(self, kind: DestinationKind, form: Format, template: str, validators: Sequence[Validator]) -> None:
        """Check as they do."""
        self.senders.check_form(kind, form, template, validators)

    def whole_secret(self, kind: DestinationKind, secret: str) -> str:
        """Add as they do."""
        return self.senders.whole_secret(kind, secret)

    def sender(self, destination: Destination) -> Sender:
        """Make a way whose every attempt may be the last."""
        return WatchedReceiver(self.outside, self.senders.sender(destination))


@dataclass
class WatchedReceiver:
    """The way to a receiver, of which each attempt goes through `outside`."""

    outside: Outside
    receiver: FakeReceiver

    @property
    def bounds(self) -> Bounds:
        """Say what it takes."""
        return self.receiver.bounds

    def weigh(self, entry: LedgerEntry) -> int:
        """Weigh as it does."""
        return self.receiver.weigh(entry)

    def send(self, parcel: Parcel) -> Outcome:
        """Try."""
        outcome: Outcome = self.outside.call("sender.send", partial(self.receiver.send, parcel))
        return outcome


@dataclass
class World:
    """Nightlatch over the fakes: one integration, `orders-db`, with one database, `orders`, and one flow."""

    clock: FakeClock = field(default_factory=FakeClock)
    connector: FakeConnector = field(default_factory=FakeConnector)
    timer: FakeTimer = field(default_factory=FakeTimer)
    vault: FakeVault = field(default_factory=FakeVault)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    evidence: FakeEvidence = field(default_factory=FakeEvidence)
    files: FakeFiles = field(default_factory=FakeFiles)
    detection_workers: FakeDetectionWorkers = field(default_factory=FakeDetectionWorkers)
    export_workers: FakeExportWorkers = field(default_factory=FakeExportWorkers)
    senders: FakeSenders = field(default_factory=FakeSenders)
    delivery_queue: FakeDeliveryQueue = field(default_factory=FakeDeliveryQueue)
    zone: str = "UTC"
    chance: Randomness = longest_pauses
    store: InterruptibleStore = field(init=False)
    report_printer: FakeReportPrinter = field(init=False)
    unasked: Iterator[str] = field(default_factory=lambda: iter(["role1", *SPARE_ROLES]))

    def __post_init__(self) -> None:
        self.connector.roles = (*self.connector.roles, *SPARE_ROLES)
        self.store = InterruptibleStore(clock=self.clock, random=predictable())
        self.report_printer = FakeReportPrinter(self.files)
        self.store.commit(Change(an_integration()), origin=API)
        self.store.commit(Change(a_flow(), (), (FlowRegister(version=1),)), origin=API)
        self.store.replace_resources("orders-db", [a_resource("orders", *self.connector.roles)])

    @property
    def asking(self) -> Asking:
        """What those do who ask."""
        return self.asking_with(Outside())

    def asking_with(self, outside: Outside) -> Asking:
        """Build what those do who ask, with every call of the store going through `outside`."""
        store = outside.around("store", self.store)
        return Asking(
            unit_of_work=store,
            requests=store,
            flows=store,
            catalogue=store,
            facts=store,
            clock=self.clock,
            randomness=self.store.random,
        )

    @property
    def activity(self) -> Activity:
        """What is asked about all requests together."""
        return Activity(unit_of_work=self.store, requests=self.store, clock=self.clock)

    @property
    def saved_views(self) -> SavedViewDesk:
        """The views that people keep."""
        return SavedViewDesk(unit_of_work=self.store, store=self.store)

    @property
    def lookups(self) -> Lookups:
        """What filters choose from."""
        return Lookups(catalogue=self.store, people=self.store, flows=self.store)

    @property
    def asking_for_others(self) -> AskingForOthers:
        """For whom else one may ask."""
        return AskingForOthers(flows=self.store, people=self.store)

    @property
    def acquaintances(self) -> Acquaintances:
        """Whom Nightlatch has met."""
        return Acquaintances(unit_of_work=self.store, people=self.store, clock=self.clock)

    @property
    def requests(self) -> AccessRequests:
        """What is done with requests that have been made."""
        return AccessRequests(
            unit_of_work=self.store,
            requests=self.store,
            flows=self.store,
            catalogue=self.store,
            ledger=self.store,
            connectors=OneConnector(self.connector),
            vault=self.vault,
            clock=self.clock,
        )

    @property
    def approvals(self) -> Approvals:
        """What approvers do."""
        return Approvals(unit_of_work=self.store, requests=self.store, clock=self.clock)

    @property
    def flows(self) -> AccessFlows:
        """What administrators do with flows."""
        return AccessFlows(unit_of_work=self.store, flows=self.store, requests=self.store, clock=self.clock)

    @property
    def flow_reach(self) -> FlowReach:
        """What those want to know who write flows."""
        return FlowReach(catalogue=self.store, people=self.store)

    @property
    def integrations(self) -> Integrations:
        """What administrators do with integrations."""
        return Integrations(
            unit_of_work=self.store,
            catalogue=self.store,
            connectors=OneConnector(self.connector),
            secrets=self.secrets,
            clock=self.clock,
            randomness=self.store.random,
        )

    @property
    def audit_settings(self) -> AuditSettingsDesk:
        """What administrators do with the settings of the trail."""
        return AuditSettingsDesk(unit_of_work=self.store, store=self.store, clock=self.clock)

    @property
    def anomaly_settings(self) -> AnomalySettingsDesk:
        """What administrators do with the settings of anomalies."""
        return AnomalySettingsDesk(unit_of_work=self.store, store=self.anomalies, clock=self.clock)

    @property
    def anomalies(self) -> InMemoryAnomalies:
        """What was found, and how far."""
        return InMemoryAnomalies(self.store)

    @property
    def anomaly_desk(self) -> AnomalyDesk:
        """What people do with what was found."""
        return AnomalyDesk(unit_of_work=self.store, anomalies=self.anomalies, requests=self.store, clock=self.clock)

    @property
    def alert_rules(self) -> AlertRuleDesk:
        """What administrators do with alert rules."""
        return AlertRuleDesk(unit_of_work=self.store, rules=self.anomalies, clock=self.clock)

    @property
    def replays(self) -> Replays:
        """What administrators do with the past."""
        return Replays(
            unit_of_work=self.store,
            ledger=self.store,
            lanes=self.anomalies,
            workers=self.detection_workers,
            clock=self.clock,
            randomness=self.store.random,
        )

    @property
    def detection(self) -> Detection:
        """What finds anomalies."""
        return self.detection_with(Outside())

    def detection_with(self, outside: Outside, *, chunk: int = CHUNK, room: int = ROOM) -> Detection:
        """Build what finds anomalies, with every call going through `outside`."""
        store, anomalies = outside.around("store", self.store), outside.around("anomalies", self.anomalies)
        return Detection(
            unit_of_work=store,
            ledger=store,
            lanes=anomalies,
            memories=anomalies,
            anomalies=anomalies,
            settings=anomalies,
            rules=anomalies,
            clock=self.clock,
            zone=self.zone,
            chunk=chunk,
            room=room,
        )

    def detected(self) -> list[Anomaly]:
        """Record what waits, look at all of it, and list what was ever found, the first first."""
        self.events()
        while self.detection.step():
            pass
        return list(self.anomalies.candidates(AnomalyFilter()))[::-1]

    @property
    def ingestion(self) -> Ingestion:
        """What other systems do."""
        return self.ingestion_with(Outside())

    def ingestion_with(self, outside: Outside) -> Ingestion:
        """Build it with every call of store and evidence going through `outside`."""
        store = outside.around("store", self.store)
        return Ingestion(
            unit_of_work=store,
            settings=store,
            foreign_ids=store,
            evidence=outside.around("evidence", self.evidence),
            clock=self.clock,
        )

    @property
    def trail(self) -> AuditTrail:
        """What auditors read."""
        return AuditTrail(ledger=self.store)

    @property
    def whole_entries(self) -> WholeEntries:
        """How large entries are read."""
        return WholeEntries(evidence=self.evidence)

    @property
    def audit_reads(self) -> AuditReads:
        """How reading the trail is told."""
        return AuditReads(tallies=self.store, clock=self.clock)

    @cached_property
    def api_reads(self) -> ApiReads:
        """How every call that only reads is told."""
        return ApiReads(tallies=self.store, settings=self.store, clock=lambda: self.clock.now)

    @property
    def sign_ins(self) -> SignIns:
        """How refused tokens are told."""
        return SignIns(tallies=self.store, clock=self.clock)

    @property
    def tallying(self) -> Tallying:
        """What tells tallies."""
        return self.tallying_with(Outside())

    def tallying_with(self, outside: Outside) -> Tallying:
        """Build what tells tallies, with every call of the store going through `outside`."""
        store = outside.around("store", self.store)
        return Tallying(unit_of_work=store, tallies=store, clock=self.clock)

    @property
    def sessions(self) -> Sessions:
        """What keeps people signed in to the console."""
        return Sessions(
            unit_of_work=self.store,
            sessions=self.store,
            people=self.store,
            clock=self.clock,
            randomness=self.store.random,
        )

    @property
    def schedules(self) -> Schedules:
        """How what schedules do is told."""
        return self.schedules_with(Outside())

    def schedules_with(self, outside: Outside) -> Schedules:
        """Build it with every call of the store going through `outside`."""
        store = outside.around("store", self.store)
        return Schedules(unit_of_work=store, tallies=store, clock=self.clock)

    def deployed(self, code: str = "layer:1", **policy: str) -> Deploying:
        """Build what notices a deployment."""
        return Deploying(unit_of_work=self.store, deployments=self.store, clock=self.clock, code=code, policy=policy)

    @property
    def kept_seals(self) -> KeptSeals:
        """What is read by those who check the trail."""
        return KeptSeals(evidence=self.evidence, signer=self.signer)

    @cached_property
    def signer(self) -> FakeSigner:
        """The key that seals are signed with."""
        return FakeSigner()

    @property
    def sealing(self) -> Sealing:
        """What seals the trail."""
        return Sealing(self._seal_tools)

    @property
    def self_check(self) -> SelfCheck:
        """What checks what was sealed."""
        return SelfCheck(self._seal_tools)

    @property
    def trail_proof(self) -> TrailProof:
        """What is proven of the trail."""
        return TrailProof(
            seals=self.store,
            ledger=self.store,
            evidence=self.evidence,
            signer=self.signer,
            settings=self.store,
            clock=self.clock,
        )

    @property
    def _seal_tools(self) -> SealTools:
        return SealTools(
            unit_of_work=self.store,
            seals=self.store,
            ledger=self.store,
            evidence=self.evidence,
            signer=self.signer,
            clock=self.clock,
            origin=API,
        )

    @property
    def exports(self) -> Exports:
        """What those do who take the trail with them."""
        return Exports(
            unit_of_work=self.store,
            ledger=self.store,
            exports=self.store,
            writers=WRITERS,
            files=self.files,
            workers=self.export_workers,
            clock=self.clock,
            randomness=self.store.random,
            zone=self.zone,
        )

    @property
    def destinations(self) -> Destinations:
        """What administrators do with destinations."""
        return Destinations(
            unit_of_work=self.store,
            destinations=self.store,
            ledger=self.store,
            senders=self.senders,
            secrets=self.secrets,
            queue=self.delivery_queue,
            clock=self.clock,
            randomness=self.store.random,
        )

    @property
    def delivering(self) -> Delivering:
        """What delivers."""
        return self.delivering_with(Outside())

    def delivering_with(self, outside: Outside) -> Delivering:
        """Build a worker whose every call goes through `outside`."""
        store = outside.around("store", self.store)
        return Delivering(
            unit_of_work=store,
            destinations=store,
            ledger=store,
            senders=WatchedSenders(outside, self.senders),
            queue=outside.around("queue", self.delivery_queue),
            clock=self.clock,
            randomness=self.store.random,
        )

    @property
    def export_jobs(self) -> ExportJobs:
        """What workers do who write large exports."""
        return self.export_jobs_with(Outside())

    def export_jobs_with(self, outside: Outside, *, part: int = PART) -> ExportJobs:
        """Build a worker whose every call goes through `outside`."""
        store = outside.around("store", self.store)
        return ExportJobs(
            unit_of_work=store,
            ledger=store,
            exports=store,
            writers=WRITERS,
            files=outside.around("files", self.files),
            workers=outside.around("workers", self.export_workers),
            printer=outside.around("printer", self.report_printer),
            clock=self.clock,
            part=part,
        )

    @property
    def provisioning(self) -> Provisioning:
        """What workers do."""
        return self.provisioning_with(Outside())

    def provisioning_with(self, outside: Outside) -> Provisioning:
        """Build a worker whose every call goes through `outside`."""
        store = outside.around("store", self.store)
        return Provisioning(
            unit_of_work=store,
            requests=store,
            flows=store,
            people=store,
            catalogue=store,
            connectors=self.connected(outside),
            timer=outside.around("timer", self.timer),
            vault=outside.around("vault", self.vault),
            clock=self.clock,
            randomness=self.chance,
            origin=Origin(source=Source.SYSTEM),
        )

    def connected(self, outside: Outside) -> Any:
        """Let workers reach the target."""
        return OneConnector(outside.around("connector", self.connector))

    def submitted(self, *permissions: str, by: Principal = MAYA, call: Call | None = None) -> AccessRequest:
        """Ask for permissions on orders: for role1, and then each time for another, when none are named."""
        wanted = permissions or (next(self.unasked),)
        items = [WantedItem("database", "orders", permission) for permission in wanted]
        submission = Submission("orders-db", items, justification="a customer cannot pay")
        return self.asking.submit(submission, call or a_call(by))

    def approved(self, *permissions: str) -> AccessRequest:
        """Ask, and let an approver say yes."""
        return self.approvals.approve(self.submitted(*permissions).id, a_call(NOA))

    def granted(self, *permissions: str) -> AccessRequest:
        """Ask, approve and provision."""
        return self.provisioning.advance(self.approved(*permissions).id)

    def sweep(self, *, minutes: int) -> None:
        """Let the sweeper run every minute, for so long, as the function does: only its death stops one run of it."""
        for _ in range(minutes):
            with suppress(KilledError):
                self._sweep_once()
            self.clock.advance(timedelta(minutes=1))

    def _sweep_once(self) -> None:
        for request_id in self.provisioning.due():
            with suppress(RivalChangeError, StoreUnavailableError):
                self.provisioning.advance(request_id)

    def events(self, request_id: str | None = None) -> list[PendingEvent]:
        """Drain the outbox, and list what the ledger holds of a request (or of everything)."""
        Sequencer(outbox=self.store, clock=self.clock, random=os.urandom).drain(batches=1000)
        entries = [self.store.ledger[number] for number in sorted(self.store.ledger)]
        return [entry for entry in entries if request_id in {None, entry.request_id}]

    def told(self, request_id: str | None = None) -> list[str]:
        """List the names of the events."""
        return [event.event_type for event in self.events(request_id)]


def a_person(principal: Principal = MAYA) -> KnownPerson:
    """Build somebody whom Nightlatch has met."""
    met = meet(principal, None, at=NOON)
    assert met is not None
    return met.state


def a_call(principal: Principal = MAYA, *, key: str | None = None, body: str = "") -> Call:
    """Build one call; `body` stands for what was sent with an idempotency key."""
    return Call(principal=principal, origin=API, idempotency_key=key, fingerprint=body)
