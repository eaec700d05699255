"""What is done with requests that have been made: extend, end many, stop a person, close by hand."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_flow import ExtensionRule
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.errors import (
    ConflictError,
    InvalidInputError,
    KeyReuseError,
    NotAllowedError,
    NotFoundError,
)
from nightlatch.domain.identity import Principal
from nightlatch.services.access_requests import Outcome
from tests.builders import ADA, EVE, HOUR, IVO, MAYA, NOA, SECOND, World, a_call, a_definition, a_failure, a_principal

ONCE_AN_HOUR = a_definition(extensions=ExtensionRule(count=1, longest=HOUR))
DAN = a_principal("dan", groups=["developers"])


def a_world() -> World:
    """Build a Nightlatch whose flow lets access be extended once, by an hour."""
    world = World()
    world.flows.put("orders-roles", ONCE_AN_HOUR, a_call(ADA), if_match=1)
    return world


def quarantined(world: World) -> AccessRequest:
    """End access at a target that does not let go of it."""
    revoking = world.requests.revoke(world.granted().id, a_call(ADA), reason="leak")
    change = revoking.postpone_end(a_failure("locked"), quarantine=True, at=world.clock(), due_at=world.clock() + HOUR)
    world.store.commit(change, origin=a_call(ADA).origin)
    return change.state


def told_of(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(one.request_id, one.request.status.value if one.request else type(one.error).__name__) for one in outcomes]


# Extend


def test_one_extends_ones_own_access_as_far_as_the_flow_lets_it() -> None:
    world = a_world()
    request = world.granted()
    assert request.ends_at is not None

    extended = world.requests.extend(request.id, a_call(MAYA), duration=HOUR)

    assert extended.ends_at == request.ends_at + HOUR
    assert world.store.request(request.id) == extended
    assert world.told(request.id)[-1] == "access.extended"


@pytest.mark.parametrize("duration", [HOUR + SECOND, timedelta(days=30)])
def test_an_extension_that_is_too_long_is_refused_told_and_changes_nothing(duration: timedelta) -> None:
    """D1. D3."""
    world = a_world()
    request = world.granted()

    with pytest.raises(InvalidInputError, match="/duration: must not be longer than PT1H"):
        world.requests.extend(request.id, a_call(MAYA), duration=duration)

    refused = world.events(request.id)[-1]
    assert (refused.event_type, refused.actor) == ("access.extension.refused", MAYA.as_actor())
    assert world.store.request(request.id) == request


def test_one_extension_too_many_is_refused_and_told() -> None:
    """D1."""
    world = a_world()
    once = world.requests.extend(world.granted().id, a_call(MAYA), duration=HOUR)

    with pytest.raises(InvalidInputError, match="extended 1 times"):
        world.requests.extend(once.id, a_call(MAYA), duration=SECOND)

    assert world.store.request(once.id) == once
    assert world.told(once.id).count("access.extension.refused") == 1


def test_what_was_agreed_to_without_extensions_is_not_extended_by_a_looser_flow() -> None:
    """A9."""
    world = World()
    request = world.granted()
    world.flows.put("orders-roles", ONCE_AN_HOUR, a_call(ADA), if_match=1)

    with pytest.raises(InvalidInputError, match="allows no extension"):
        world.requests.extend(request.id, a_call(MAYA), duration=SECOND)


def test_what_was_agreed_to_with_extensions_is_not_extended_under_a_tighter_flow() -> None:
    """A9."""
    world = a_world()
    request = world.granted()
    world.flows.put("orders-roles", a_definition(), a_call(ADA), if_match=2)

    with pytest.raises(InvalidInputError, match="allows no extension"):
        world.requests.extend(request.id, a_call(MAYA), duration=SECOND)


def test_a_flow_that_is_tightened_at_the_very_moment_wins() -> None:
    """A9."""
    world = a_world()
    request = world.granted()
    world.store.interruptions = [lambda: world.flows.put("orders-roles", a_definition(), a_call(ADA), if_match=2)]

    with pytest.raises(InvalidInputError, match="allows no extension"):
        world.requests.extend(request.id, a_call(MAYA), duration=HOUR)

    assert world.store.request(request.id) == request


def test_an_extension_that_meets_a_revoke_finds_nothing_to_extend() -> None:
    """A6. D3."""
    world = a_world()
    request = world.granted()
    world.store.interruptions = [lambda: world.requests.revoke(request.id, a_call(ADA), reason="leak")]

    with pytest.raises(ConflictError, match="is REVOKING, not GRANTED"):
        world.requests.extend(request.id, a_call(MAYA), duration=HOUR)

    assert "access.extended" not in world.told(request.id)


def test_two_extensions_at_once_are_one_where_one_is_allowed() -> None:
    """D3."""
    world = a_world()
    request = world.granted()
    assert request.ends_at is not None
    world.store.interruptions = [lambda: world.requests.extend(request.id, a_call(MAYA), duration=HOUR)]

    with pytest.raises(InvalidInputError, match="extended 1 times"):
        world.requests.extend(request.id, a_call(MAYA), duration=HOUR)

    assert world.store.request(request.id).ends_at == request.ends_at + HOUR


def test_the_same_extension_sent_twice_under_one_key_is_one() -> None:
    """E1."""
    world = a_world()
    request, call = world.granted(), a_call(MAYA, key="k1", body="b1")

    first, second = (world.requests.extend(request.id, call, duration=HOUR) for _ in range(2))

    assert (first, first.extensions) == (second, 1)
    with pytest.raises(KeyReuseError):
        world.requests.extend(request.id, a_call(MAYA, key="k1", body="b2"), duration=HOUR)


def test_access_that_is_over_is_not_extended_though_nobody_ended_it_yet() -> None:
    """D3. D4."""
    world = a_world()
    request = world.granted()
    world.clock.advance(HOUR)

    with pytest.raises(ConflictError):
        world.requests.extend(request.id, a_call(MAYA), duration=HOUR)

    assert world.told(request.id)[-1] == "access.granted"


@pytest.mark.parametrize("somebody", [NOA, ADA, IVO], ids=lambda somebody: str(somebody.subject))
def test_nobody_extends_the_access_of_others(somebody: Principal) -> None:
    world = a_world()
    request = world.granted()

    with pytest.raises(NotAllowedError):
        world.requests.extend(request.id, a_call(somebody), duration=HOUR)

    assert "access.extension.refused" not in world.told(request.id)


def test_a_stranger_does_not_hear_of_the_request() -> None:
    """A11."""
    world = a_world()
    request = world.granted()

    with pytest.raises(NotFoundError, match=f"^no request {request.id}$"):
        world.requests.extend(request.id, a_call(EVE), duration=HOUR)


# End many


def test_each_of_many_is_ended_for_itself() -> None:
    world = World()
    one, other, pending = world.granted("role1"), world.granted("role3"), world.submitted("role1", "role3")

    outcomes = world.requests.revoke_many(
        [one.id, pending.id, "req_unknown", other.id], a_call(ADA), reason="incident 7"
    )

    assert told_of(outcomes) == [
        (one.id, "REVOKING"),
        (pending.id, "ConflictError"),
        ("req_unknown", "NotFoundError"),
        (other.id, "REVOKING"),
    ]
    revoking = [event for event in world.events() if event.event_type == "access.revoking"]
    assert {event.request_id for event in revoking} == {one.id, other.id}
    assert {str(event.details["reason"]) for event in revoking} == {"incident 7"}


def test_what_is_ending_or_over_is_left_as_it_is() -> None:
    world = World()
    ending = world.requests.give_back(world.granted("role1").id, a_call(MAYA))
    over = world.requests.cancel(world.submitted("role3").id, a_call(MAYA))

    outcomes = world.requests.revoke_many([ending.id, over.id, ending.id], a_call(ADA), reason="incident 7")

    assert [outcome.request for outcome in outcomes] == [ending, over, ending]
    assert world.told(ending.id).count("access.revoking") == 1


def test_the_same_many_again_under_one_key_end_nothing_twice() -> None:
    """E1."""
    world = World()
    one, other = world.granted("role1"), world.granted("role3")
    call = a_call(ADA, key="k1", body="b1")

    for _ in range(2):
        world.requests.revoke_many([one.id, other.id], call, reason="incident 7")

    assert [world.told(request.id).count("access.revoking") for request in (one, other)] == [1, 1]


def test_a_rival_at_one_of_many_keeps_no_other_from_ending() -> None:
    """A6."""
    world = World()
    one, other = world.granted("role1"), world.granted("role3")
    world.store.interruptions = [lambda: world.requests.give_back(one.id, a_call(MAYA))]

    outcomes = world.requests.revoke_many([one.id, other.id], a_call(ADA), reason="incident 7")

    assert told_of(outcomes) == [(one.id, "REVOKING"), (other.id, "REVOKING")]
    assert world.store.request(one.id).end_reason == "canceled"


def test_a_store_that_is_down_at_one_of_many_is_said_of_that_one() -> None:
    world = World()
    one, other = world.granted("role1"), world.granted("role3")
    world.store.refused_commits = 1

    outcomes = world.requests.revoke_many([one.id, other.id], a_call(ADA), reason="incident 7")

    assert told_of(outcomes) == [(one.id, "StoreUnavailableError"), (other.id, "REVOKING")]


@pytest.mark.parametrize("somebody", [MAYA, NOA, IVO], ids=lambda somebody: str(somebody.subject))
def test_only_an_administrator_ends_many(somebody: Principal) -> None:
    """C5."""
    world = World()
    request = world.granted()

    outcomes = world.requests.revoke_many([request.id], a_call(somebody), reason="mine")

    assert told_of(outcomes) == [(request.id, "NotAllowedError")]
    assert world.store.request(request.id) == request


# Stop a person


def test_what_somebody_has_or_asks_for_is_what_would_be_stopped() -> None:
    world = World()
    world.requests.cancel(world.submitted("role1").id, a_call())
    open_requests = [world.granted("role1"), world.submitted("role3")]

    found = world.requests.open_of(MAYA.id, a_call(IVO))
    stopped = world.requests.stop_person(MAYA.id, a_call(ADA), reason="left us")

    assert [one.id for one in found] == [one.id for one in open_requests] == [one.request_id for one in stopped]


def test_what_somebody_has_is_not_shown_to_others() -> None:
    world = World()
    world.submitted("role1")

    with pytest.raises(NotFoundError):
        world.requests.open_of(MAYA.id, a_call(EVE))


def test_everything_that_somebody_has_or_has_asked_for_is_ended() -> None:
    world = World()
    has, waits, pending = world.granted("role1"), world.approved("role3"), world.submitted("role1", "role3")
    over = world.requests.cancel(world.submitted("role1", by=DAN).id, a_call(DAN))
    others = world.submitted("role1", by=DAN)

    outcomes = world.requests.stop_person(MAYA.id, a_call(ADA), reason="left us")

    assert told_of(outcomes) == sorted([(has.id, "REVOKING"), (waits.id, "CANCELED"), (pending.id, "CANCELED")])
    assert [world.store.request(request.id) for request in (over, others)] == [over, others]
    ended = [event for event in world.events() if event.actor == ADA.as_actor()]
    assert {str(event.details["reason"]) for event in ended} == {"left us"}


def test_who_has_nothing_is_stopped_at_once() -> None:
    assert World().requests.stop_person(EVE.id, a_call(ADA), reason="left us") == []


def test_what_is_ending_already_goes_on_ending() -> None:
    world = World()
    ending = world.requests.give_back(world.granted().id, a_call(MAYA))

    (outcome,) = world.requests.stop_person(MAYA.id, a_call(ADA), reason="left us")

    assert outcome.request == ending


def test_a_request_that_is_approved_at_this_very_moment_is_stopped_all_the_same() -> None:
    """A6."""
    world = World()
    request = world.submitted()
    world.store.interruptions = [lambda: world.approvals.approve(request.id, a_call(NOA))]

    (outcome,) = world.requests.stop_person(MAYA.id, a_call(ADA), reason="left us")

    assert told_of([outcome]) == [(request.id, "CANCELED")]


@pytest.mark.parametrize("somebody", [NOA, IVO], ids=lambda somebody: str(somebody.subject))
def test_only_an_administrator_stops_others(somebody: Principal) -> None:
    """C5."""
    world = World()
    has, pending = world.granted("role1"), world.submitted("role3")

    outcomes = world.requests.stop_person(MAYA.id, a_call(somebody), reason="mine")

    assert {kind for _, kind in told_of(outcomes)} == {"NotAllowedError"}
    assert [world.store.request(request.id) for request in (has, pending)] == [has, pending]


# Close by hand


def test_what_is_quarantined_is_closed_on_an_administrators_word() -> None:
    world = World()
    request = quarantined(world)

    closed = world.requests.close_by_hand(request.id, a_call(ADA), reason="dropped the role myself")

    assert (closed.status, closed.quarantined, closed.due_at) == (Status.REVOKED, False, None)
    assert world.told(request.id)[-2:] == ["access.quarantine.closed", "access.revoked"]
    assert world.store.open_of(MAYA.id) == {}


def test_what_ends_at_this_very_moment_is_not_closed_by_hand_as_well() -> None:
    """A6."""
    world = World()
    request = quarantined(world)
    ended = request.end(at=world.clock(), watch_until=None)
    world.store.interruptions = [lambda: world.store.commit(ended, origin=a_call(ADA).origin)]

    with pytest.raises(ConflictError, match="is REVOKED and not quarantined"):
        world.requests.close_by_hand(request.id, a_call(ADA), reason="dropped the role myself")

    assert "access.quarantine.closed" not in world.told(request.id)


@pytest.mark.parametrize("somebody", [MAYA, NOA, IVO], ids=lambda somebody: str(somebody.subject))
def test_nobody_else_closes_by_hand(somebody: Principal) -> None:
    """C5."""
    world = World()
    request = quarantined(world)

    with pytest.raises(NotAllowedError):
        world.requests.close_by_hand(request.id, a_call(somebody), reason="mine")

    assert world.store.request(request.id) == request
