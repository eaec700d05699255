"""What the machine has found, each in its smallest form."""

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.connector import Entitlement
from nightlatch.domain.errors import StoreUnavailableError
from tests.builders import MAYA, World, a_call
from tests.fakes.connector import FakeSharedConnector

ROLE1 = Entitlement(resource_type="database", resource_id="orders", permission="role1")


def test_an_end_that_cannot_be_written_down_leaves_alone_what_another_grant_has_joined_meanwhile() -> None:
    """J2. J3."""
    target = FakeSharedConnector()
    world = World(connector=target)
    ending, joining = world.granted("role1"), world.approved("role1", "role3")
    world.requests.give_back(ending.id, a_call(MAYA))

    def join_and_let_the_store_go_down() -> None:
        world.provisioning.advance(joining.id)
        world.store.refused_commits = 1

    world.store.interruptions = [join_and_let_the_store_go_down]
    with pytest.raises(StoreUnavailableError):
        world.provisioning.advance(ending.id)

    assert world.store.request(joining.id).status is Status.GRANTED
    assert target.has(MAYA.id, ROLE1)
