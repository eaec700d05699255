"""Grants that overlap on a real PostgreSQL server, where a person's own role gains and loses membership.

What workers do, with the connector that is deployed; the store is in memory. `tests/proof/test_shared_access.py` goes
through every order and interruption with a target in memory.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import permutations
from typing import Any

import pytest

from nightlatch.domain.access_flow import FlowRegister
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import ConflictError
from nightlatch.domain.integration import Permission, Resource
from nightlatch.domain.lease import Lease
from nightlatch.domain.selectors import TargetSelector
from nightlatch.services.asking import Submission, WantedItem
from nightlatch.services.call import Call
from nightlatch.services.ending import WATCH
from nightlatch.services.ports.targets import Connector
from tests.builders import API, MAYA, OneConnector, Outside, World, a_call, a_definition, a_flow
from tests.integration.connector_targets import a_membership_connector, memberships, people_on
from tests.integration.postgres_server import PostgresServer, needs_grantors
from tests.unit.services.shared_access import OVERLAPPING, ROLES, Interrupted, advance, give_back

BEFORE = pytest.mark.parametrize("before", [False, True], ids=["", "there before"])
MOST_CALLS = 50
EVERYTHING = TargetSelector(integration="orders-db", names=("*",), permissions=("member",))
Start = Callable[..., str]


@dataclass(kw_only=True)
class PostgresWorld(World):
    """A Nightlatch whose workers reach a real server, on which one asks for roles."""

    server: PostgresServer
    before: frozenset[str] = frozenset()
    real: Connector = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.real = a_membership_connector(self.server.port)
        flow = a_flow(definition=a_definition(what=EVERYTHING)).changed()
        self.store.commit(Change(flow, (), (FlowRegister(version=2),)), origin=API)
        self.store.replace_resources("orders-db", [a_role(name) for name in ROLES])
        for role in self.before:
            self.server.run(f"GRANT {role} TO maya")

    def connected(self, outside: Outside) -> Any:
        """Let workers reach the server."""
        return OneConnector(outside.around("connector", self.real))

    def submitted(self, *permissions: str, call: Call | None = None, **_: Any) -> AccessRequest:
        """Ask for membership of roles."""
        items = [WantedItem("role", role, "member") for role in permissions]
        return self.asking.submit(Submission("orders-db", items, justification="INC-1"), call or a_call(MAYA))

    def roles(self) -> set[str]:
        """Say what Maya has at the server, whoever gave it."""
        return {role for member, role in memberships(self.server) if member == "maya"}

    def wanted(self) -> set[str]:
        """Say what she is to have: what was there before, and what some request that is granted covers."""
        granted = (each for each in self.store._all(AccessRequest) if each.status is Status.GRANTED)
        return {item.resource_id for request in granted for item in request.items} | self.before

    def settle(self) -> None:
        """Let sweeps run until nothing is due any more."""
        self.sweep(minutes=2)
        self.clock.advance(WATCH)
        self.sweep(minutes=1)


def a_role(name: str) -> Resource:
    return Resource(type="role", id=name, name=name, tags=(), permissions=(Permission(name="member"),))


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """Let Maya's role carry her id, and a third role be lent."""
    with people_on(postgres):
        postgres.run(f"COMMENT ON ROLE maya IS '#person:{MAYA.id}'", "CREATE ROLE role2 NOLOGIN")
        try:
            postgres.run("GRANT role2 TO lender WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")
            yield postgres
        finally:
            postgres.run("DROP ROLE role2")


@contextmanager
def a_world(server: PostgresServer, *, before: bool = False) -> Iterator[PostgresWorld]:
    """Begin with nothing at the server, or with role1 that somebody else gave."""
    world = PostgresWorld(server=server, before=frozenset({"role1"} if before else ()))
    yield world
    world.settle()
    assert world.roles() == world.before
    assert not [*world.real.list_managed()]
    assert all(lease.is_nobodys for lease in world.store._all(Lease))
    for role in world.before:
        server.run(f"REVOKE {role} FROM maya")


@BEFORE
@pytest.mark.parametrize("order", [*permutations(range(3))], ids=str)
def test_membership_lasts_until_the_last_of_three_grants_ends(
    server: PostgresServer, order: tuple[int, ...], *, before: bool
) -> None:
    """J3. J4."""
    with a_world(server, before=before) as world:
        granted = [world.granted(*roles).id for roles in OVERLAPPING]
        assert world.roles() == set(ROLES)
        for position in order:
            assert "role1" in world.roles()
            give_back(world, granted[position])
            assert world.roles() == world.wanted()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the first", "the second"])
def test_what_somebody_else_gives_while_grants_last_is_there_after_them(
    server: PostgresServer, order: tuple[int, ...]
) -> None:
    """J4."""
    needs_grantors(server)
    with a_world(server) as world:
        granted = [world.granted(*roles).id for roles in OVERLAPPING[:2]]
        server.run("GRANT role1 TO maya")
        for position in order:
            give_back(world, granted[position])
        assert world.roles() == {"role1"}
        server.run("REVOKE role1 FROM maya")


def begins(world: World, *roles: str) -> str:
    return world.approved(*roles).id


def ends(world: World, *roles: str) -> str:
    request = world.granted(*roles)
    world.requests.give_back(request.id, a_call(MAYA))
    return request.id


@BEFORE
@pytest.mark.parametrize(("first", "second"), [(begins, ends), (ends, begins), (ends, ends)])
def test_whatever_two_workers_do_at_once_membership_lasts_exactly_until_the_last_end(
    server: PostgresServer, first: Start, second: Start, *, before: bool
) -> None:
    """J3. J4: the second worker goes before, or after, each call of the first."""
    for number in range(MOST_CALLS):
        for after in (False, True):
            with a_world(server, before=before) as world:
                # What is to end has begun before anything else ends: so the two overlap.
                two, one = second(world, "role1", "role2"), first(world, "role1")
                rival = partial(advance, world, two)
                outside = Interrupted(dies_at=number, after_effect=after, meanwhile=rival)
                advance(world, one, outside)
                world.sweep(minutes=3)
                assert world.roles() == world.wanted(), (number, after)
                end(world, one, two)
        if number >= len(outside.calls):
            return
    raise AssertionError("there is no end to the calls")


def end(world: World, *request_ids: str) -> None:
    for request_id in request_ids:
        with suppress(ConflictError):
            give_back(world, request_id)
