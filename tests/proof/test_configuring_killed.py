"""J1: what administrators change, killed at any outbound call, is so and told, or is not; done again, it is so."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from nightlatch.domain.audit_settings import AuditChoices, Reads
from nightlatch.domain.errors import NotFoundError, StaleVersionError
from nightlatch.services.access_flows import AccessFlows
from nightlatch.services.audit_settings import AuditSettingsDesk
from nightlatch.services.integrations import Integrations
from tests.builders import ADA, KilledError, OneConnector, Outside, World, a_call, a_definition

CALL = a_call(ADA, key="key-1")
OTHER = a_definition(name="Another")
CHOICES = AuditChoices(retention_days=30, reads=Reads.ALL, writers=())


def flows(world: World, outside: Outside) -> AccessFlows:
    store = outside.around("store", world.store)
    return AccessFlows(unit_of_work=store, flows=store, requests=store, clock=world.clock)


def integrations(world: World, outside: Outside) -> Integrations:
    store = outside.around("store", world.store)
    return Integrations(
        unit_of_work=store,
        catalogue=store,
        connectors=OneConnector(outside.around("connector", world.connector)),
        secrets=outside.around("secrets", world.secrets),
        clock=world.clock,
        randomness=world.store.random,
    )


def settings(world: World, outside: Outside) -> AuditSettingsDesk:
    store = outside.around("store", world.store)
    return AuditSettingsDesk(unit_of_work=store, store=store, clock=world.clock)


def add_integration(world: World, outside: Outside) -> object:
    return integrations(world, outside).add("people-db", CALL, name="People", kind="fake", settings={}, secret="s3cret")


def is_added(world: World) -> bool:
    """Whether it is there, with its secret."""
    found = world.store.integration("people-db")
    return found is not None and world.secrets.get(found.secret_reference) == "s3cret"


@dataclass(frozen=True)
class Changing:
    """A change: what it is, whether it is so, and the event that tells of it."""

    run: Callable[[World, Outside], object]
    is_so: Callable[[World], bool]
    told: str


CHANGES = {
    "a new flow": Changing(
        lambda world, outside: flows(world, outside).put("people-roles", OTHER, CALL, if_match=None),
        lambda world: "people-roles" in {flow.id for flow in world.flows.all()},
        "flow.created",
    ),
    "another version of a flow": Changing(
        lambda world, outside: flows(world, outside).put("orders-roles", OTHER, CALL, if_match=1),
        lambda world: world.flows.show("orders-roles").definition == OTHER,
        "flow.updated",
    ),
    "no flow any more": Changing(
        lambda world, outside: flows(world, outside).delete("orders-roles", CALL, if_match=1),
        lambda world: "orders-roles" not in {flow.id for flow in world.flows.all()},
        "flow.deleted",
    ),
    "another system": Changing(add_integration, is_added, "integration.added"),
    "other settings of the trail": Changing(
        lambda world, outside: settings(world, outside).put(CHOICES, CALL, if_match=0),
        lambda world: world.audit_settings.show().choices == CHOICES,
        "settings.updated",
    ),
}
SO_ALREADY = (StaleVersionError, NotFoundError)
"""What a client is told whose change had been made, though it never heard so, and who sends it again."""


def calls_of(change: Changing) -> int:
    """Count the outbound calls of a change when nothing goes wrong."""
    outside = Outside()
    change.run(World(), outside)
    return len(outside.calls)


def deaths() -> Iterator[tuple[str, int, bool]]:
    for name, change in CHANGES.items():
        for number in range(calls_of(change)):
            yield name, number, False
            yield name, number, True


def told(world: World, change: Changing) -> int:
    """Count how often it is told."""
    return [event.event_type for event in world.events()].count(change.told)


@pytest.mark.parametrize(("name", "number", "after_effect"), [*deaths()])
def test_a_change_that_was_killed_is_all_so_or_not_at_all_and_again_it_is_so(
    name: str, number: int, after_effect: bool
) -> None:
    """J1. E1."""
    world, change = World(), CHANGES[name]
    assert not change.is_so(world)
    with pytest.raises(KilledError):
        change.run(world, Outside(dies_at=number, after_effect=after_effect))

    assert told(world, change) == change.is_so(world)
    with suppress(*SO_ALREADY):
        change.run(world, Outside())
    assert (told(world, change), change.is_so(world)) == (1, True)


@pytest.mark.parametrize("name", CHANGES)
def test_some_death_leaves_each_change_undone_and_some_leaves_it_done(name: str) -> None:
    outcomes = set()
    for number in range(calls_of(CHANGES[name])):
        for after_effect in (False, True):
            world = World()
            with suppress(KilledError):
                CHANGES[name].run(world, Outside(dies_at=number, after_effect=after_effect))
            outcomes.add(CHANGES[name].is_so(world))
    assert outcomes == {True, False}
