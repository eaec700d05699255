"""Who is stopped while something is being granted to them: what was begun is ended, and nothing is granted after it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.connector import GrantIntent
from nightlatch.domain.grant import GRANT_ATTEMPTS
from nightlatch.services.workbench import CLAIM
from tests.builders import ADA, MAYA, World, a_call
from tests.unit.services.targets import DENIED, DOWN, ResistingConnector

REVOKED_AT_ONCE = ["access.revoking", "access.revoked"]


def being_granted(connector: ResistingConnector) -> tuple[World, AccessRequest]:
    """Let the target not do what it was asked."""
    world = World(connector=connector)
    request = world.provisioning.advance(world.approved().id)
    assert request.status is Status.GRANTING
    return world, request


WAYS: dict[str, Callable[[World, str], object]] = {
    "one": lambda world, request_id: world.requests.revoke(request_id, a_call(ADA), reason="leak"),
    "many": lambda world, request_id: world.requests.revoke_many([request_id], a_call(ADA), reason="leak"),
    "a person": lambda world, _: world.requests.stop_person(MAYA.id, a_call(ADA), reason="leak"),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_waits_for_another_attempt_is_revoked_at_once(way: str) -> None:
    world, request = being_granted(ResistingConnector(grant_errors=[DOWN]))

    WAYS[way](world, request.id)
    ended = world.provisioning.advance(request.id)

    assert (ended.status, ended.ended_by, ended.granted_at) == (Status.REVOKED, ADA.as_actor(), None)
    assert world.told(request.id)[-2:] == REVOKED_AT_ONCE
    assert "access.granted" not in world.told(request.id)


def test_what_a_cut_off_attempt_brought_is_taken_away() -> None:
    """J6."""
    connector = ResistingConnector()
    connector.lose_next_reply()
    world, request = being_granted(connector)
    assert len(connector.accesses) == 1

    world.requests.revoke(request.id, a_call(ADA), reason="leak")
    world.provisioning.advance(request.id)

    assert connector.accesses == {}


def test_the_attempts_of_the_grant_do_not_count_as_attempts_of_the_end() -> None:
    """J2. A target that resisted four times already is not quarantined at the first failure of the end."""
    world, request = being_granted(ResistingConnector(grant_errors=[DOWN] * 99, revoke_errors=[DOWN]))
    while world.store.grant(request.id).attempts < GRANT_ATTEMPTS - 1:
        world.sweep(minutes=1)

    world.requests.revoke(request.id, a_call(ADA), reason="leak")
    resisting = world.provisioning.advance(request.id)

    assert (resisting.status, resisting.quarantined) == (Status.REVOKING, False)
    assert world.store.grant(request.id).attempts == 1


@pytest.mark.parametrize("minutes", [0, 60], ids=["", "quarantined"])
def test_what_was_given_up_and_resists_is_revoked_and_not_failed(minutes: int) -> None:
    """J1. J2. It goes on being taken away where it was."""
    connector = ResistingConnector(grant_errors=[DENIED], revoke_errors=[DOWN] * 99)
    world, request = being_granted(connector)
    world.sweep(minutes=minutes)
    before = world.store.grant(request.id)
    assert before.given_up

    revoking = world.requests.revoke(request.id, a_call(ADA), reason="leak")
    stopped = world.store.grant(request.id)
    connector.revoke_errors.clear()
    ended = world.provisioning.advance(request.id)

    assert (stopped.attempts, stopped.given_up) == (before.attempts, None)
    assert (revoking.quarantined, ended.status, ended.quarantined) == (minutes > 0, Status.REVOKED, False)
    assert world.told(request.id)[-2:] == REVOKED_AT_ONCE


def test_what_was_stopped_and_resists_is_closed_by_hand() -> None:
    world, request = being_granted(ResistingConnector(grant_errors=[DOWN], revoke_errors=[DOWN] * 99))
    world.requests.revoke(request.id, a_call(ADA), reason="leak")
    world.sweep(minutes=60)

    closed = world.requests.close_by_hand(request.id, a_call(ADA), reason="dropped it myself")

    assert closed.status is Status.REVOKED


@dataclass
class StoppedInTheCall(ResistingConnector):
    """A target at whose grant call somebody else is faster."""

    meanwhile: Callable[[], object] = dict

    def grant(self, intent: GrantIntent) -> str | None:
        """Let somebody stop it, and grant it then."""
        self.meanwhile()
        return super().grant(intent)


def test_a_call_that_lands_after_the_end_is_undone_by_its_own_worker_and_told() -> None:
    """J6. The watch would find it too, minutes later; it stays set."""
    world = World(connector=(connector := StoppedInTheCall()))
    request = world.approved()

    def meanwhile() -> None:
        world.requests.revoke(request.id, a_call(ADA), reason="leak")
        assert world.provisioning.advance(request.id).status is Status.REVOKED

    connector.meanwhile = meanwhile
    world.sweep(minutes=1)

    closed = world.store.request(request.id)
    assert (connector.accesses, closed.status) == ({}, Status.REVOKED)
    assert (closed.quarantined, closed.due_at is not None) == (True, True)
    assert world.told(request.id)[-1] == "access.drift.detected"
    world.sweep(minutes=10)
    assert (world.store.request(request.id).quarantined, world.store.request(request.id).due_at) == (False, None)


def test_a_call_that_lands_after_the_end_is_left_to_the_watch_where_the_target_cannot_be_asked() -> None:
    """J2. J6."""
    world = World(connector=(connector := StoppedInTheCall()))
    request, ended = world.approved(), list[AccessRequest]()

    def meanwhile() -> None:
        world.requests.revoke(request.id, a_call(ADA), reason="leak")
        ended.append(world.provisioning.advance(request.id))
        connector.observe_errors = list[BaseException]([DOWN])

    connector.meanwhile = meanwhile
    world.sweep(minutes=1)

    assert world.store.request(request.id).due_at == ended[0].due_at
    world.sweep(minutes=10)
    assert (connector.accesses, world.store.request(request.id).due_at) == ({}, None)


def test_an_end_that_was_claimed_before_the_call_landed_is_made_once_more() -> None:
    """J6. Whoever claimed it has read back too soon, and cannot close it any more."""
    world = World(connector=(connector := StoppedInTheCall()))
    request = world.approved()

    def meanwhile() -> None:
        world.requests.revoke(request.id, a_call(ADA), reason="leak")
        ending = world.store.request(request.id)
        now = world.clock()
        world.store.commit(ending.wait(at=now, due_at=now + CLAIM), origin=a_call(ADA).origin)

    connector.meanwhile = meanwhile
    world.sweep(minutes=1)

    assert (connector.accesses, world.store.request(request.id).status) == ({}, Status.REVOKED)
