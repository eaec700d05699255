"""What people do through the API, from where each begins to what comes of it: the operations that are killed."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from nightlatch.domain.access_flow import ExtensionRule, FlowDefinition
from nightlatch.domain.access_request import Status
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep
from nightlatch.domain.audit_settings import AuditChoices, Reads
from nightlatch.domain.change import Change
from nightlatch.domain.detectors.choices import UnusualHoursChoices
from nightlatch.domain.errors import NotFoundError
from nightlatch.services.access_flows import AccessFlows
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.anomaly_settings import AnomalySettingsDesk
from nightlatch.services.approvals import Approvals
from nightlatch.services.asking import Asking, Changes, Submission, WantedItem
from nightlatch.services.audit_settings import AuditSettingsDesk
from nightlatch.services.call import Call
from nightlatch.services.integrations import Integrations
from tests.builders import ADA, API, HOUR, MAYA, NOA, KilledError, OneConnector, Outside, World, a_call, a_definition
from tests.unit.services.targets import DOWN, ResistingConnector

FOR_ROLE1 = Submission("orders-db", [WantedItem("database", "orders", "role1")], justification="a customer cannot pay")
FOR_ROLE3 = Submission("orders-db", [WantedItem("database", "orders", "role3")], justification="a customer cannot pay")

HAD = ["access.granted", "access.revoking"]
"""What is told of every access that ended, in between."""
ASKED = ["access.requested"]
AGREED = [*ASKED, "access.role.approved", "access.approved"]


@dataclass
class DyingAfter(Outside):
    """What a worker calls that does not live to see the answer to a call of this name."""

    last: str = ""

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Make a call, and die after the last."""
        answer = super().call(name, work)
        if name == self.last:
            raise KilledError
        return answer


@dataclass
class Desk:
    """The services of one API call, whose every call goes through `outside`."""

    world: World
    outside: Outside

    @property
    def asking(self) -> Asking:
        """Build it."""
        return self.world.asking_with(self.outside)

    @property
    def approvals(self) -> Approvals:
        """Build it."""
        store = self.outside.around("store", self.world.store)
        return Approvals(unit_of_work=store, requests=store, clock=self.world.clock)

    @property
    def requests(self) -> AccessRequests:
        """Build it."""
        store, world = self.outside.around("store", self.world.store), self.world
        return AccessRequests(
            unit_of_work=store,
            requests=store,
            flows=store,
            catalogue=store,
            ledger=store,
            connectors=OneConnector(self.outside.around("connector", world.connector)),
            vault=self.outside.around("vault", world.vault),
            clock=world.clock,
        )

    @property
    def flows(self) -> AccessFlows:
        """Build it."""
        store = self.outside.around("store", self.world.store)
        return AccessFlows(unit_of_work=store, flows=store, requests=store, clock=self.world.clock)

    @property
    def integrations(self) -> Integrations:
        """Build it."""
        store, world = self.outside.around("store", self.world.store), self.world
        return Integrations(
            unit_of_work=store,
            catalogue=store,
            connectors=OneConnector(self.outside.around("connector", world.connector)),
            secrets=self.outside.around("secrets", world.secrets),
            clock=world.clock,
            randomness=world.store.random,
        )

    @property
    def audit_settings(self) -> AuditSettingsDesk:
        """Build it."""
        store = self.outside.around("store", self.world.store)
        return AuditSettingsDesk(unit_of_work=store, store=store, clock=self.world.clock)

    @property
    def anomaly_settings(self) -> AnomalySettingsDesk:
        """Build it."""
        store = self.outside.around("store", self.world.store)
        anomalies = self.outside.around("anomalies", self.world.anomalies)
        return AnomalySettingsDesk(unit_of_work=store, store=anomalies, clock=self.world.clock)


@dataclass(frozen=True)
class Operation:
    """A command: what it starts from, who calls, and in the end what is told of each request, and of no request.

    `keyed` commands are called with an idempotency key, and others are the same thing again by themselves. Those that
    are not `is_whole` do several things, of which each is done or not.
    """

    start: Callable[[World], object]
    run: Callable[[Desk, list[str], Call], object]
    told: list[list[str]]
    status: Status | None
    caller: str = "maya"
    keyed: bool = True
    is_whole: bool = True
    told_elsewhere: tuple[str, ...] = ()


def nothing(world: World) -> None: ...


def pending(world: World) -> None:
    world.submitted("role1")


def approved(world: World) -> None:
    world.approved("role1")


def granted(world: World) -> None:
    extensions = ExtensionRule(count=2, longest=HOUR)
    write_flow(world, a_definition(extensions=extensions))
    world.granted("role1")


def granted_twice(world: World) -> None:
    world.granted("role1")
    world.granted("role3")


def being_granted(world: World) -> None:
    """Let a worker die when the target has given what it was asked for, and nobody has heard of it."""
    request_id = world.approved("role1").id
    with pytest.raises(KilledError):
        world.provisioning_with(DyingAfter(last="connector.grant")).advance(request_id)


def rejected(world: World) -> None:
    world.approvals.reject(world.submitted("role1").id, a_call(NOA))


def quarantined(world: World) -> None:
    """Let a target resist that an administrator has seen to."""
    connector = ResistingConnector(revoke_errors=[DOWN] * 10_000)
    world.connector = connector
    world.requests.revoke(world.granted("role1").id, a_call(ADA), reason="leak")
    world.sweep(minutes=30)
    connector.accesses.clear()


def pending_twice_over(world: World) -> None:
    world.submitted("role1", "role3")


def pending_in_two_steps(world: World) -> None:
    steps = (ApprovalStep(needed=1, groups=("approvers",)), ApprovalStep(needed=1, groups=("admins",)))
    write_flow(world, a_definition(approve=ApprovalRule(steps=steps)))
    world.submitted("role1")


def drifted(world: World) -> None:
    """Let a grant call land after the end, be found and not be removed, until an administrator has seen to it."""
    connector = ResistingConnector()
    world.connector = connector
    request_id = world.granted("role1").id
    world.clock.advance(HOUR)
    ended = world.provisioning.advance(request_id)
    connector.revoke_errors = [DOWN] * 10_000
    connector.grant(world.store.grant(request_id).intent)
    assert ended.due_at is not None
    world.clock.at(ended.due_at)
    world.provisioning.advance(request_id)
    connector.accesses.clear()


def more_to_be_found(world: World) -> None:
    world.connector.databases = (*world.connector.databases, "billing")


# What needs more than a word


def write_flow(world: World, definition: FlowDefinition) -> None:
    (flow,) = world.store.in_force().flows
    world.store.commit(Change(flow.changed(definition=definition)), origin=API)


def delete_flow(desk: Desk, call: Call) -> None:
    """Who calls again, not knowing whether it was done, may hear that it is gone."""
    with suppress(NotFoundError):
        desk.flows.delete(FLOW, call, if_match=1)


def add_wiki(desk: Desk, call: Call) -> object:
    return desk.integrations.add("wiki", call, name="Wiki", kind="fake", settings={}, secret="hush")


def keep_for_longer(desk: Desk, call: Call) -> object:
    choices = AuditChoices(retention_days=180, reads=Reads.ALL, writers=())
    return desk.audit_settings.put(choices, call, if_match=0)


def look_at_hours(desk: Desk, call: Call) -> object:
    choices = AnomalyChoices(unusual_hours=UnusualHoursChoices(requests=30))
    return desk.anomaly_settings.put(choices, call, if_match=0)


FLOW = "orders-roles"
LAPSED, ENDED = "access.lapsed", [*AGREED, *HAD, "access.expired"]
OPERATIONS = {
    "submit": Operation(
        nothing, lambda desk, _, call: desk.asking.submit(FOR_ROLE1, call), [[*ASKED, LAPSED]], Status.LAPSED
    ),
    "bundle": Operation(
        nothing,
        lambda desk, _, call: desk.asking.submit_bundle([FOR_ROLE1, FOR_ROLE3], call),
        [[*ASKED, LAPSED]] * 2,
        Status.LAPSED,
    ),
    "ask again": Operation(
        rejected,
        lambda desk, ids, call: desk.asking.ask_again(ids[0], call, changes=Changes()),
        [[*ASKED, "access.role.rejected", "access.rejected"], [*ASKED, LAPSED]],
        Status.LAPSED,
    ),
    "approve": Operation(
        pending, lambda desk, ids, call: desk.approvals.approve(ids[0], call), [ENDED], Status.EXPIRED, caller="noa"
    ),
    "reject": Operation(
        pending,
        lambda desk, ids, call: desk.approvals.reject(ids[0], call),
        [[*ASKED, "access.role.rejected", "access.rejected"]],
        Status.REJECTED,
        caller="noa",
    ),
    "cancel": Operation(
        approved,
        lambda desk, ids, call: desk.requests.cancel(ids[0], call),
        [[*AGREED, "access.canceled"]],
        Status.CANCELED,
    ),
    "extend": Operation(
        granted,
        lambda desk, ids, call: desk.requests.extend(ids[0], call, duration=HOUR),
        [[*AGREED, "access.granted", "access.extended", "access.revoking", "access.expired"]],
        Status.EXPIRED,
    ),
    "give back": Operation(
        granted,
        lambda desk, ids, call: desk.requests.give_back(ids[0], call),
        [[*AGREED, *HAD, "access.returned"]],
        Status.CANCELED,
    ),
    "revoke": Operation(
        granted,
        lambda desk, ids, call: desk.requests.revoke(ids[0], call, reason="leak"),
        [[*AGREED, *HAD, "access.revoked"]],
        Status.REVOKED,
        caller="ada",
    ),
    "revoke many": Operation(
        granted_twice,
        lambda desk, ids, call: desk.requests.revoke_many(ids, call, reason="leak"),
        [[*AGREED, *HAD, "access.revoked"]] * 2,
        Status.REVOKED,
        keyed=False,
        is_whole=False,
        caller="ada",
    ),
    "stop": Operation(
        granted_twice,
        lambda desk, _, call: desk.requests.stop_person(MAYA.id, call, reason="left"),
        [[*AGREED, *HAD, "access.revoked"]] * 2,
        Status.REVOKED,
        keyed=False,
        is_whole=False,
        caller="ada",
    ),
    "revoke what is being granted": Operation(
        being_granted,
        lambda desk, ids, call: desk.requests.revoke(ids[0], call, reason="leak"),
        [[*AGREED, "access.revoking", "access.revoked"]],
        Status.REVOKED,
        caller="ada",
    ),
    "stop whom is being granted something": Operation(
        being_granted,
        lambda desk, _, call: desk.requests.stop_person(MAYA.id, call, reason="left"),
        [[*AGREED, "access.revoking", "access.revoked"]],
        Status.REVOKED,
        keyed=False,
        caller="ada",
    ),
    "close by hand": Operation(
        quarantined,
        lambda desk, ids, call: desk.requests.close_by_hand(ids[0], call, reason="seen to"),
        [[*AGREED, *HAD, "access.quarantined", "access.quarantine.closed", "access.revoked"]],
        Status.REVOKED,
        caller="ada",
    ),
    "approve one of two items": Operation(
        pending_twice_over,
        lambda desk, ids, call: desk.approvals.approve(ids[0], call, items=["item-1"]),
        [[*ASKED, "access.role.approved", LAPSED]],
        Status.LAPSED,
        caller="noa",
    ),
    "approve the first of two steps": Operation(
        pending_in_two_steps,
        lambda desk, ids, call: desk.approvals.approve(ids[0], call),
        [[*ASKED, "access.role.approved", LAPSED]],
        Status.LAPSED,
        caller="noa",
    ),
    "close by hand what has drifted": Operation(
        drifted,
        lambda desk, ids, call: desk.requests.close_by_hand(ids[0], call, reason="seen to"),
        [[*ENDED, "access.drift.detected", "access.quarantine.closed"]],
        Status.EXPIRED,
        caller="ada",
    ),
    "look at credentials": Operation(
        granted,
        lambda desk, ids, call: desk.requests.credentials(ids[0], call),
        [[*AGREED, "access.granted", "access.credentials.viewed", "access.revoking", "access.expired"]],
        Status.EXPIRED,
        keyed=False,
    ),
    "write a new flow": Operation(
        nothing,
        lambda desk, _, call: desk.flows.put("more", a_definition(needed=2), call, if_match=None),
        [],
        None,
        caller="ada",
        keyed=False,
        told_elsewhere=("flow.created",),
    ),
    "change a flow": Operation(
        approved,
        lambda desk, _, call: desk.flows.put(FLOW, a_definition(needed=2), call, if_match=1),
        [[*AGREED, "access.grant.failed"]],
        Status.FAILED,
        caller="ada",
        keyed=False,
        told_elsewhere=("flow.updated",),
    ),
    "delete a flow": Operation(
        approved,
        lambda desk, _, call: delete_flow(desk, call),
        [[*AGREED, "access.grant.failed"]],
        Status.FAILED,
        caller="ada",
        keyed=False,
        told_elsewhere=("flow.deleted",),
    ),
    "add an integration": Operation(
        nothing,
        lambda desk, _, call: add_wiki(desk, call),
        [],
        None,
        caller="ada",
        told_elsewhere=("integration.added",),
    ),
    "check an integration": Operation(
        nothing,
        lambda desk, _, call: desk.integrations.check("orders-db", call),
        [],
        None,
        caller="ada",
        keyed=False,
        told_elsewhere=("integration.updated",),
    ),
    "scan an integration": Operation(
        more_to_be_found,
        lambda desk, _, call: desk.integrations.scan("orders-db", call),
        [],
        None,
        caller="ada",
        keyed=False,
        is_whole=False,
        told_elsewhere=("discovery.scan.started", "discovery.scan.completed"),
    ),
    "change the settings of the trail": Operation(
        nothing,
        lambda desk, _, call: keep_for_longer(desk, call),
        [],
        None,
        caller="ada",
        keyed=False,
        told_elsewhere=("settings.updated",),
    ),
    "change the settings of anomalies": Operation(
        nothing,
        lambda desk, _, call: look_at_hours(desk, call),
        [],
        None,
        caller="ada",
        keyed=False,
        told_elsewhere=("settings.updated",),
    ),
}
