"""Writing access flows: nobody overwrites what they have not seen."""

import pytest

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.errors import NotFoundError, StaleVersionError, VersionRequiredError
from tests.builders import ADA, World, a_call, a_definition

STRICTER = a_definition(needed=2)
STRICTEST = a_definition(needed=3)


def test_a_new_flow_needs_no_version_and_is_told_with_what_it_says() -> None:
    world = World()

    flow = world.flows.put("orders-admin", STRICTER, a_call(ADA), if_match=None)

    (event,) = world.events()
    assert (flow.version, flow.updated_by) == (1, ADA.as_person())
    assert (event.event_type, event.actor, event.resource.id) == ("flow.created", ADA.as_actor(), "orders-admin")
    assert event.details == {"version": 1, "before": None, "after": STRICTER.model_dump(mode="json")}


def test_a_flow_is_changed_by_naming_its_version_and_told_with_before_and_after() -> None:
    world = World()
    before = world.flows.show("orders-roles")

    flow = world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=1)

    (event,) = world.events()
    assert flow.version == 2
    assert world.flows.show("orders-roles") == flow
    assert event.event_type == "flow.updated"
    assert event.details == {
        "version": 2,
        "before": before.definition.model_dump(mode="json"),
        "after": STRICTER.model_dump(mode="json"),
    }


def test_a_flow_that_exists_is_not_overwritten_unseen() -> None:
    """C4."""
    world = World()

    with pytest.raises(VersionRequiredError):
        world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=None)

    assert (world.flows.show("orders-roles").version, world.told()) == (1, [])


@pytest.mark.parametrize("if_match", [0, 1, 3])
def test_a_version_that_is_not_the_present_one_is_stale(if_match: int) -> None:
    """C4."""
    world = World()
    world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=1)

    with pytest.raises(StaleVersionError, match="is at version 2"):
        world.flows.put("orders-roles", STRICTEST, a_call(ADA), if_match=if_match)

    assert world.flows.show("orders-roles").definition == STRICTER


@pytest.mark.parametrize("if_match", [0, 1, 3])
def test_a_version_of_a_flow_that_is_not_there_is_stale(if_match: int) -> None:
    """C4."""
    world = World()

    with pytest.raises(StaleVersionError, match="there is no flow orders-admin"):
        world.flows.put("orders-admin", STRICTER, a_call(ADA), if_match=if_match)

    assert (len(world.flows.all()), world.told()) == (1, [])


@pytest.mark.parametrize("if_match", [2, 1, None], ids=["present", "sent again", "unseen"])
def test_the_same_definition_again_is_no_new_version_and_no_event(if_match: int | None) -> None:
    world = World()
    world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=1)

    again = world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=if_match)

    assert (again.version, world.told()) == (2, ["flow.updated"])


def test_two_administrators_at_once_do_not_overwrite_each_other() -> None:
    """C4."""
    world = World()
    world.store.interruptions = [lambda: world.flows.put("orders-roles", STRICTEST, a_call(ADA), if_match=1)]

    with pytest.raises(StaleVersionError, match="is at version 2"):
        world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=1)

    assert world.flows.show("orders-roles").definition == STRICTEST


def test_two_administrators_who_make_the_same_flow_at_once_do_not_overwrite_each_other() -> None:
    """C4."""
    world = World()
    world.store.interruptions = [lambda: world.flows.put("orders-admin", STRICTEST, a_call(ADA), if_match=None)]

    with pytest.raises(VersionRequiredError):
        world.flows.put("orders-admin", STRICTER, a_call(ADA), if_match=None)

    assert world.flows.show("orders-admin").definition == STRICTEST


def test_every_version_is_kept_newest_first() -> None:
    world = World()
    first = world.flows.show("orders-roles")
    second = world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=1)

    versions: list[AccessFlow] = world.flows.versions("orders-roles")

    assert versions == [second, first]


@pytest.mark.parametrize("look", ["show", "versions"])
def test_an_unknown_flow_is_not_found(look: str) -> None:
    with pytest.raises(NotFoundError, match="no access flow nowhere"):
        getattr(World().flows, look)("nowhere")


# The register of all changes


def test_every_change_of_any_flow_moves_the_register() -> None:
    """A9."""
    world = World()
    counted = [world.store.in_force().register.version]

    world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=1)
    counted.append(world.store.in_force().register.version)
    world.flows.put("orders-admin", STRICTER, a_call(ADA), if_match=None)
    counted.append(world.store.in_force().register.version)

    assert counted == [1, 2, 3]


def test_what_changes_no_flow_moves_no_register() -> None:
    world = World()
    world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=1)
    before = world.store.in_force().register

    world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=2)
    world.submitted()

    assert world.store.in_force().register == before


def test_two_flows_that_are_written_at_once_are_both_written() -> None:
    world = World()
    world.store.interruptions = [lambda: world.flows.put("orders-admin", STRICTEST, a_call(ADA), if_match=None)]

    world.flows.put("orders-roles", STRICTER, a_call(ADA), if_match=1)

    assert {flow.id: flow.definition for flow in world.flows.all()} == {
        "orders-admin": STRICTEST,
        "orders-roles": STRICTER,
    }
    assert world.store.in_force().register.version == 3
