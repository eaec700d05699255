"""J1: what people do through the API, killed at any outbound call, called again and left to the sweep, happens once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

import pytest

from nightlatch.domain.access_flow import ExtensionRule
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep
from nightlatch.domain.change import Change
from nightlatch.domain.ledger import Head, first_break
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.approvals import Approvals
from nightlatch.services.asking import Asking, Changes, Submission, WantedItem
from nightlatch.services.call import Call
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import ADA, API, HOUR, MAYA, NOA, KilledError, OneConnector, Outside, World, a_call, a_definition
from tests.unit.services.targets import DOWN, ResistingConnector

FOR_ROLE1 = Submission("orders-db", [WantedItem("database", "orders", "role1")], justification="a customer cannot pay")
FOR_ROLE3 = Submission("orders-db", [WantedItem("database", "orders", "role3")], justification="a customer cannot pay")

HAD = ["access.granted", "access.revoking"]
"""What is told of every access that ended, in between."""
ASKED = ["access.requested"]
AGREED = [*ASKED, "access.role.approved", "access.approved"]


@dataclass
class DyingAtTheGrant(Outside):
    """What a worker calls that does not live to see the grant's answer."""

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Make a call, and die after the grant."""
        answer = super().call(name, work)
        if name == "connector.grant":
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


@dataclass(frozen=True)
class Operation:
    """A command: what it starts from, who calls, and in the end what is told of each request."""

    start: Callable[[World], object]
    run: Callable[[Desk, list[str], Call], object]
    told: list[list[str]]
    status: Status
    keyed: bool = True
    caller: str = "maya"


def nothing(world: World) -> None: ...


def pending(world: World) -> None:
    world.submitted("role1")


def approved(world: World) -> None:
    world.approved("role1")


def granted(world: World) -> None:
    extensions = ExtensionRule(count=2, longest=HOUR)
    (flow,) = world.store.in_force().flows
    world.store.commit(Change(flow.changed(definition=a_definition(extensions=extensions))), origin=API)
    world.granted("role1")


def granted_twice(world: World) -> None:
    world.granted("role1")
    world.granted("role3")


def being_granted(world: World) -> None:
    """Let a worker die when the target has given what it was asked for, and nobody has heard of it."""
    request_id = world.approved("role1").id
    with pytest.raises(KilledError):
        world.provisioning_with(DyingAtTheGrant()).advance(request_id)


def rejected(world: World) -> None:
    world.approvals.reject(world.submitted("role1").id, a_call(NOA))


def quarantined(world: World) -> None:
    """Let a target resist that an administrator has seen to."""
    connector = ResistingConnector(revoke_errors=[DOWN] * 10_000)
    world.connector = connector
    world.requests.revoke(world.granted("role1").id, a_call(ADA), reason="leak")
    world.sweep(minutes=30)
    connector.accesses.clear()


def drifted(world: World) -> None:
    """Let a grant call land after the end, at a target that then resists; an administrator has seen to it."""
    connector = ResistingConnector()
    world.connector = connector
    request = world.granted("role1")
    world.clock.at(in_time(request.ends_at))
    closed = world.provisioning.advance(request.id)
    connector.grant(world.store.grant(request.id).intent)
    connector.revoke_errors += [DOWN] * 10_000
    world.clock.at(in_time(closed.due_at))
    world.provisioning.advance(request.id)
    connector.accesses.clear()


def in_time(moment: datetime | None) -> datetime:
    assert moment
    return moment


def pending_for_two(world: World) -> None:
    world.submitted("role1", "role3")


def pending_in_two_steps(world: World) -> None:
    (flow,) = world.store.in_force().flows
    rule = ApprovalRule(steps=(ApprovalStep(groups=("approvers",)), ApprovalStep(people=(ADA.id,))))
    world.store.commit(Change(flow.changed(definition=a_definition(approve=rule))), origin=API)
    world.submitted("role1")


LAPSED, ENDED = "access.lapsed", [*AGREED, *HAD, "access.expired"]
CALLERS = {"maya": MAYA, "noa": NOA, "ada": ADA}
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
    "approve one of two": Operation(
        pending_for_two,
        lambda desk, ids, call: desk.approvals.approve(ids[0], call, items=("item-1",)),
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
        caller="ada",
    ),
    "stop": Operation(
        granted_twice,
        lambda desk, _, call: desk.requests.stop_person(MAYA.id, call, reason="left"),
        [[*AGREED, *HAD, "access.revoked"]] * 2,
        Status.REVOKED,
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
        caller="ada",
    ),
    "close by hand what was found after its end": Operation(
        drifted,
        lambda desk, ids, call: desk.requests.close_by_hand(ids[0], call, reason="seen to"),
        [[*AGREED, *HAD, "access.expired", "access.drift.detected", "access.quarantine.closed"]],
        Status.EXPIRED,
        caller="ada",
    ),
    "close by hand": Operation(
        quarantined,
        lambda desk, ids, call: desk.requests.close_by_hand(ids[0], call, reason="seen to"),
        [[*AGREED, *HAD, "access.quarantined", "access.quarantine.closed", "access.revoked"]],
        Status.REVOKED,
        caller="ada",
    ),
}


def ids_in(world: World) -> list[str]:
    return sorted(request.id for request in world.store.find(RequestFilter()))


def prepared(operation: Operation) -> tuple[World, list[str], Call]:
    world = World()
    world.acquaintances.note(a_call(MAYA))
    operation.start(world)
    return world, ids_in(world), a_call(CALLERS[operation.caller], key="key-1")


def calls_of(operation: Operation) -> int:
    """Count the outbound calls of the command when nothing goes wrong."""
    (world, ids, call), outside = prepared(operation), Outside()
    operation.run(Desk(world, outside), ids, call)
    return len(outside.calls)


def deaths() -> Iterator[tuple[str, int, bool]]:
    for name, operation in OPERATIONS.items():
        for number in range(calls_of(operation)):
            yield name, number, False
            yield name, number, True


DEATHS = [*deaths()]


def swept_to_the_end(world: World) -> list[AccessRequest]:
    """Let the target be well, and the sweep run until nothing is due."""
    if isinstance(world.connector, ResistingConnector):
        world.connector.revoke_errors.clear()
    for _ in range(100):
        due = [request.due_at for request in world.store.find(RequestFilter()) if request.due_at]
        if not due:
            break
        world.clock.at(max(world.clock.now, *due))
        world.sweep(minutes=1)
    return sorted(world.store.find(RequestFilter()), key=lambda request: request.id)


def told(world: World, requests: list[AccessRequest]) -> list[list[str]]:
    """List what is told of each, but not how often a target resisted."""
    return [[one for one in world.told(request.id) if one != "access.revoke.failed"] for request in requests]


def left_alone(operation: Operation) -> list[list[str]]:
    """Say what is told in the end when nobody calls."""
    world, _, _ = prepared(operation)
    return told(world, swept_to_the_end(world))


@pytest.mark.parametrize(("name", "number", "after_effect"), DEATHS)
def test_a_command_that_was_killed_and_called_again_took_effect_once(
    name: str, number: int, after_effect: bool
) -> None:
    """J1. E1."""
    operation = OPERATIONS[name]
    world, ids, call = prepared(operation)
    with pytest.raises(KilledError):
        operation.run(Desk(world, Outside(dies_at=number, after_effect=after_effect)), ids, call)

    operation.run(Desk(world, Outside()), ids, call)
    requests = swept_to_the_end(world)

    assert (told(world, requests), requests[-1].status) == (operation.told, operation.status)
    assert (world.connector.accesses, [request.due_at for request in requests if request.due_at]) == ({}, [])


@pytest.mark.parametrize(("name", "number", "after_effect"), DEATHS)
def test_a_command_that_was_killed_for_good_left_all_of_it_or_nothing(
    name: str, number: int, after_effect: bool
) -> None:
    """J1."""
    operation = OPERATIONS[name]
    world, ids, call = prepared(operation)
    with pytest.raises(KilledError):
        operation.run(Desk(world, Outside(dies_at=number, after_effect=after_effect)), ids, call)

    requests = swept_to_the_end(world)

    assert len(requests) in {len(ids), len(operation.told)}
    done_or_not = zip_longest(operation.told, left_alone(operation))
    assert all(one in either for one, either in zip(told(world, requests), done_or_not, strict=False))
    assert [request.id for request in requests if request.is_open or request.due_at] == []
    assert world.connector.accesses == {}


@pytest.mark.parametrize(("name", "number", "after_effect"), DEATHS)
def test_whatever_was_killed_leaves_a_chain_that_holds_each_event_once(
    name: str, number: int, after_effect: bool
) -> None:
    """I3. J1."""
    operation = OPERATIONS[name]
    world, ids, call = prepared(operation)
    with pytest.raises(KilledError):
        operation.run(Desk(world, Outside(dies_at=number, after_effect=after_effect)), ids, call)

    waiting = {event.id for row in world.store.outbox.values() for event in row.events}
    chain = [world.store.ledger[number] for number in range(1, len(world.events()) + 1)]

    assert first_break(chain, after=Head()) is None
    assert waiting <= {entry.event_id for entry in chain}
    assert len({entry.id for entry in chain}) == len(chain)
