"""For whom else somebody may ask: those whom a flow names, where it lets the caller."""

import pytest

from nightlatch.domain.identity import Principal
from nightlatch.domain.selectors import PeopleSelector
from tests.builders import ADA, EVE, MAYA, NOA, OMAR, World, a_call, a_definition, a_principal

LEA = a_principal("lea", groups=["leads", "developers"])
MARA = a_principal("mara", groups=["developers"])


@pytest.fixture
def world() -> World:
    """Leads may ask for developers."""
    world = World()
    world.flows.put("orders-roles", a_definition(on_behalf=PeopleSelector(groups=("leads",))), a_call(ADA), if_match=1)
    for somebody in (MAYA, MARA, LEA, EVE, NOA):
        world.acquaintances.note(a_call(somebody))
    return world


def found(world: World, text: str = "", *, by: Principal = LEA, limit: int = 10) -> list[str]:
    return [one.name for one in world.asking_for_others.find(text, a_call(by), limit=limit)]


def test_it_is_possible_for_those_whom_a_flow_lets_only(world: World) -> None:
    possible = {who.name for who in (LEA, MAYA, NOA, ADA) if world.asking_for_others.is_possible(a_call(who))}

    assert possible == {"Lea"}


def test_those_are_found_whom_the_flow_names_but_not_oneself(world: World) -> None:
    assert found(world) == ["Mara", "Maya"]


@pytest.mark.parametrize(
    ("text", "names"), [("MAY", ["Maya"]), ("ma example", ["Mara", "Maya"]), ("eve", []), ("maya mara", [])]
)
def test_they_are_found_by_parts_of_name_and_address(world: World, text: str, names: list[str]) -> None:
    assert found(world, text) == names


def test_no_more_are_found_than_are_shown(world: World) -> None:
    assert found(world, limit=1) == ["Mara"]


@pytest.mark.parametrize("somebody", [MAYA, NOA, ADA])
def test_whoever_may_not_ask_for_others_learns_of_nobody(world: World, somebody: Principal) -> None:
    assert found(world, by=somebody) == []
    assert world.asking_for_others.person(MARA.id, a_call(somebody)) is None


@pytest.mark.parametrize(
    ("whom", "is_known"), [(MAYA, True), (LEA, False), (EVE, False), (OMAR, False)], ids=lambda one: str(one)[:8]
)
def test_one_is_read_for_whom_the_caller_may_ask(world: World, whom: Principal, is_known: bool) -> None:
    one = world.asking_for_others.person(whom.id, a_call(LEA))

    assert (one is not None) is is_known


def test_what_may_be_asked_for_is_what_the_other_may_have(world: World) -> None:
    lead = a_principal("lena", groups=["leads"])
    maya = world.asking_for_others.person(MAYA.id, a_call(lead))
    assert maya is not None

    assert list(world.asking.offers(a_call(lead))) == []
    assert {one.permission.name for one in world.asking.offers(a_call(lead), on_behalf_of=maya.as_principal())} >= {
        "role1",
        "role3",
    }
    assert list(world.asking.offers(a_call(NOA), on_behalf_of=maya.as_principal())) == []
