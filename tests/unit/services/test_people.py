"""Whom Nightlatch has met: noted once for each sign-in, and looked up no more often than that."""

import pytest

from nightlatch.domain.errors import NotFoundError, StoreUnavailableError
from nightlatch.domain.identity import Principal
from nightlatch.services.people import SIGN_INS_REMEMBERED, Acquaintances
from tests.builders import MAYA, Outside, World, a_call


def welcoming(world: World, outside: Outside) -> Acquaintances:
    store = outside.around("store", world.store)
    return Acquaintances(unit_of_work=store, people=store, clock=world.clock)


def signed_in(sign_in: str) -> Principal:
    return MAYA.model_copy(update={"sign_in": sign_in})


def test_only_the_first_call_of_a_sign_in_has_to_look() -> None:
    world, outside = World(), Outside()
    register = welcoming(world, outside)
    for _ in range(5):
        register.welcome(a_call(signed_in("morning")))

    assert outside.calls == ["store.person", "store.commit"]
    assert world.told() == ["user.created", "auth.login.success"]


def test_another_worker_looks_for_itself_and_tells_nothing_twice() -> None:
    world = World()
    for _ in range(2):
        welcoming(world, Outside()).welcome(a_call(signed_in("morning")))

    assert world.told() == ["user.created", "auth.login.success"]


def test_who_could_not_be_noted_is_noted_by_the_next_call() -> None:
    world = World()
    register = welcoming(world, Outside())
    world.store.refused_commits = 1
    with pytest.raises(StoreUnavailableError):
        register.welcome(a_call(signed_in("morning")))

    register.welcome(a_call(signed_in("morning")))

    assert world.told() == ["user.created", "auth.login.success"]


def test_what_is_remembered_is_bounded() -> None:
    world, outside = World(), Outside()
    register = welcoming(world, outside)
    for number in range(SIGN_INS_REMEMBERED + 1):
        register.welcome(a_call(signed_in(str(number))))

    register.welcome(a_call(signed_in("0")))

    assert outside.calls.count("store.person") == SIGN_INS_REMEMBERED + 2


def test_who_tells_no_sign_in_is_not_looked_for() -> None:
    world, outside = World(), Outside()

    welcoming(world, outside).welcome(a_call(MAYA))

    assert outside.calls == []


def test_one_person_is_read_as_they_were_noted() -> None:
    world = World()
    world.acquaintances.note(a_call(MAYA))

    assert world.acquaintances.show(MAYA.id).email == MAYA.email


def test_who_never_came_is_not_known() -> None:
    with pytest.raises(NotFoundError, match=MAYA.id):
        World().acquaintances.show(MAYA.id)
