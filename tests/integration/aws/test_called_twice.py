"""Lambda calls at least once: what a sweep hands on, and what a queue holds, may come twice, also at the same time."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from nightlatch.domain.access_request import Status
from tests.builders import HOUR
from tests.integration.aws.deployed import Deployed, surviving
from tests.integration.aws.outbound import Death, Meanwhile

Invocation = Callable[[], object]


@pytest.fixture
def at_the_end(nightlatch: Deployed) -> Callable[[], list[str]]:
    """Begin anew with three grants whose time is over."""

    def begin() -> list[str]:
        nightlatch.reset()
        request_ids = [nightlatch.granted() for _ in range(3)]
        nightlatch.clock.advance(HOUR)
        return request_ids

    return begin


def overtaken(
    one: Deployed, begin: Callable[[], list[str]], first: Invocation, second: Invocation
) -> Iterator[list[str]]:
    """Let the second come before each call of the first to DynamoDB in turn, and at last after all of them."""
    for number in count():
        request_ids = begin()
        plan = one.outbound.arrange(Meanwhile(second), at=number, of="dynamodb.")
        first()
        one.outbound.plans.clear()
        if not plan.was_reached:
            second()
        yield request_ids
        if not plan.was_reached:
            return


def test_what_is_handed_on_twice_is_ended_once(nightlatch: Deployed, at_the_end: Callable[[], list[str]]) -> None:
    """D4. J1: the second invocation comes whenever the first is at its work, and after it."""

    def work_off() -> None:
        with surviving():
            nightlatch.invoke("expiry", {"integration": "orders-db"})

    rounds = 0
    for request_ids in overtaken(nightlatch, at_the_end, work_off, work_off):
        nightlatch.sweep(minutes=2)
        rounds += 1
        assert {nightlatch.request(request_id).status for request_id in request_ids} == {Status.EXPIRED}
        assert nightlatch.connector.accesses == {}
        for request_id in request_ids:
            assert nightlatch.told(request_id)[-2:] == ["access.revoking", "access.expired"]
    assert rounds > 10


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_a_sweep_that_dies_while_it_hands_on_is_made_good_by_the_next(
    nightlatch: Deployed, at_the_end: Callable[[], list[str]], *, after_effect: bool
) -> None:
    """D4. J1: killed at each of its calls."""
    for number in count():
        request_ids = at_the_end()
        plan = nightlatch.outbound.arrange(Death(after_effect), at=number)
        with surviving():
            nightlatch.invoke("expiry", {"sweep": True})
        nightlatch.outbound.plans.clear()
        nightlatch.sweep(minutes=2)

        assert {nightlatch.request(request_id).status for request_id in request_ids} == {Status.EXPIRED}
        if not plan.was_reached:
            break
    assert number > 1
