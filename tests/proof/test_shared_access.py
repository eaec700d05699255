"""Access that several grants cover is right in every order, and with a death or a rival at every outbound call."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import permutations, product

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.errors import ConflictError
from nightlatch.domain.lease import Lease
from nightlatch.services.ending import WATCH
from tests.builders import MAYA, Outside, World, a_call
from tests.unit.services.shared_access import (
    OVERLAPPING,
    Interrupted,
    advance,
    give_back,
    has,
    is_right,
    shared_world,
    status,
    target,
)


def endings_and_beginnings(count: int) -> Iterator[tuple[tuple[str, int], ...]]:
    """List every order in which so many grants can begin and end."""
    steps = [(step, number) for number in range(count) for step in ("begin", "end")]
    for order in permutations(steps):
        if all(order.index(("begin", number)) < order.index(("end", number)) for number in range(count)):
            yield order


@pytest.mark.parametrize("before", [False, True], ids=["", "there before"])
def test_three_grants_may_begin_and_end_in_any_order(before: bool) -> None:
    """J3. J4."""
    for order in endings_and_beginnings(3):
        world, granted = shared_world(before=before), dict[int, str]()
        for step, number in order:
            if step == "begin":
                granted[number] = world.granted(*OVERLAPPING[number]).id
            else:
                give_back(world, granted[number])
            assert is_right(world), order
        world.sweep(minutes=5)
        assert has(world) is before, order


def one_begins(world: World) -> str:
    return world.approved("role1").id


def one_ends(world: World) -> str:
    request = world.granted("role1")
    world.requests.give_back(request.id, a_call(MAYA))
    return request.id


def two_begins(world: World) -> str:
    return world.approved("role1", "role2").id


def two_ends(world: World) -> str:
    request = world.granted("role1", "role2")
    world.requests.give_back(request.id, a_call(MAYA))
    return request.id


def one_is_watched(world: World) -> str:
    request_id = one_ends(world)
    world.provisioning.advance(request_id)
    world.clock.advance(WATCH)
    return request_id


def one_fails(world: World) -> str:
    """Let the target refuse one of two roles for good."""
    target(world).roles = ("role1", "role2")
    return world.approved("role1", "role3").id


Start = Callable[[World], str]
FIRST: list[Start] = [one_begins, one_ends, one_is_watched, one_fails]
SECOND: list[Start] = [two_begins, two_ends]
PAIRS = list(product(FIRST, SECOND))


def prepared(first: Start, second: Start, *, before: bool) -> tuple[World, str, str]:
    world = shared_world(before=before)
    # What is to end has begun before anything else ends: so all of them overlap.
    if first is one_is_watched:
        return world, first(world), second(world)
    later = second(world)
    return world, first(world), later


def calls_of(first: Start, second: Start, *, before: bool) -> int:
    world, request_id, _ = prepared(first, second, before=before)
    outside = Outside()
    world.provisioning_with(outside).advance(request_id)
    return len(outside.calls)


@pytest.mark.parametrize("before", [False, True], ids=["", "there before"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_whatever_happens_while_a_worker_is_at_it_access_lasts_exactly_until_the_last_end(
    first: Start, second: Start, before: bool
) -> None:
    """J3. J4."""
    for number, after in product(range(calls_of(first, second, before=before)), (False, True)):
        world, one, two = prepared(first, second, before=before)
        meanwhile = lambda: advance(world, two)  # noqa: B023, E731  (called before the loop goes on)
        advance(world, one, Interrupted(dies_at=number, after_effect=after, meanwhile=meanwhile))
        world.sweep(minutes=15)
        assert is_right(world), (number, after)
        ended(world, one, two)
        assert has(world) is before, (number, after)


@pytest.mark.parametrize("before", [False, True], ids=["", "there before"])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_worker_may_die_at_any_call_while_another_holds_the_same(first: Start, second: Start, before: bool) -> None:
    """J1. J3. J4."""
    for number, after in product(range(calls_of(first, second, before=before)), (False, True)):
        world, one, two = prepared(first, second, before=before)
        advance(world, one, Outside(dies_at=number, after_effect=after))
        advance(world, two)
        world.sweep(minutes=15)
        assert is_right(world), (number, after)
        ended(world, one, two)
        assert has(world) is before, (number, after)


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_three_grants_end_in_any_order_with_a_death_at_each_call(order: tuple[int, ...]) -> None:
    """J1. J3."""
    for number, after in product(range(12), (False, True)):
        world = shared_world()
        granted = [world.granted(*roles).id for roles in OVERLAPPING]
        for position in order:
            world.requests.give_back(granted[position], a_call(MAYA))
            advance(world, granted[position], Outside(dies_at=number, after_effect=after))
            assert has(world) or not any(status(world, each) is Status.GRANTED for each in granted)
        world.sweep(minutes=15)
        assert target(world).held == set(), (number, after)


def ended(world: World, *request_ids: str) -> None:
    """End what is left, and let everything settle."""
    for request_id in request_ids:
        with suppress(ConflictError):
            world.requests.give_back(request_id, a_call(MAYA))
    world.sweep(minutes=15)
    assert all(not world.store.request(request_id).is_open for request_id in request_ids)
    assert all(lease.is_nobodys for lease in world.store._all(Lease))
