"""Grants that overlap, given and ended by the functions as they are deployed: their leases are on DynamoDB.

Every order and interruption, with a store in memory: `tests/proof/test_shared_access.py`.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import count, permutations

import pytest

from nightlatch.bootstrap import state
from nightlatch.domain.access_request import Status
from nightlatch.domain.lease import Lease
from nightlatch.services.ending import WATCH
from tests.builders import HOUR, MAYA
from tests.integration.aws.deployed import MINUTE, Deployed, shared
from tests.integration.aws.outbound import Death, Happening, Meanwhile

BEFORE = pytest.mark.parametrize("before", [(), ("role1",)], ids=["", "there before"])
OVERLAPPING = (("role1",), ("role1", "role3"), ("role1", "spare00"))
GRANTED = ["access.requested", "access.approved", "access.granted"]
RETURNED = [*GRANTED, "access.revoking", "access.returned"]
EXPIRED = [*GRANTED, "access.revoking", "access.expired"]
Start = Callable[..., str]


def roles(nightlatch: Deployed) -> set[str]:
    """Say what Maya has at the target, whoever gave it."""
    connector = nightlatch.target.connector
    return {role for role in connector.roles if connector.has(MAYA.id, shared(role))}


def wanted(nightlatch: Deployed, request_ids: Iterable[str]) -> set[str]:
    """Say what she is to have because of requests that are granted."""
    granted = (nightlatch.request(request_id) for request_id in request_ids)
    return {item.permission for each in granted if each.status is Status.GRANTED for item in each.items}


def leases(request_id: str) -> tuple[Lease, ...]:
    """Read the leases of a request's grant."""
    return state.requests().leases(state.requests().grant(request_id))


def told(nightlatch: Deployed, request_id: str) -> list[str]:
    """List the names of a request's events, without the votes: there is one for each role."""
    return [name for name in nightlatch.told(request_id) if name != "access.role.approved"]


def give_back(nightlatch: Deployed, request_id: str) -> None:
    """End access early, and ring for it."""
    nightlatch.command(request_id, "return", by=MAYA)
    nightlatch.ring(request_id)


@BEFORE
@pytest.mark.parametrize("order", [*permutations(range(3))], ids=str)
def test_access_lasts_until_the_last_of_three_grants_ends(
    nightlatch: Deployed, order: tuple[int, ...], before: tuple[str, ...]
) -> None:
    """J3. J4."""
    nightlatch.share(before=before)
    granted = [nightlatch.granted(*permissions) for permissions in OVERLAPPING]

    for position in order:
        assert "role1" in roles(nightlatch)
        give_back(nightlatch, granted[position])
        assert roles(nightlatch) == wanted(nightlatch, granted) | {*before}
    nightlatch.sweep(minutes=5)

    assert all(lease.is_nobodys for request_id in granted for lease in leases(request_id))
    assert all(told(nightlatch, request_id) == RETURNED for request_id in granted)


def begins(nightlatch: Deployed, *permissions: str) -> str:
    return nightlatch.approved(*permissions)


def ends(nightlatch: Deployed, *permissions: str) -> str:
    request_id = nightlatch.granted(*permissions)
    nightlatch.command(request_id, "return", by=MAYA)
    return request_id


@pytest.mark.parametrize("happens", ["a rival", "death before", "death after"])
@pytest.mark.parametrize(
    ("first", "second", "before"), [(begins, ends, ()), (ends, begins, ()), (ends, ends, ("role1",))]
)
def test_whatever_happens_at_any_call_access_lasts_exactly_until_the_last_end(
    nightlatch: Deployed, first: Start, second: Start, happens: str, before: tuple[str, ...]
) -> None:
    """J1. J3. J4: another worker comes before a call to DynamoDB, or the function dies there."""
    for number in count():
        nightlatch.reset()
        nightlatch.share(before=before)
        # What is to end has begun before anything else ends: so the two overlap.
        two, one = second(nightlatch, "role1", "role3"), first(nightlatch, "role1")
        happenings: dict[str, Happening] = {
            "a rival": Meanwhile(partial(nightlatch.ring, two)),
            "death before": Death(after_effect=False),
            "death after": Death(after_effect=True),
        }
        plan = nightlatch.outbound.arrange(happenings[happens], at=number, of="dynamodb.")
        nightlatch.ring(one)
        nightlatch.outbound.plans.clear()
        nightlatch.ring(two)
        settle(nightlatch)
        assert (first is ends) == (not nightlatch.request(one).is_open)
        assert roles(nightlatch) == wanted(nightlatch, [one, two]) | {*before}, number
        see_all_end(nightlatch, one, two)
        assert roles(nightlatch) == {*before}, number
        if not plan.was_reached:
            return


def settle(nightlatch: Deployed) -> None:
    """Let sweeps do what is due, also what is put off until a late call can no longer land."""
    for _ in range(4):
        nightlatch.sweep()
        nightlatch.clock.advance(WATCH + MINUTE)


def see_all_end(nightlatch: Deployed, *request_ids: str) -> None:
    """Let the time of what is left be over, and see that each grant began and ended once, and holds nothing."""
    nightlatch.clock.advance(HOUR)
    settle(nightlatch)
    for request_id in request_ids:
        assert told(nightlatch, request_id) in (RETURNED, EXPIRED)
        assert all(lease.is_nobodys for lease in leases(request_id))
