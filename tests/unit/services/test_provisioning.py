"""The work at the target: in which order, and what becomes of it when anything fails."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.errors import (
    ConflictError,
    RetryableConnectorError,
    RivalChangeError,
    StoreUnavailableError,
    TargetGoneError,
)
from nightlatch.services.provisioning import CLOCK_SKEW
from nightlatch.services.workbench import CLAIM
from tests.builders import ADA, HOUR, MAYA, SECOND, KilledError, Outside, World, a_call
from tests.unit.services.targets import (
    DENIED,
    DOWN,
    ResistingConnector,
    VanishingConnector,
    a_world_at_the_end_of,
)

# Giving


def test_intent_handle_and_timer_come_before_the_target() -> None:
    world = World()
    outside = Outside()
    request = world.approved("role1", "role3")

    world.provisioning_with(outside).advance(request.id)

    reads = {"store.request", "store.one", "store.person", "store.integration", "connector.describe"}
    assert [call for call in outside.calls if call not in reads] == [
        "connector.prepare",
        "store.commit",
        "timer.wake",
        "connector.grant",
        "vault.seal",
        "store.commit",
        "timer.wake",
    ]


def test_what_is_stored_before_the_target_is_called_is_enough_to_end_it() -> None:
    world = World(connector=ResistingConnector(grant_errors=[KilledError()]))
    request = world.approved("role1", "role3")

    with pytest.raises(KilledError):
        world.provisioning.advance(request.id)

    grant = world.store.grant(request.id)
    assert world.store.request(request.id).status is Status.GRANTING
    assert grant.handle == world.connector.prepare(grant.intent)
    assert {entitlement.permission for entitlement in grant.intent.entitlements} == {"role1", "role3"}
    assert (grant.intent.holder_id, grant.intent.holder) == (MAYA.id, MAYA.label)
    ((woken, wake_at),) = world.timer.wakes
    assert woken == request.id
    assert timedelta() <= wake_at - grant.intent.ends_at < SECOND


def test_a_grant_lets_the_person_in_with_all_roles_and_ends_after_its_duration() -> None:
    world = World()

    request = world.granted("role1", "role3")

    (access,) = world.connector.accesses.values()
    assert (request.status, request.session_user) == (Status.GRANTED, access.handle.session_user)
    assert access.roles == {"role1", "role3"}
    assert request.granted_at is not None
    assert request.ends_at == request.granted_at + HOUR
    assert world.told(request.id)[-1] == "access.granted"


def test_access_never_outlives_the_end_that_the_target_was_told() -> None:
    world = World()

    request = world.granted()

    assert request.ends_at is not None
    assert request.ends_at <= world.store.grant(request.id).intent.ends_at <= request.ends_at + CLAIM


def test_the_secret_is_stored_sealed_only() -> None:
    world = World()
    request = world.granted()
    (access,) = world.connector.accesses.values()

    sealed = world.store.grant(request.id).sealed_secret

    assert sealed is not None
    assert access.secret not in sealed
    assert world.vault.open(sealed, request_id=request.id) == access.secret


def test_what_is_being_worked_on_is_left_alone() -> None:
    world = World()
    request = world.approved()
    world.connector.fail_next()
    world.provisioning.advance(request.id)
    calls = [*world.connector.calls]

    world.provisioning.advance(request.id)

    assert world.connector.calls == calls


def test_of_two_workers_one_grants() -> None:
    """A5."""
    world = World()
    request = world.approved()
    world.store.interruptions = [lambda: world.provisioning.advance(request.id)]

    with pytest.raises(RivalChangeError):
        world.provisioning.advance(request.id)

    assert world.connector.calls.count("grant") == 1
    assert world.told(request.id).count("access.granted") == 1


def test_a_request_that_is_withdrawn_first_is_not_granted() -> None:
    """A6."""
    world = World()
    request = world.approved()
    world.store.interruptions = [lambda: world.requests.cancel(request.id, a_call(MAYA))]

    with pytest.raises(RivalChangeError):
        world.provisioning.advance(request.id)

    assert world.connector.accesses == {}
    assert world.provisioning.advance(request.id).status is Status.CANCELED


def test_nothing_is_granted_while_it_cannot_be_written_down() -> None:
    """Rule 10: closed for grants."""
    world = World()
    request = world.approved()
    world.store.refused_commits = 1

    with pytest.raises(StoreUnavailableError):
        world.provisioning.advance(request.id)

    assert world.connector.calls == []
    assert world.store.request(request.id).status is Status.APPROVED


def test_a_grant_that_could_not_be_written_down_is_made_anew_by_the_sweeper() -> None:
    """Rule 10. J1."""
    world = World()
    request = world.approved()
    world.store.interruptions = [lambda: None, lambda: setattr(world.store, "refused_commits", 1)]

    with pytest.raises(StoreUnavailableError):
        world.provisioning.advance(request.id)
    assert "access.granted" not in world.told(request.id)
    world.sweep(minutes=5)

    assert world.store.request(request.id).status is Status.GRANTED
    assert len(world.connector.accesses) == 1


# Failing to give


def test_a_target_that_is_down_is_tried_again_later_and_later() -> None:
    """J2."""
    world = World(connector=ResistingConnector(grant_errors=[RetryableConnectorError("down")] * 3))
    request = world.approved()
    pauses = []

    for _ in range(3):
        begun = world.clock.now
        waiting = world.provisioning.advance(request.id)
        assert waiting.due_at is not None
        pauses.append(round((waiting.due_at - begun).total_seconds()))
        world.clock.at(waiting.due_at)

    assert pauses == [15, 30, 60]
    assert world.provisioning.advance(request.id).status is Status.GRANTED


def test_a_grant_whose_reply_was_lost_is_made_once() -> None:
    """J2."""
    world = World()
    request = world.approved()
    world.connector.lose_next_reply()

    world.provisioning.advance(request.id)
    world.sweep(minutes=3)

    granted = world.store.request(request.id)
    shown = world.requests.credentials(request.id, a_call(MAYA))
    assert (granted.status, list(world.connector.accesses)) == (Status.GRANTED, [granted.session_user])
    assert world.connector.admits(shown["user"], shown["password"])


def test_after_five_failures_a_request_has_failed_and_nothing_is_left() -> None:
    """J2."""
    world = World(connector=ResistingConnector(grant_errors=[RetryableConnectorError("down")] * 99))
    request = world.approved()

    world.sweep(minutes=6)

    failed = world.events(request.id)[-1]
    assert world.store.request(request.id).status is Status.FAILED
    assert failed.event_type == "access.grant.failed"
    assert failed.details.items() >= {("attempts", 5), ("error", "down"), ("verified", "absent")}
    assert world.connector.calls.count("observe") == 1


def test_a_target_that_refuses_is_not_asked_twice() -> None:
    world = World(connector=ResistingConnector(grant_errors=[DENIED]))
    request = world.approved()

    closed = world.provisioning.advance(request.id)

    assert closed.status is Status.FAILED
    assert world.events(request.id)[-1].details["attempts"] == 1


def test_what_a_failed_grant_left_behind_is_removed_before_the_request_is_closed() -> None:
    """J2."""
    world = World()
    request = world.approved()
    world.connector.lose_next_reply()
    world.provisioning.advance(request.id)
    assert world.connector.accesses
    world.clock.advance(HOUR)
    world.connector.fail_next(DENIED)

    closed = world.provisioning.advance(request.id)

    assert (closed.status, world.connector.accesses) == (Status.FAILED, {})


def test_a_failed_grant_that_cannot_be_undone_is_not_closed_until_it_is() -> None:
    """J2."""
    connector = ResistingConnector(grant_errors=[DENIED], revoke_errors=[RetryableConnectorError("down")] * 3)
    world = World(connector=connector)
    request = world.approved()

    open_still = world.provisioning.advance(request.id)
    world.sweep(minutes=30)

    assert open_still.status is Status.GRANTING
    assert world.store.request(request.id).status is Status.FAILED
    assert world.told(request.id)[-4:] == ["access.revoke.failed"] * 3 + ["access.grant.failed"]


# Waking


def test_an_early_wake_does_nothing_but_wake_again_at_the_end() -> None:
    """D4."""
    world = World()
    request = world.granted()
    world.timer.wakes.clear()

    world.provisioning.advance(request.id)

    assert world.store.request(request.id) == request
    assert [request_id for request_id, _ in world.timer.wakes] == [request.id]
    assert all(request.ends_at is not None and at - request.ends_at < SECOND for _, at in world.timer.wakes)


def test_a_lost_wake_is_made_good_by_the_sweeper() -> None:
    """D4."""
    world = World()
    request = a_world_at_the_end_of(world)
    world.timer.wakes.clear()

    world.sweep(minutes=1)

    assert world.store.request(request.id).status is Status.EXPIRED
    assert world.connector.accesses == {}


def test_a_second_wake_for_the_same_end_does_nothing() -> None:
    """D4."""
    world = World()
    request = a_world_at_the_end_of(world)
    closed = world.provisioning.advance(request.id)
    calls = [*world.connector.calls]

    again = world.provisioning.advance(request.id)

    assert (again, world.connector.calls) == (closed, calls)
    assert world.told(request.id).count("access.expired") == 1


def test_the_sweeper_sees_what_is_due_and_nothing_before() -> None:
    world = World()
    request = world.granted()
    before = list(world.provisioning.due())
    world.clock.advance(HOUR)

    assert (before, list(world.provisioning.due())) == ([], [request.id])


@pytest.mark.parametrize(
    ("behind", "status"), [(CLOCK_SKEW - SECOND, Status.GRANTED), (CLOCK_SKEW + SECOND, Status.APPROVED)]
)
def test_a_doorbell_is_heard_by_a_worker_whose_clock_is_a_little_behind(behind: timedelta, status: Status) -> None:
    """D4."""
    world = World()
    request = world.approved()
    assert request.due_at is not None
    world.clock.at(request.due_at - behind)

    assert world.provisioning.advance(request.id).status is status


def test_access_does_not_end_early_however_clocks_disagree() -> None:
    """D4."""
    world = World()
    request = world.granted()
    assert request.ends_at is not None
    world.clock.at(request.ends_at - SECOND)

    assert world.provisioning.advance(request.id).status is Status.GRANTED


# Ending


def test_expired_access_is_gone_before_the_request_says_so() -> None:
    world = World()
    request = a_world_at_the_end_of(world)
    outside = Outside()

    closed = world.provisioning_with(outside).advance(request.id)

    assert (closed.status, world.connector.accesses) == (Status.EXPIRED, {})
    assert [call for call in outside.calls if call not in {"store.request", "store.grant", "store.integration"}] == [
        "store.commit",
        "connector.revoke",
        "connector.observe",
        "store.commit",
    ]


@pytest.mark.parametrize(
    ("command", "status", "event"),
    [("give_back", Status.CANCELED, "access.returned"), ("revoke", Status.REVOKED, "access.revoked")],
)
def test_access_that_is_ended_early_is_gone_before_the_request_says_so(
    command: str, status: Status, event: str
) -> None:
    world = World()
    request = world.granted()
    if command == "revoke":
        world.requests.revoke(request.id, a_call(ADA), reason="leak")
    else:
        world.requests.give_back(request.id, a_call(MAYA))

    closed = world.provisioning.advance(request.id)

    assert (closed.status, world.connector.accesses, world.told(request.id)[-1]) == (status, {}, event)


def test_an_end_says_how_late_it_was() -> None:
    world = World()
    request = a_world_at_the_end_of(world)
    world.clock.advance(timedelta(seconds=90))

    world.provisioning.advance(request.id)

    assert world.events(request.id)[-1].details["lateness_seconds"] == 90


def test_access_that_is_already_gone_ends_well() -> None:
    world = World(connector=ResistingConnector(revoke_errors=[TargetGoneError("no such user")]))
    request = a_world_at_the_end_of(world)
    world.connector.accesses.clear()

    assert world.provisioning.advance(request.id).status is Status.EXPIRED


def test_a_target_that_is_gone_altogether_holds_no_access() -> None:
    connector = VanishingConnector()
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)
    connector.is_gone = True

    assert world.provisioning.advance(request.id).status is Status.EXPIRED


@pytest.mark.parametrize(
    "connector",
    [ResistingConnector(ignored_revokes=1), ResistingConnector(unseen=1)],
    ids=["still there", "cannot be told"],
)
def test_a_request_is_not_closed_while_its_access_is_not_seen_to_be_gone(connector: ResistingConnector) -> None:
    """J2."""
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)

    resisting = world.provisioning.advance(request.id)
    world.sweep(minutes=3)

    assert (resisting.status, world.told(request.id)[-2]) == (Status.REVOKING, "access.revoke.failed")
    assert (world.store.request(request.id).status, world.connector.accesses) == (Status.EXPIRED, {})


@pytest.mark.parametrize("error", [RetryableConnectorError("down"), DENIED])
def test_a_revoke_is_tried_for_ever_and_quarantined_meanwhile(error: Exception) -> None:
    """J2."""
    connector = ResistingConnector()
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)
    connector.revoke_errors = [error] * 40

    world.sweep(minutes=6 * 60)
    resisting = world.store.request(request.id)
    world.sweep(minutes=6 * 60)

    assert (resisting.status, resisting.quarantined) == (Status.REVOKING, True)
    assert world.store.request(request.id).status is Status.EXPIRED
    told = world.told(request.id)
    assert (told.count("access.revoke.failed"), told.count("access.quarantined")) == (40, 1)


def test_access_is_taken_away_at_its_end_even_if_that_cannot_be_written_down() -> None:
    """Rule 10: open for revokes."""
    world = World()
    request = a_world_at_the_end_of(world)
    world.store.refused_commits = 1

    with pytest.raises(StoreUnavailableError):
        world.provisioning.advance(request.id)

    assert world.connector.accesses == {}
    assert world.store.request(request.id).status is Status.GRANTED


def test_an_early_end_is_carried_out_even_if_that_cannot_be_written_down() -> None:
    """Rule 10: open for revokes."""
    world = World()
    request = world.granted()
    world.requests.revoke(request.id, a_call(ADA), reason="leak")
    world.store.refused_commits = 1

    with pytest.raises(StoreUnavailableError):
        world.provisioning.advance(request.id)

    assert world.connector.accesses == {}
    assert world.store.request(request.id).status is Status.REVOKING


def test_a_target_that_is_down_as_well_does_not_hide_that_nothing_could_be_written_down() -> None:
    """Rule 10. J2."""
    connector = ResistingConnector()
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)
    world.store.refused_commits = 1
    connector.revoke_errors = [DOWN]

    with pytest.raises(StoreUnavailableError):
        world.provisioning.advance(request.id)
    world.sweep(minutes=1)

    assert (world.store.request(request.id).status, connector.accesses) == (Status.EXPIRED, {})


def test_an_end_that_could_not_be_written_down_is_written_by_the_sweeper() -> None:
    """Rule 10."""
    world = World()
    request = a_world_at_the_end_of(world)
    world.store.refused_commits = 2

    world.sweep(minutes=5)

    assert world.store.request(request.id).status is Status.EXPIRED
    assert world.told(request.id)[-2:] == ["access.revoking", "access.expired"]


def test_a_revoke_that_meets_the_end_ends_access_once() -> None:
    """A6."""
    world = World()
    request = a_world_at_the_end_of(world)
    world.store.interruptions = [lambda: world.requests.revoke(request.id, a_call(ADA), reason="leak")]

    with pytest.raises(RivalChangeError):
        world.provisioning.advance(request.id)
    closed = world.provisioning.advance(request.id)

    assert closed.status is Status.REVOKED
    assert world.told(request.id)[-2:] == ["access.revoking", "access.revoked"]


def test_withdrawing_a_request_does_not_stop_its_access_from_being_taken_away() -> None:
    """A6."""
    connector = ResistingConnector()
    world = World(connector=connector)
    request = a_world_at_the_end_of(world)
    connector.revoke_errors = [RetryableConnectorError("down")]
    world.provisioning.advance(request.id)

    with pytest.raises(ConflictError, match="is REVOKING"):
        world.requests.cancel(request.id, a_call(MAYA))
    world.sweep(minutes=3)

    assert world.store.request(request.id).status is Status.EXPIRED
    assert world.connector.accesses == {}


def test_access_that_was_there_before_stays_there() -> None:
    """J4."""
    world = World()
    before = world.connector.standing
    request = a_world_at_the_end_of(world)

    world.provisioning.advance(request.id)

    assert world.connector.standing == before
