"""Attempts: each is counted when it begins, so that a worker that never comes back is counted too."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.errors import PermanentConnectorError, StoreUnavailableError
from nightlatch.domain.integration import Integration
from tests.builders import ADA, HOUR, KilledError, World, a_call
from tests.fakes.aws import FakeTimer
from tests.unit.services.targets import DENIED, DOWN, NamelessConnector, ResistingConnector, a_world_at_the_end_of


@dataclass
class BrokenTimer(FakeTimer):
    """A timer that cannot be set."""

    def wake(self, request_id: str, *, at: datetime) -> None:
        """Fail."""
        raise StoreUnavailableError(f"the wake of {request_id} at {at} cannot be kept")


def attempts_told(world: World, request_id: str, event_type: str) -> list[object]:
    return [event.details["attempts"] for event in world.events(request_id) if event.event_type == event_type]


# Granting


def test_a_grant_that_kills_every_worker_is_given_up_after_five_and_told() -> None:
    """J1."""
    connector = ResistingConnector(grant_errors=[KilledError()] * 99)
    world = World(connector=connector)
    request = world.approved()

    world.sweep(minutes=30)

    failed = world.events(request.id)[-1]
    assert world.store.request(request.id).status is Status.FAILED
    assert len(connector.grant_errors) == 99 - 5
    assert (failed.event_type, failed.details["attempts"]) == ("access.grant.failed", 5)
    assert failed.details["error"] == "the attempts before were cut off without an answer"


def test_a_grant_that_killed_four_workers_is_still_made_by_the_fifth() -> None:
    """J1."""
    world = World(connector=ResistingConnector(grant_errors=[KilledError()] * 4))
    request = world.approved()

    world.sweep(minutes=30)

    assert world.store.request(request.id).status is Status.GRANTED


def test_workers_that_died_and_errors_count_together() -> None:
    """J1. J2."""
    connector = ResistingConnector(grant_errors=[KilledError(), DOWN, KilledError(), DOWN, DOWN, DOWN])
    world = World(connector=connector)
    request = world.approved()

    world.sweep(minutes=30)

    assert world.store.request(request.id).status is Status.FAILED
    assert connector.grant_errors == [DOWN]
    assert attempts_told(world, request.id, "access.grant.failed") == [5]


def test_a_grant_whose_timer_cannot_be_set_is_given_up_and_told() -> None:
    """D4."""
    world = World(timer=BrokenTimer())
    request = world.approved()

    world.sweep(minutes=30)

    assert (world.store.request(request.id).status, world.connector.accesses) == (Status.FAILED, {})
    assert world.told(request.id)[-1] == "access.grant.failed"
    assert "grant" not in world.connector.calls


def test_a_failure_tells_the_class_of_the_error_too() -> None:
    world = World(connector=ResistingConnector(grant_errors=[DENIED]))
    request = world.approved()

    world.provisioning.advance(request.id)

    details = world.events(request.id)[-1].details
    assert details.items() >= {("error", "permission denied"), ("error_class", "PermanentConnectorError")}


# What cannot even begin


def test_a_request_that_the_connector_cannot_prepare_has_failed_at_once() -> None:
    """J2."""
    world = World(connector=NamelessConnector())
    request = world.approved()

    closed = world.provisioning.advance(request.id)

    failed = world.events(request.id)[-1]
    assert (closed.status, closed.due_at, world.connector.calls) == (Status.FAILED, None, [])
    assert failed.event_type == "access.grant.failed"
    assert failed.details.items() >= {("error", "the name is too long"), ("attempts", 0)}


def test_a_request_whose_integration_is_gone_has_failed_at_once() -> None:
    world = World()
    request = world.approved()
    del world.store.entities[Integration, "orders-db"]

    closed = world.provisioning.advance(request.id)

    assert (closed.status, closed.due_at) == (Status.FAILED, None)
    assert world.events(request.id)[-1].details["error"] == "there is no integration orders-db"


# Ending


def test_failed_ends_are_counted_from_one_and_the_fifth_is_quarantined() -> None:
    """J2."""
    connector = ResistingConnector()
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)
    connector.revoke_errors = [DOWN] * 5

    world.sweep(minutes=60)

    assert attempts_told(world, request.id, "access.revoke.failed") == [1, 2, 3, 4, 5]
    assert attempts_told(world, request.id, "access.quarantined") == [5]
    assert world.store.request(request.id).status is Status.EXPIRED


@pytest.mark.parametrize("granting", [DOWN, KilledError()], ids=["down", "killed"])
def test_the_attempts_to_grant_do_not_count_for_the_end(granting: BaseException) -> None:
    """J2."""
    connector = ResistingConnector(grant_errors=[granting] * 4)
    world = World(connector=connector)
    request = world.approved()
    world.sweep(minutes=20)
    assert world.store.request(request.id).status is Status.GRANTED
    connector.revoke_errors = [DOWN]
    world.clock.advance(HOUR)

    world.sweep(minutes=10)

    assert attempts_told(world, request.id, "access.revoke.failed") == [1]
    assert "access.quarantined" not in world.told(request.id)


def test_an_end_that_kills_every_worker_is_quarantined_and_told() -> None:
    """J1."""
    connector = ResistingConnector()
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)
    connector.revoke_errors = [KilledError()] * 5

    world.sweep(minutes=9)
    untold = world.told(request.id)
    world.sweep(minutes=2)

    assert (connector.revoke_errors, untold[-1]) == ([], "access.revoking")
    assert world.told(request.id)[-3:] == ["access.revoke.failed", "access.quarantined", "access.expired"]
    assert attempts_told(world, request.id, "access.quarantined") == [5]


def test_an_end_that_goes_on_killing_is_told_once_and_tried_for_ever() -> None:
    """J1."""
    connector = ResistingConnector()
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)
    connector.revoke_errors = [KilledError()] * 40

    world.sweep(minutes=60)
    resisting = world.store.request(request.id)
    world.sweep(minutes=60)

    assert (resisting.status, resisting.quarantined) == (Status.REVOKING, True)
    assert (world.store.request(request.id).status, world.connector.accesses) == (Status.EXPIRED, {})
    assert world.told(request.id).count("access.quarantined") == 1


def test_a_quarantined_end_that_then_kills_its_worker_stays_quarantined() -> None:
    """J1. J2."""
    connector = ResistingConnector()
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)
    connector.revoke_errors = [*[DOWN] * 5, KilledError(), DOWN, *[KilledError()] * 99]

    world.sweep(minutes=60)

    assert world.store.request(request.id).quarantined
    assert world.told(request.id).count("access.quarantined") == 1


def test_an_early_end_that_the_target_resists_is_late_from_the_moment_it_was_asked_for() -> None:
    """J2."""
    connector = ResistingConnector()
    world = World(connector=connector)
    request = world.granted()
    asked_at = world.requests.revoke(request.id, a_call(ADA), reason="leak").ending_at
    connector.revoke_errors = [DOWN] * 3

    world.sweep(minutes=10)

    closed, event = world.store.request(request.id), world.events(request.id)[-1]
    assert asked_at is not None
    assert closed.closed_at is not None
    assert event.event_type == "access.revoked"
    assert event.details["lateness_seconds"] == int((closed.closed_at - asked_at).total_seconds()) > 0


# Undoing what was given up


def test_a_failed_undo_does_not_hide_why_the_grant_was_given_up() -> None:
    """J2."""
    world = World(connector=ResistingConnector(grant_errors=[DENIED], revoke_errors=[DOWN]))
    request = world.approved()

    world.sweep(minutes=5)

    failed = world.events(request.id)[-1]
    assert failed.event_type == "access.grant.failed"
    assert failed.details.items() >= {("error", "permission denied"), ("attempts", 1)}


def test_the_attempts_to_grant_do_not_count_for_the_undo() -> None:
    """J2."""
    world = World(connector=ResistingConnector(grant_errors=[DOWN] * 5, revoke_errors=[DOWN] * 2))
    request = world.approved()

    world.sweep(minutes=30)

    assert attempts_told(world, request.id, "access.revoke.failed") == [1, 2]
    assert attempts_told(world, request.id, "access.grant.failed") == [5]
    assert "access.quarantined" not in world.told(request.id)


def test_an_undo_that_the_target_resists_is_quarantined_like_an_end() -> None:
    """J2."""
    world = World(connector=ResistingConnector(grant_errors=[DENIED], revoke_errors=[DOWN] * 6))
    request = world.approved()

    world.sweep(minutes=8)
    resisting = world.store.request(request.id)
    world.sweep(minutes=30)

    assert (resisting.status, resisting.quarantined) == (Status.GRANTING, True)
    assert attempts_told(world, request.id, "access.quarantined") == [5]
    assert world.store.request(request.id).status is Status.FAILED


def test_an_unknown_error_is_not_taken_for_a_failure_of_the_target() -> None:
    """Rule: a bug is not swallowed; the request stays due."""
    world = World(connector=ResistingConnector(grant_errors=[ZeroDivisionError("a bug")]))
    request = world.approved()

    with pytest.raises(ZeroDivisionError):
        world.provisioning.advance(request.id)

    assert world.store.request(request.id).status is Status.GRANTING
    assert world.store.request(request.id).due_at is not None


def test_a_permanent_error_of_the_end_is_not_permanent() -> None:
    """J2."""
    connector = ResistingConnector()
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)
    connector.revoke_errors = [PermanentConnectorError("permission denied")]

    world.sweep(minutes=3)

    assert world.store.request(request.id).status is Status.EXPIRED


def test_taking_back_a_grant_that_was_given_up_is_quarantined_though_it_kills_every_worker() -> None:
    """J1."""
    connector = ResistingConnector(grant_errors=[DENIED], revoke_errors=[KilledError()] * 99)
    world = World(connector=connector)
    request = world.approved()

    world.sweep(minutes=60)

    assert world.store.request(request.id).quarantined
    assert world.told(request.id).count("access.quarantined") == 1
