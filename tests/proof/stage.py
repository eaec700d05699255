"""The stage: all of Nightlatch over fakes that write down, in one log, what was committed and what was done at targets.

Two targets: `orders-db` makes a session user for each grant, `wiki` gives to people's own accounts, so that grants of
one person overlap there.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from itertools import repeat
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.access_flow import FlowDefinition, FlowsInForce
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.change import Change
from nightlatch.domain.connector import Entitlement, GrantIntent, Handle, Presence
from nightlatch.domain.errors import (
    NightlatchError,
    PermanentConnectorError,
    RetryableConnectorError,
    StoreUnavailableError,
)
from nightlatch.domain.identity import Principal, Role
from nightlatch.domain.integration import Integration
from nightlatch.domain.ledger import PendingEvent
from nightlatch.domain.value import Entity
from nightlatch.entrypoints import wakes
from nightlatch.entrypoints.runs import TIME_TO_STOP
from nightlatch.services.access_flows import AccessFlows
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.approvals import Approvals
from nightlatch.services.asking import Asking
from nightlatch.services.call import Call
from nightlatch.services.people import Acquaintances
from nightlatch.services.ports.facts import Known, Wanted
from nightlatch.services.ports.writing import Receipt
from nightlatch.services.provisioning import Provisioning
from nightlatch.services.sequencer import Sequencer
from tests.builders import (
    API,
    FakeClock,
    InterruptibleStore,
    KilledError,
    OneConnector,
    Outside,
    a_principal,
    a_resource,
    an_integration,
    longest_pauses,
)
from tests.fakes.aws import FakeFanOut, FakeTimer, FakeVault
from tests.fakes.connector import FakeConnector, FakeSharedConnector
from tests.fakes.store import InMemoryStore, predictable

PERMISSIONS = ("role1", "role3")
SESSIONS, SHARED = "orders-db", "wiki"
LANDS_WITHIN = timedelta(seconds=85)
"""So long may a call without an answer be under way: a little less than the claim of who made it."""

PEOPLE = {
    principal.subject: principal
    for principal in (
        a_principal("maya", groups=["developers"]),
        a_principal("tim", groups=["developers", "approvers"]),
        a_principal("lea", groups=["developers", "leads", "owners"]),
        a_principal("noa", groups=["approvers"]),
        a_principal("omar", groups=["approvers", "owners"]),
        a_principal("ada", groups=["admins"], roles=[Role.ADMIN]),
        a_principal("robot", groups=["approvers", "owners"], roles=[Role.SERVICE]),
        a_principal("eve"),
    )
}
ADA = PEOPLE["ada"]

Pair = tuple[str, Entitlement]
T = TypeVar("T")


# What is written down


@dataclass(frozen=True)
class Caller:
    """Who does something, and what they say: what the truth is told by."""

    verb: str
    principal: Principal | None = None
    span: timedelta | None = None
    items: tuple[str, ...] = ()
    about: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Committed:
    """A transaction: what was written, and the events that came into the outbox with it."""

    entities: tuple[Entity, ...]
    events: tuple[PendingEvent, ...]
    caller: Caller
    at: datetime


@dataclass(frozen=True)
class Told:
    """Events without a change."""

    events: tuple[PendingEvent, ...]
    caller: Caller


@dataclass(frozen=True)
class Looked:
    """That somebody read the flows, or that none has changed."""

    caller: Caller


@dataclass(frozen=True)
class Done:
    """What a call of a grant did at a target, whenever it landed: `given` or taken."""

    given: bool
    integration: str
    grant_id: str
    pairs: frozenset[Pair]


@dataclass(frozen=True)
class TakenByHand:
    """What somebody took away at a target."""

    integration: str
    pairs: frozenset[Pair]
    grant_id: str | None = None


Log = list[Committed | Told | Looked | Done | TakenByHand]


def pairs_of(request: AccessRequest) -> list[Pair]:
    """List what a request is about, as the shared target knows it."""
    return [
        (
            request.requester.id,
            Entitlement(resource_type=item.resource_type, resource_id=item.resource_id, permission=item.permission),
        )
        for item in request.items
    ]


def is_minded(request: AccessRequest) -> bool:
    """Whether somebody will see to what may be at the target for a request."""
    return request.status not in {Status.PENDING, Status.APPROVED} and request.due_at is not None


# The fakes that write it


@dataclass
class Recording(InMemoryStore):
    log: Log = field(default_factory=list)
    callers: list[Caller] = field(default_factory=lambda: [Caller("setup")])
    _is_committing: bool = False

    def commit(self, change: Change[Any], *, origin: Origin, receipt: Receipt | None = None) -> None:
        waiting, self._is_committing = set(self.outbox), True
        try:
            super().commit(change, origin=origin, receipt=receipt)
        finally:
            self._is_committing = False
        self.log.append(Committed(change.entities, self._since(waiting), self.callers[-1], self.clock()))

    def record(self, *events: Any, origin: Origin, ending: Sequence[Entity] = ()) -> None:
        waiting = set(self.outbox)
        super().record(*events, origin=origin, ending=ending)
        if not self._is_committing:
            self.log.append(Told(self._since(waiting), self.callers[-1]))

    def known(self, wanted: Wanted) -> Known:
        self.log.append(Looked(self.callers[-1]))
        return super().known(wanted)

    def in_force(self) -> FlowsInForce:
        self.log.append(Looked(self.callers[-1]))
        return super().in_force()

    def _since(self, waiting: set[str]) -> tuple[PendingEvent, ...]:
        return tuple(event for key, row in self.outbox.items() if key not in waiting for event in row.events)


@dataclass
class StagedStore(InterruptibleStore, Recording):
    """The store that can be interrupted and refused, and writes down what came to pass."""


@dataclass
class UnderWay:
    """A call without an answer, and when it has landed at the latest."""

    work: Callable[[], object]
    until: datetime


@dataclass
class Unreliable(FakeConnector):
    """A target with faults: each kind strikes the next so many calls that it can strike.

    `slow` calls land later, `deadly` ones too, and their worker dies. `deaf` revokes are answered and do nothing.
    """

    name: str = ""
    clock: FakeClock = field(default_factory=FakeClock)
    log: Log = field(default_factory=list)
    down_until: datetime | None = None
    slow: int = 0
    deadly: int = 0
    deaf: int = 0
    unseen: int = 0
    refused: int = 0
    under_way: list[UnderWay] = field(default_factory=list)

    def heal(self) -> None:
        """Let the faults stop; what is under way lands."""
        self.down_until = None
        self.slow = self.deadly = self.deaf = self.unseen = self.refused = 0
        self.fail_no_more()
        self.land(until=None)

    def land(self, *, until: datetime | None) -> None:
        """Let the calls take effect that land by then; None is all of them."""
        landing = [call for call in self.under_way if until is None or call.until <= until]
        self.under_way = [call for call in self.under_way if call not in landing]
        for call in landing:
            call.work()

    def _call(self, name: str, work: Callable[[], Any]) -> Any:
        changes = name in {"grant", "revoke"}
        if changes and self._strikes("deadly"):
            self.under_way.append(UnderWay(work, self.clock.now + LANDS_WITHIN))
            raise KilledError
        if changes and self._strikes("slow"):
            self.under_way.append(UnderWay(work, self.clock.now + LANDS_WITHIN))
            raise RetryableConnectorError("no answer")
        if self.down_until and self.clock.now < self.down_until:
            raise RetryableConnectorError("down")
        if name == "grant" and self._strikes("refused"):
            raise PermanentConnectorError("permission denied")
        if name == "observe" and self._strikes("unseen"):
            return Presence.UNKNOWN
        if name == "revoke" and self._strikes("deaf"):
            return None
        return super()._call(name, work)

    def _strikes(self, fault: str) -> bool:
        left: int = getattr(self, fault)
        setattr(self, fault, max(left - 1, 0))
        return left > 0

    def _grant(self, intent: GrantIntent) -> str | None:
        secret = super()._grant(intent)
        pairs = frozenset((intent.holder_id, each) for each in intent.entitlements)
        self.log.append(Done(given=True, integration=self.name, grant_id=intent.grant_id, pairs=pairs))
        return secret


@dataclass
class Sessions(Unreliable):
    """The target with session users."""

    def _revoke(self, handle: Handle) -> None:
        there = self.accesses.get(handle.session_user)
        super()._revoke(handle)
        if there:
            self.log.append(Done(given=False, integration=self.name, grant_id=there.handle.grant_id, pairs=frozenset()))


@dataclass
class Shared(Unreliable, FakeSharedConnector):
    """The target with people's own accounts."""

    def _revoke(self, handle: Handle) -> None:
        super()._revoke(handle)
        pairs = frozenset((handle.session_user, each) for each in handle.entitlements)
        self.log.append(Done(given=False, integration=self.name, grant_id=handle.grant_id, pairs=pairs))


class EnoughTime(LambdaContext):
    """A function's time that does not run out."""

    def __init__(self) -> None:
        self._left: Iterator[int] = repeat(TIME_TO_STOP + 1)

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # Powertools declares it as static
        """Tell."""
        return next(self._left)

    @property
    def function_name(self) -> str:
        """Tell what the function is called."""
        return "nightlatch-expiry"


SILENT = Logger(service="machine", level="CRITICAL")


# The stage itself


@dataclass
class Stage:
    """Everything at once. `people` are as they sign in now; `handed` is what others gave at the shared target."""

    clock: FakeClock = field(default_factory=FakeClock)
    timer: FakeTimer = field(default_factory=FakeTimer)
    vault: FakeVault = field(default_factory=FakeVault)
    people: dict[str, Principal] = field(default_factory=lambda: dict(PEOPLE))
    handed: set[Pair] = field(default_factory=set)
    tells_own_apart: bool = False
    log: Log = field(default_factory=list)
    store: StagedStore = field(init=False)
    sessions: Sessions = field(init=False)
    shared: Shared = field(init=False)
    warm: Asking = field(init=False)

    def __post_init__(self) -> None:
        self.store = StagedStore(clock=self.clock, random=predictable(), log=self.log)
        self.sessions = Sessions(name=SESSIONS, clock=self.clock, log=self.log)
        self.shared = Shared(name=SHARED, clock=self.clock, log=self.log, tells_own_apart=self.tells_own_apart)
        self.warm = Desk(self, Outside()).new_asking
        for target in (self.sessions, self.shared):
            self.store.commit(Change(an_integration(target.name)), origin=API)
            self.store.replace_resources(target.name, [a_resource("orders", *PERMISSIONS)])

    @property
    def targets(self) -> tuple[Unreliable, ...]:
        """Both targets."""
        return self.sessions, self.shared

    def requests(self) -> list[AccessRequest]:
        """Every request as it is stored, in the order in which they were made."""
        return [one for one in self.store.entities.values() if isinstance(one, AccessRequest)]

    def go_to(self, moment: datetime) -> None:
        """Let time pass, never back; calls under way land before they are too old."""
        self.clock.at(max(moment, self.clock.now))
        for target in self.targets:
            target.land(until=self.clock.now)

    def take_by_hand(self, pairs: set[Pair]) -> None:
        """Let somebody take away at the shared target, whoever gave it."""
        self.shared.held -= pairs
        self.shared.before -= pairs
        self.handed -= pairs
        self.log.append(TakenByHand(SHARED, frozenset(pairs)))

    def drop_session_user(self, user: str) -> None:
        """Let somebody drop what a grant made."""
        access = self.sessions.accesses.pop(user)
        self.log.append(TakenByHand(SESSIONS, frozenset(), access.handle.grant_id))

    def remove_by_hand(self, request: AccessRequest) -> None:
        """Let an administrator do what the product could not, and wait until nothing can land any more."""
        for target in self.targets:
            target.land(until=None)
        if request.integration.id == SHARED:
            leases = self.store.leases(self.store.grant(request.id))
            own = [one for one in leases if one.holders <= {request.id} and one.leaving in {None, request.id}]
            self.shared.held -= {(one.person_id, one.entitlement) for one in own}
        for access in [*self.sessions.accesses.values()]:
            if access.handle.grant_id == request.id:
                self.drop_session_user(access.handle.session_user)

    def is_concerned(self, pair: Pair) -> bool:
        """Whether anything of ours at the shared target is, or may come to be, about a pair."""
        return bool(self.shared.under_way) or any(
            one.due_at is not None and one.integration.id == SHARED and pair in pairs_of(one) for one in self.requests()
        )


@dataclass
class Desk:
    """The services, each of whose calls goes through one `Outside`."""

    stage: Stage
    outside: Outside

    @property
    def store(self) -> Any:
        """The store as it is reached from here."""
        return self.outside.around("store", self.stage.store)

    @property
    def new_asking(self) -> Asking:
        """Asking, by a function that has just started."""
        store = self.store
        return Asking(
            unit_of_work=store,
            requests=store,
            flows=store,
            catalogue=store,
            facts=store,
            clock=self.stage.clock,
            randomness=self.stage.store.random,
        )

    @property
    def asking(self) -> Asking:
        """Asking: by one function that remembers the flows, unless it is to die."""
        return self.stage.warm if self.outside.dies_at is None else self.new_asking

    @property
    def requests(self) -> AccessRequests:
        """What is done with requests."""
        store = self.store
        return AccessRequests(
            unit_of_work=store,
            requests=store,
            flows=store,
            catalogue=store,
            ledger=store,
            connectors=self,
            vault=self.outside.around("vault", self.stage.vault),
            clock=self.stage.clock,
        )

    @property
    def approvals(self) -> Approvals:
        """Voting."""
        store = self.store
        return Approvals(unit_of_work=store, requests=store, clock=self.stage.clock)

    @property
    def flows(self) -> AccessFlows:
        """Administration of flows."""
        store = self.store
        return AccessFlows(unit_of_work=store, flows=store, requests=store, clock=self.stage.clock)

    @property
    def acquaintances(self) -> Acquaintances:
        """Whoever comes is noted."""
        store = self.store
        return Acquaintances(unit_of_work=store, people=store, clock=self.stage.clock)

    @property
    def sequencer(self) -> Sequencer:
        """The one that numbers."""
        return Sequencer(outbox=self.store, clock=self.stage.clock, random=os.urandom)

    @property
    def provisioning(self) -> Provisioning:
        """A worker."""
        store = self.store
        return Provisioning(
            unit_of_work=store,
            requests=store,
            flows=store,
            people=store,
            catalogue=store,
            connectors=self,
            timer=self.outside.around("timer", self.stage.timer),
            vault=self.outside.around("vault", self.stage.vault),
            clock=self.stage.clock,
            randomness=longest_pauses,
            origin=Origin(source=Source.SYSTEM),
        )

    def connect(self, integration: Integration) -> Any:
        """Reach an integration's target."""
        (target,) = (target for target in self.stage.targets if target.name == integration.id)
        return OneConnector(self.outside.around("connector", target)).connect(integration)

    def validate(self, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Accept anything: nobody here writes integrations."""
        return settings

    # The functions

    def wake(self, request_id: str) -> None:
        """Ring for one request."""
        self._wake({"request_id": request_id})

    def sweep(self) -> None:
        """Let the sweep run, and what it hands on."""
        fan_out = FakeFanOut()
        self._wake({"sweep": True}, fan_out)
        for integration_id in fan_out.handed_on:
            self._wake({"integration": integration_id})

    def put_flow(self, flow_id: str, definition: FlowDefinition, call: Call) -> None:
        """Write a flow over whatever version is there."""
        current = self.stage.store.one(flow_id)
        self.flows.put(flow_id, definition, call, if_match=current.version if current else None)

    def delete_flow(self, flow_id: str, call: Call) -> None:
        """Take a flow out of force."""
        current = self.stage.store.one(flow_id)
        self.flows.delete(flow_id, call, if_match=current.version if current else None)

    def _wake(self, event: dict[str, Any], fan_out: FakeFanOut | None = None) -> None:
        wakes.wake(
            event,
            EnoughTime(),
            provisioning=self.provisioning,
            fan_out=fan_out or FakeFanOut(),
            logger=SILENT,
            metrics=StringIO(),
        )


@dataclass
class Failing(Outside):
    """The store fails at a call instead: what it was to read is not known, what it was to write may be written."""

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Make a call; at what is not the store's nothing fails."""
        if not name.startswith("store."):
            self.calls.append(name)
            return work()
        try:
            return super().call(name, work)
        except KilledError as death:
            raise StoreUnavailableError("DynamoDB did not answer") from death


@dataclass(frozen=True)
class Twist:
    """What comes between: a rival before commit number `at_commit`, a refused commit after it, a death at a call.

    With `store_fails` nobody dies at the call, but the store does not answer.
    """

    dies_at: int | None = None
    after_effect: bool = False
    store_fails: bool = False
    rival: Callable[[], object] | None = None
    at_commit: int = 0
    then_refused: bool = False


NO_TWIST = Twist()


def act(stage: Stage, caller: Caller, work: Callable[[Desk], object], twist: Twist = NO_TWIST) -> str:
    """Let somebody do something, and say what came of it. Only what has a name may go wrong."""
    kind = Failing if twist.store_fails else Outside
    store, outside = stage.store, kind(dies_at=twist.dies_at, after_effect=twist.after_effect)
    refusals = store.refused_commits
    if twist.rival:
        store.interruptions = [*repeat(_nothing, twist.at_commit), lambda: _intrude(store, twist)]
    store.callers.append(caller)
    try:
        work(Desk(stage, outside))
    except KilledError:
        return "killed"
    except wakes.WakeFailedError:
        # The function hides what it was: only a store that is down may be behind it.
        is_down = twist.store_fails or twist.then_refused or store.refused_commits < refusals
        assert is_down, f"{caller.verb} failed for no reason"
        return "refused"
    except NightlatchError as error:
        return type(error).__name__
    finally:
        store.callers.pop()
        store.interruptions = []
    return "done"


def _intrude(store: StagedStore, twist: Twist) -> None:
    if twist.rival:
        twist.rival()
    if twist.then_refused:
        store.refused_commits += 1


def _nothing() -> None: ...
