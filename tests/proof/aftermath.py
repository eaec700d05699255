"""What is left when targets are well again and everything has come to its end: nothing."""

from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.grant import Grant
from nightlatch.domain.lease import Lease
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import World
from tests.unit.services.targets import ResistingConnector


def swept_to_the_end(world: World) -> list[AccessRequest]:
    """Let the target be well, the sweep run until nothing is due, and see that nothing is left over."""
    world.connector.fail_no_more()
    if isinstance(world.connector, ResistingConnector):
        world.connector.resist_no_more()
    for _ in range(100):
        due = [request.due_at for request in world.store.find(RequestFilter()) if request.due_at]
        if not due:
            break
        world.clock.at(max(world.clock.now, *due))
        world.sweep(minutes=1)
    requests = sorted(world.store.find(RequestFilter()), key=lambda request: request.id)
    assert [one.id for one in requests if one.is_open or one.due_at or one.quarantined] == []
    assert at_the_target(world) == set()
    assert [one for one in world.store.entities.values() if isinstance(one, Grant) and one.sealed_secret] == []
    assert [one for one in world.store.entities.values() if isinstance(one, Lease) and not one.is_nobodys] == []
    return requests


def at_the_target(world: World) -> set[object]:
    """Name what Nightlatch gave there and has not taken away."""
    return {*world.connector.accesses, *getattr(world.connector, "held", ())}
