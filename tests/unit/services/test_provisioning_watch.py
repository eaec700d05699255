"""J6: after the end a target is looked at once more, for a grant call that was thought dead may have landed."""

from collections.abc import Callable

import pytest

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.audit_event import Severity
from nightlatch.domain.errors import RivalChangeError, TargetGoneError
from nightlatch.domain.grant import LONGEST_PAUSE, QUARANTINE_AFTER
from nightlatch.services.ending import WATCH
from nightlatch.services.workbench import CLAIM
from tests.builders import ADA, MAYA, NOA, SECOND, World, a_call
from tests.fakes.connector import FakeConnector
from tests.unit.services.targets import DOWN, LateConnector, ResistingConnector, a_world_at_the_end_of

End = Callable[[World], AccessRequest]


def expired(world: World) -> AccessRequest:
    return world.provisioning.advance(a_world_at_the_end_of(world).id)


def revoked(world: World) -> AccessRequest:
    request = world.granted()
    world.requests.revoke(request.id, a_call(ADA), reason="leak")
    return world.provisioning.advance(request.id)


def returned(world: World) -> AccessRequest:
    request = world.granted()
    world.requests.give_back(request.id, a_call(MAYA))
    return world.provisioning.advance(request.id)


def land_late(world: World, request: AccessRequest) -> None:
    """Let the grant call of an earlier worker take effect now."""
    FakeConnector.grant(world.connector, world.store.grant(request.id).intent)


def at_the_watch(world: World, request: AccessRequest) -> None:
    assert request.due_at is not None
    world.clock.at(request.due_at)


@pytest.mark.parametrize("end", [expired, revoked, returned])
def test_a_grant_call_that_lands_after_the_end_is_found_undone_and_told(end: End) -> None:
    """J6."""
    world = World()
    closed = end(world)
    land_late(world, closed)
    assert world.connector.accesses

    world.sweep(minutes=5)

    drift = world.events(closed.id)[-1]
    assert world.connector.accesses == {}
    assert (drift.event_type, drift.severity) == ("access.drift.detected", Severity.WARNING)
    assert drift.details.items() >= {("found", "present"), ("expected", "absent")}
    assert world.store.request(closed.id).status is closed.status


def test_a_grant_call_that_lands_after_its_request_failed_is_found_and_undone() -> None:
    """J6."""
    connector = LateConnector()
    world = World(connector=connector)
    closed = world.provisioning.advance(world.approved().id)
    connector.land()

    world.sweep(minutes=5)

    assert (closed.status, connector.accesses) == (Status.FAILED, {})
    assert world.told(closed.id)[-2:] == ["access.grant.failed", "access.drift.detected"]


def test_the_watch_is_later_than_any_worker_can_come_back() -> None:
    """J6."""
    closed = expired(World())

    assert closed.due_at is not None
    assert closed.closed_at is not None
    assert WATCH - SECOND < closed.due_at - closed.closed_at <= WATCH
    assert WATCH > CLAIM


def test_a_target_is_looked_at_once_and_then_left_alone() -> None:
    """J6."""
    world = World()
    closed = expired(world)
    told = world.told(closed.id)
    calls = [*world.connector.calls]

    world.provisioning.advance(closed.id)
    early = world.connector.calls[len(calls) :]
    world.sweep(minutes=60)

    assert (early, world.connector.calls[len(calls) :]) == ([], ["observe"])
    assert world.store.request(closed.id).due_at is None
    assert world.told(closed.id) == told


def test_of_two_that_watch_one_tells() -> None:
    """J6."""
    world = World()
    closed = expired(world)
    land_late(world, closed)
    at_the_watch(world, closed)
    world.store.interruptions = [lambda: world.provisioning.advance(closed.id)]

    with pytest.raises(RivalChangeError):
        world.provisioning.advance(closed.id)

    assert world.connector.accesses == {}
    assert world.store.request(closed.id).due_at is None


def test_a_target_that_is_down_while_it_is_watched_is_looked_at_later() -> None:
    """J2. J6."""
    connector = ResistingConnector()
    world = World(connector=connector)
    closed = expired(world)
    land_late(world, closed)
    at_the_watch(world, closed)
    connector.observe_errors = [DOWN]
    begun = world.clock.now

    watched = world.provisioning.advance(closed.id)
    world.sweep(minutes=20)

    assert watched.due_at is not None
    assert LONGEST_PAUSE <= watched.due_at - begun < LONGEST_PAUSE + SECOND
    assert world.connector.accesses == {}
    assert world.told(closed.id)[-1] == "access.drift.detected"


@pytest.mark.parametrize(
    "resistance",
    [{"revoke_errors": [DOWN]}, {"ignored_revokes": 1}, {"unseen": 2}],
    ids=["down", "still there", "cannot be told"],
)
def test_a_late_grant_that_resists_is_tried_until_it_is_gone(resistance: dict[str, object]) -> None:
    """J2. J6."""
    connector = ResistingConnector()
    world = World(connector=connector)
    closed = expired(world)
    land_late(world, closed)
    at_the_watch(world, closed)
    for name, value in resistance.items():
        setattr(connector, name, value)

    resisting = world.provisioning.advance(closed.id)
    world.sweep(minutes=20)

    assert resisting.due_at is not None
    assert (world.connector.accesses, world.store.request(closed.id).due_at) == ({}, None)


def unseen() -> tuple[World, ResistingConnector, AccessRequest]:
    """End access at a target that can then not be looked at for longer than anybody waits for it."""
    connector = ResistingConnector()
    world = World(connector=connector)
    closed = expired(world)
    at_the_watch(world, closed)
    connector.observe_errors = [DOWN] * 10_000
    return world, connector, closed


def test_what_cannot_be_looked_at_after_its_end_is_quarantined_in_the_end_and_told_once() -> None:
    """J2. J6. Something may have come back there, and nobody would hear of it."""
    world, _, closed = unseen()

    world.sweep(minutes=50)
    before, told_before = world.store.request(closed.id).quarantined, world.told(closed.id)
    world.sweep(minutes=60)
    unseen_one = world.store.request(closed.id)

    assert (before, unseen_one.quarantined, unseen_one.status) == (False, True, closed.status)
    assert world.told(closed.id) == [*told_before, "access.quarantined"]
    assert world.provisioning.backlog().quarantined == 1
    assert world.events(closed.id)[-1].details.items() >= {("error", "down"), ("attempts", QUARANTINE_AFTER)}


def test_what_is_seen_to_be_gone_at_last_is_not_quarantined_any_more() -> None:
    """J2. J6."""
    world, connector, closed = unseen()
    world.sweep(minutes=100)
    connector.resist_no_more()

    world.sweep(minutes=20)

    seen = world.store.request(closed.id)
    assert (seen.quarantined, seen.due_at) == (False, None)


def test_what_had_come_back_unseen_is_told_when_it_is_found() -> None:
    """J2. J6."""
    world, connector, closed = unseen()
    land_late(world, closed)
    world.sweep(minutes=100)
    connector.resist_no_more()

    world.sweep(minutes=20)

    assert world.connector.accesses == {}
    assert world.told(closed.id)[-2:] == ["access.quarantined", "access.drift.detected"]
    assert world.store.request(closed.id).due_at is None


def test_a_target_that_is_gone_when_it_is_watched_holds_nothing() -> None:
    """J6."""
    connector = ResistingConnector()
    world = World(connector=connector)
    closed = expired(world)
    at_the_watch(world, closed)
    connector.observe_errors = [TargetGoneError("the database is gone")]

    watched = world.provisioning.advance(closed.id)

    assert (watched.due_at, world.told(closed.id)[-1]) == (None, "access.expired")


def test_what_never_came_to_the_target_is_not_watched() -> None:
    world = World()
    rejected, withdrawn = world.submitted("role1"), world.submitted("role3")
    world.approvals.reject(rejected.id, a_call(NOA))
    world.requests.cancel(withdrawn.id, a_call(MAYA))

    world.sweep(minutes=10)

    assert world.connector.calls == []


def test_access_that_is_found_after_its_end_and_resists_is_told_once_and_quarantined() -> None:
    """J2. J6."""
    connector = ResistingConnector()
    world = World(connector=connector)
    closed = expired(world)
    land_late(world, closed)
    connector.revoke_errors = [DOWN] * 10_000

    world.sweep(minutes=60)
    resisting = world.store.request(closed.id)
    connector.revoke_errors = []
    world.sweep(minutes=20)

    assert (resisting.quarantined, world.store.request(closed.id).quarantined) == (True, False)
    assert world.connector.accesses == {}
    assert world.told(closed.id).count("access.drift.detected") == 1


def test_access_that_is_found_after_its_end_is_told_though_the_store_was_down_when_it_was_found() -> None:
    """J1. J6."""
    world = World()
    closed = expired(world)
    land_late(world, closed)
    at_the_watch(world, closed)
    world.store.refused_commits = 1

    world.sweep(minutes=20)

    assert world.connector.accesses == {}
    assert world.told(closed.id).count("access.drift.detected") == 1
