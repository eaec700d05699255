"""A target where people have accounts of their own, and requests whose access overlaps there."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.connector import Entitlement
from nightlatch.domain.errors import RivalChangeError, StoreUnavailableError
from tests.builders import MAYA, KilledError, Outside, World, a_call, a_resource
from tests.fakes.connector import FakeSharedConnector

ROLES = ("role1", "role2", "role3")
OVERLAPPING = (("role1",), ("role1", "role2"), ("role1", "role3"))
"""What three requests ask for: each something else, and all of them role1."""


def entitlement(role: str) -> Entitlement:
    return Entitlement(resource_type="database", resource_id="orders", permission=role)


ROLE1 = entitlement("role1")


def shared_world(*, before: bool = False, connector: FakeSharedConnector | None = None) -> World:
    """Build a Nightlatch over a target where people have accounts of their own."""
    connector = connector or FakeSharedConnector()
    connector.roles = ROLES
    if before:
        connector.before.add((MAYA.id, ROLE1))
    world = World(connector=connector)
    world.store.replace_resources("orders-db", [a_resource("orders", *ROLES)])
    return world


def target(world: World) -> FakeSharedConnector:
    assert isinstance(world.connector, FakeSharedConnector)
    return world.connector


def has(world: World, role: str = "role1") -> bool:
    return target(world).has(MAYA.id, entitlement(role))


def give_back(world: World, request_id: str) -> None:
    """End one's access early, and let a worker do it."""
    world.requests.give_back(request_id, a_call(MAYA))
    world.provisioning.advance(request_id)


def status(world: World, request_id: str) -> Status:
    return world.store.request(request_id).status


def is_right(world: World) -> bool:
    """Whether each role is there exactly while a request that is granted covers it, or it was there before."""
    wanted = {
        item.permission
        for request in world.store._all(AccessRequest)
        if request.status is Status.GRANTED
        for item in request.items
    }
    before = {each.permission for _, each in target(world).before}
    return {role for role in ROLES if has(world, role)} == wanted | before


@dataclass
class Interrupted(Outside):
    """Instead of dying at a call, let something else happen just before it, or just after."""

    meanwhile: Callable[[], object] = lambda: None

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Make a call, with something else before or after it."""
        is_the_one = len(self.calls) == self.dies_at
        self.calls.append(name)
        if is_the_one and not self.after_effect:
            self.meanwhile()
        answer = work()
        if is_the_one and self.after_effect:
            self.meanwhile()
        return answer


def advance(world: World, request_id: str, outside: Outside | None = None) -> None:
    """Work as the functions do: a rival, or an unreachable store, is somebody else's business."""
    with suppress(RivalChangeError, StoreUnavailableError, KilledError):
        world.provisioning_with(outside or Outside()).advance(request_id)
