"""Access that several grants cover, at targets where people have accounts of their own."""

from datetime import timedelta
from itertools import permutations

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.connector import Handle, Presence
from nightlatch.domain.errors import ConnectorError, RivalChangeError, StoreUnavailableError
from nightlatch.domain.lease import Lease
from nightlatch.services.workbench import CLAIM
from tests.builders import ADA, HOUR, MAYA, KilledError, Outside, World, a_call
from tests.fakes.connector import FakeSharedConnector
from tests.unit.services.shared_access import (
    OVERLAPPING,
    entitlement,
    give_back,
    has,
    is_right,
    shared_world,
    status,
    target,
)
from tests.unit.services.targets import DENIED, DOWN


def lease_of(world: World, request_id: str, role: str = "role1") -> Lease:
    (lease,) = [
        each for each in world.store.leases(world.store.grant(request_id)) if each.entitlement.permission == role
    ]
    return lease


# Overlapping grants


def test_an_entitlement_goes_with_the_grant_that_alone_holds_it() -> None:
    world = shared_world()
    request = world.granted("role1", "role2")
    assert has(world, "role1")
    assert has(world, "role2")

    give_back(world, request.id)

    assert status(world, request.id) is Status.CANCELED
    assert target(world).held == set()


@pytest.mark.parametrize("order", [*permutations(range(3))])
@pytest.mark.parametrize("before", [False, True], ids=["", "there before"])
@pytest.mark.parametrize("tells_own_apart", [False, True], ids=["", "tells own apart"])
def test_access_that_three_grants_cover_lasts_exactly_until_the_last_end(
    order: tuple[int, ...], before: bool, tells_own_apart: bool
) -> None:
    """J3. J4."""
    world = shared_world(before=before, connector=FakeSharedConnector(tells_own_apart=tells_own_apart))
    granted = [world.granted(*roles).id for roles in OVERLAPPING]

    for number in order:
        assert is_right(world)
        give_back(world, granted[number])

    assert is_right(world)
    assert has(world) is before
    world.sweep(minutes=10)
    assert is_right(world)


def test_grants_that_end_in_the_same_moment_leave_nothing() -> None:
    """J3."""
    world = shared_world()
    first, second = (world.granted(*roles).id for roles in OVERLAPPING[:2])
    world.clock.advance(HOUR)
    world.store.interruptions = [lambda: world.provisioning.advance(second)]

    with pytest.raises(RivalChangeError):
        world.provisioning.advance(first)
    world.sweep(minutes=1)

    assert [status(world, first), status(world, second)] == [Status.EXPIRED] * 2
    assert not has(world)


def test_other_people_do_not_share_a_lease() -> None:
    """J3."""
    world = shared_world()
    request = world.granted("role1")

    assert lease_of(world, request.id).person_id == MAYA.id
    assert lease_of(world, request.id).holders == {request.id}


# While one leaves


def leaving_world() -> tuple[World, str]:
    """Let a grant be leaving what it cannot take away."""
    world = shared_world()
    request = world.granted("role1")
    target(world).fail_next(DOWN, times=3)
    give_back(world, request.id)
    assert lease_of(world, request.id).leaving == request.id
    return world, request.id


def test_who_asks_for_what_is_just_leaving_waits_and_can_still_withdraw() -> None:
    """J3."""
    world, _ = leaving_world()
    waiting = world.granted("role1", "role2")

    assert waiting.status is Status.APPROVED
    assert waiting.due_at is not None
    assert waiting.due_at > world.clock.now
    assert target(world).calls[-1] != "grant"
    assert world.requests.cancel(waiting.id, a_call(MAYA)).status is Status.CANCELED


def test_who_waited_for_what_was_leaving_gets_it_and_no_attempt_was_counted() -> None:
    """J3."""
    world, ending = leaving_world()
    waiting = world.granted("role1", "role2")

    world.sweep(minutes=15)

    assert [status(world, ending), status(world, waiting.id)] == [Status.CANCELED, Status.GRANTED]
    assert is_right(world)
    assert world.told(waiting.id)[-1] == "access.granted"


def test_who_waits_for_long_does_not_give_up() -> None:
    """J3."""
    world, ending = leaving_world()
    target(world).fail_next(DOWN, times=40)
    waiting = world.granted("role1", "role2")

    world.sweep(minutes=120)
    still = status(world, waiting.id)
    world.sweep(minutes=12 * 60)

    assert still is Status.APPROVED
    assert status(world, ending) is Status.CANCELED
    assert "access.grant.failed" not in world.told(waiting.id)


def test_after_a_troubled_end_nobody_is_given_what_a_late_revoke_would_take_away() -> None:
    """J3."""
    world, ending = leaving_world()
    while status(world, ending) is Status.REVOKING:
        world.sweep(minutes=1)
    waiting = world.granted("role1", "role2")
    assert (status(world, ending), waiting.status) == (Status.CANCELED, Status.APPROVED)

    target(world).revoke(world.store.grant(ending).handle)  # the call that nobody waited for any longer
    world.sweep(minutes=10)

    assert status(world, waiting.id) is Status.GRANTED
    assert is_right(world)


def test_after_an_end_whose_first_worker_died_nobody_is_given_what_its_revoke_would_take_away() -> None:
    """J3."""
    world = shared_world()
    request = world.granted("role1")
    world.clock.advance(2 * HOUR)
    with pytest.raises(KilledError):
        world.provisioning_with(Outside(dies_at=4)).advance(request.id)
    assert status(world, request.id) is Status.REVOKING
    while status(world, request.id) is Status.REVOKING:
        world.sweep(minutes=1)

    waiting = world.granted("role1", "role2")

    assert (status(world, request.id), waiting.status) == (Status.EXPIRED, Status.APPROVED)


def test_who_loses_a_lease_to_a_rival_tries_again_soon_and_no_attempt_was_counted() -> None:
    """J3."""
    world = shared_world()
    first, second = world.approved("role1").id, world.approved("role1", "role2").id
    world.store.interruptions = [lambda: None, lambda: world.provisioning.advance(second)]

    waiting = world.provisioning.advance(first)

    assert waiting.due_at is not None
    assert (waiting.status, waiting.due_at - world.clock.now < CLAIM / 2) == (Status.GRANTING, True)
    assert world.store.grant(first).attempts == 0
    world.sweep(minutes=2)
    assert status(world, first) is Status.GRANTED


# A late grant call


def test_a_late_grant_call_does_not_take_itself_for_access_that_was_there_before() -> None:
    """J4. J6."""
    world = shared_world()
    first = world.granted("role1")
    give_back(world, first.id)
    target(world).grant(world.store.grant(first.id).intent)

    second = world.granted("role1", "role2")
    give_back(world, second.id)
    world.sweep(minutes=10)

    assert target(world).held == set()


def test_what_a_late_grant_call_brings_back_is_found_undone_and_told() -> None:
    """J6."""
    world = shared_world()
    request = world.granted("role1")
    give_back(world, request.id)
    target(world).grant(world.store.grant(request.id).intent)

    world.sweep(minutes=10)

    assert target(world).held == set()
    assert world.told(request.id)[-1] == "access.drift.detected"
    assert lease_of(world, request.id).is_nobodys


def test_what_somebody_else_holds_by_then_is_no_drift() -> None:
    """J3. J6."""
    world = shared_world()
    first = world.granted("role1")
    give_back(world, first.id)
    second = world.granted("role1", "role2")

    world.sweep(minutes=10)

    assert status(world, second.id) is Status.GRANTED
    assert is_right(world)
    assert "access.drift.detected" not in world.told()


# Access that was there before


def test_access_that_was_there_before_is_neither_given_nor_taken() -> None:
    """J4."""
    world = shared_world(before=True)
    request = world.granted("role1")
    give_back(world, request.id)
    world.sweep(minutes=10)

    assert {"grant", "revoke"}.isdisjoint(target(world).calls)
    assert (target(world).held, has(world)) == (set(), True)


def test_only_what_was_not_there_before_is_taken() -> None:
    """J4."""
    world = shared_world(before=True)
    request = world.granted("role1", "role2")
    assert target(world).held == {(MAYA.id, entitlement("role2"))}

    give_back(world, request.id)

    assert (has(world, "role1"), has(world, "role2")) == (True, False)


def test_what_others_took_back_meanwhile_is_given_to_the_next_and_taken_again() -> None:
    """J4."""
    world = shared_world(before=True)
    first = world.granted("role1")
    target(world).before.clear()

    second = world.granted("role1", "role2")
    assert is_right(world)
    give_back(world, first.id)
    give_back(world, second.id)

    assert not has(world)


def test_a_target_that_tells_its_own_apart_need_not_be_looked_at_before() -> None:
    """J4."""
    world = shared_world(before=True, connector=FakeSharedConnector(tells_own_apart=True))

    world.granted("role1")

    assert target(world).calls == ["grant"]


class UncertainConnector(FakeSharedConnector):
    """A target that cannot tell what is there."""

    def observe(self, handle: Handle) -> Presence:
        """Not know."""
        return Presence.UNKNOWN


def test_nothing_is_given_where_nobody_can_tell_what_was_there_before() -> None:
    """J4."""
    world = shared_world(connector=UncertainConnector())
    request = world.approved("role1")

    world.sweep(minutes=20)

    assert "grant" not in target(world).calls
    assert status(world, request.id) is Status.FAILED


# Failing to give


@pytest.mark.parametrize("error", [DOWN, DENIED])
def test_a_grant_that_is_given_up_leaves_its_leases(error: ConnectorError) -> None:
    """J2. J3."""
    world = shared_world()
    request = world.approved("role1")
    target(world).fail_next(error, times=5)

    world.sweep(minutes=60)

    assert status(world, request.id) is Status.FAILED
    assert lease_of(world, request.id).is_nobodys


def test_a_grant_that_is_given_up_takes_nothing_from_another_that_holds_the_same() -> None:
    """J2. J3."""
    world = shared_world()
    world.granted("role1")
    request = world.approved("role1", "role2")
    target(world).lose_next_reply()
    target(world).roles = ("role1",)

    world.sweep(minutes=10)

    assert status(world, request.id) is Status.FAILED
    assert is_right(world)


def test_the_end_of_shared_access_waits_until_it_can_be_written_down() -> None:
    """J3: somebody may be joining at this moment, and only the record would tell them to wait."""
    world = shared_world()
    request = world.granted("role1")
    world.requests.give_back(request.id, a_call(MAYA))
    world.store.refused_commits = 1

    with pytest.raises(StoreUnavailableError):
        world.provisioning.advance(request.id)

    assert has(world)
    world.sweep(minutes=3)
    assert not has(world)


def test_a_session_user_costs_no_lease() -> None:
    world = World()
    outside = Outside()
    request = world.approved()

    world.provisioning_with(outside).advance(request.id)

    assert "store.leases" not in outside.calls
    assert not world.store.grant(request.id).shares_entitlements


# Closing by hand


def test_what_is_closed_by_hand_blocks_nobody_and_keeps_no_secret() -> None:
    """J2. J3."""
    world, ending = leaving_world()
    target(world).fail_next(DOWN, times=99)
    world.sweep(minutes=30)
    assert world.store.request(ending).quarantined

    world.requests.close_by_hand(ending, a_call(ADA), reason="the account was removed")
    target(world)._faults.clear()
    world.sweep(minutes=5)

    assert lease_of(world, ending).is_nobodys
    assert world.store.grant(ending).sealed_secret is None
    assert world.granted("role1").status is Status.GRANTED


def test_closing_by_hand_takes_nothing_from_another_that_holds_the_same() -> None:
    """J3."""
    world = shared_world()
    other = world.granted("role1", "role2")
    request = world.granted("role1", "role3")
    target(world).fail_next(DOWN, times=99)
    give_back(world, request.id)
    world.sweep(minutes=10)

    world.requests.close_by_hand(request.id, a_call(ADA), reason="role3 was removed")

    assert lease_of(world, other.id).holders == {other.id}
    assert world.clock.now < other.updated_at + timedelta(hours=1)
