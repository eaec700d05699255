"""Sessions of the console: whose a cookie is, how long it is good, and who ends it."""

from datetime import timedelta

import pytest

from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.session import ABSOLUTE, IDLE, NOTED_EVERY, Session
from nightlatch.services.sessions import Begun
from tests.builders import API, HOUR, MAYA, NOA, NOON, World, a_call, who_signed_in

SIGNED_IN = who_signed_in(MAYA, NOON - HOUR).model_copy(update={"sign_in": "s-1"})


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def begun(world: World) -> Begun:
    return world.sessions.begin(SIGNED_IN, origin=API)


def current(world: World, cookie: str) -> Session | None:
    return world.sessions.current(cookie, origin=API)


def test_a_session_is_found_by_its_cookie_and_says_who_is_signed_in(world: World, begun: Begun) -> None:
    found = current(world, begun.cookie)

    assert found == begun.session
    assert found is not None
    assert found.principal(MAYA.roles) == SIGNED_IN


def test_what_is_stored_is_no_use_to_who_reads_it(world: World, begun: Begun) -> None:
    assert begun.cookie.partition(".")[2] not in begun.session.model_dump_json()
    assert current(world, f"{MAYA.id}.{begun.session.id}") is None


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize("cookie", ["", ".", "nobody", f"{MAYA.id}.", f"{MAYA.id}.wrong", f"{NOA.id}.wrong"])
def test_any_other_cookie_is_nobodys(world: World, cookie: str) -> None:
    assert current(world, cookie) is None


def test_the_secret_of_one_is_no_use_in_the_name_of_another(world: World, begun: Begun) -> None:
    secret = begun.cookie.partition(".")[2]

    assert current(world, f"{NOA.id}.{secret}") is None


def test_a_session_is_over_when_it_was_not_used_for_a_while(world: World, begun: Begun) -> None:
    world.clock.advance(IDLE)

    assert current(world, begun.cookie) is None


def test_each_use_prolongs_a_session(world: World, begun: Begun) -> None:
    for _ in range(3):
        world.clock.advance(IDLE - timedelta(minutes=1))
        assert current(world, begun.cookie) is not None


def test_what_a_page_asks_for_by_itself_is_no_use(world: World, begun: Begun) -> None:
    world.clock.advance(IDLE - timedelta(minutes=1))
    assert world.sessions.current(begun.cookie, origin=API, is_use=False) is not None

    world.clock.advance(timedelta(minutes=1))
    assert current(world, begun.cookie) is None


def test_no_use_prolongs_a_session_beyond_its_end(world: World, begun: Begun) -> None:
    for _ in range(int(ABSOLUTE / timedelta(minutes=20))):
        world.clock.advance(timedelta(minutes=20))
        last = current(world, begun.cookie)

    assert last is None


def test_its_use_is_noted_once_a_minute_only(world: World, begun: Begun) -> None:
    current(world, begun.cookie)
    world.clock.advance(NOTED_EVERY)
    noted = current(world, begun.cookie)

    assert noted is not None
    assert noted.version == 2


def test_a_use_that_another_call_notes_meanwhile_is_a_use(world: World, begun: Begun) -> None:
    world.clock.advance(NOTED_EVERY)
    world.store.interruptions.append(lambda: current(world, begun.cookie))

    assert current(world, begun.cookie) is not None


@pytest.mark.usefixtures("begun")
def test_signing_in_is_an_event_once(world: World) -> None:
    world.sessions.begin(SIGNED_IN, origin=API)

    assert world.told() == ["user.created", "auth.login.success"]


def test_the_sessions_of_a_person_are_listed_and_nobody_elses(world: World, begun: Begun) -> None:
    world.sessions.begin(NOA, origin=API)
    second = world.sessions.begin(SIGNED_IN, origin=API)

    assert world.sessions.of(MAYA.id) == [second.session, begun.session]


@pytest.mark.usefixtures("begun")
def test_what_is_over_is_not_listed(world: World) -> None:
    world.clock.advance(IDLE)

    assert world.sessions.of(MAYA.id) == []


def test_a_session_that_is_ended_is_gone_at_once_and_that_is_an_event(world: World, begun: Begun) -> None:
    world.sessions.end(begun.session.id, a_call(SIGNED_IN))

    assert current(world, begun.cookie) is None
    assert world.told()[-1] == "auth.logout"


def test_a_session_that_is_used_meanwhile_is_ended_all_the_same(world: World, begun: Begun) -> None:
    world.clock.advance(NOTED_EVERY)
    current(world, begun.cookie)
    world.sessions.end(begun.session.id, a_call(SIGNED_IN))

    assert current(world, begun.cookie) is None


def test_nobody_ends_the_session_of_another(world: World, begun: Begun) -> None:
    with pytest.raises(NotFoundError):
        world.sessions.end(begun.session.id, a_call(NOA))
