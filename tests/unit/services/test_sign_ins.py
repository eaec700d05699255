"""Sign-ins that failed are told, and bounded in number: at the user pool, and with tokens that are refused."""

from datetime import timedelta

import pytest

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.tally import LONGEST_SIGN_IN
from tests.builders import API, EVE, MAYA, SECOND, World

MINUTE = timedelta(minutes=1)
WINDOW = timedelta(minutes=7)


def test_one_who_tries_for_an_hour_from_everywhere_is_told_once_in_five_minutes() -> None:
    world = World()
    for number in range(3600):
        origin = Origin(source=Source.API, ip_address=f"192.0.2.{number % 256}")
        world.sign_ins.refused(EVE, reason="this is an ID token; send the access token", origin=origin)
        world.clock.advance(timedelta(seconds=1))
    world.clock.advance(WINDOW)
    world.tallying.tell()

    events = world.events()

    assert len(events) <= 13
    assert sum(int(str(event.details["attempts"])) for event in events) == 3600
    assert (events[0].event_type, events[0].severity, events[0].actor.id) == ("auth.login.failed", "warning", EVE.id)
    assert events[0].details["reasons"] == ["this is an ID token; send the access token"]
    assert events[0].details["issuer"] == EVE.issuer


def test_each_person_is_told_apart_and_those_without_a_name_together() -> None:
    world = World()
    for whose in (EVE, MAYA, None, None):
        world.sign_ins.refused(whose, reason="the token has too many groups", origin=API)
    world.clock.advance(WINDOW)
    world.tallying.tell()

    assert {event.actor.id: event.details["attempts"] for event in world.events()} == {
        EVE.id: 1,
        MAYA.id: 1,
        "unknown": 2,
    }


# At the user pool

CLOSED = timedelta(minutes=5) + LONGEST_SIGN_IN + MINUTE
CLIENT = "cli"


def after(tries: str, *, pause: timedelta = SECOND, at: timedelta = timedelta()) -> list[tuple[str, object]]:
    """Let somebody try, `-` in vain and `+` with success, and list what is told when the window is closed."""
    world = World()
    world.clock.advance(at)
    for one in tries:
        world.sign_ins.attempted(MAYA, client=CLIENT)
        if one == "+":
            world.sign_ins.succeeded(MAYA)
        world.clock.advance(pause)
    world.clock.advance(CLOSED)
    world.tallying.tell()
    return [(event.event_type, event.details["attempts"]) for event in world.events()]


FAILED, LOCKED = "auth.login.failed", "auth.account.locked"


@pytest.mark.parametrize(
    ("tries", "told"),
    [
        ("+", []),
        ("+++", []),
        ("-", [(FAILED, 1)]),
        ("--+", [(FAILED, 2)]),
        ("+--", [(FAILED, 2)]),
        ("----", [(FAILED, 4)]),
        ("-----", [(FAILED, 5), (LOCKED, 5)]),
        ("------", [(FAILED, 6), (LOCKED, 6)]),
        ("----+----", [(FAILED, 8)]),
        ("----+-----", [(FAILED, 9), (LOCKED, 9)]),
    ],
)
def test_what_was_not_followed_by_tokens_has_failed_and_five_in_a_row_lock_the_account(
    tries: str, told: list[tuple[str, int]]
) -> None:
    """B6: guessed passwords."""
    assert after(tries) == told


def test_an_event_says_who_was_tried_how_often_where_and_since_when() -> None:
    world = World()
    for client in ("cli", "console", "cli"):
        world.sign_ins.attempted(MAYA, client=client)
    world.clock.advance(CLOSED)
    world.tallying.tell()

    [event] = world.events()

    assert (event.actor.id, event.resource.id, event.severity, event.source) == (MAYA.id, MAYA.id, "warning", "system")
    assert event.details | {"since": ""} == {
        "issuer": MAYA.issuer,
        "attempts": 3,
        "clients": ["cli", "console"],
        "since": "",
    }


def test_a_sign_in_over_the_end_of_a_window_has_not_failed() -> None:
    world = World()
    world.clock.advance(timedelta(minutes=4, seconds=59))
    world.sign_ins.attempted(MAYA, client=CLIENT)
    world.clock.advance(2 * MINUTE)
    world.sign_ins.succeeded(MAYA)
    world.clock.advance(CLOSED)

    assert world.tallying.tell() == 0
    assert list(world.store.closed(world.clock.now)) == []


def test_it_is_not_called_a_failure_while_tokens_may_still_come() -> None:
    world = World()
    world.sign_ins.attempted(MAYA, client=CLIENT)
    world.clock.advance(timedelta(minutes=5) + LONGEST_SIGN_IN - SECOND)
    assert world.tallying.tell() == 0

    world.clock.advance(2 * SECOND)

    assert world.tallying.tell() == 1


def test_each_person_is_counted_apart_and_those_who_are_none_are_never_locked() -> None:
    world = World()
    for whose in (EVE, MAYA, *(None,) * 9):
        world.sign_ins.attempted(whose, client=CLIENT)
    world.clock.advance(CLOSED)
    world.tallying.tell()

    assert {event.actor.id: event.details["attempts"] for event in world.events()} == {
        EVE.id: 1,
        MAYA.id: 1,
        "unknown": 9,
    }
    assert {event.event_type for event in world.events()} == {FAILED}
