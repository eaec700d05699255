"""Tokens that are refused are told, and bounded in number."""

from datetime import timedelta

from nightlatch.domain.audit_event import Origin, Source
from tests.builders import API, EVE, MAYA, World

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
