"""What would come of asking: told before, and nothing is made."""

from copy import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.errors import InvalidInputError
from nightlatch.domain.flow_advice import AdviceKind
from nightlatch.domain.selectors import PeopleSelector
from nightlatch.services.asking import DryRun, Submission, WantedItem
from tests.builders import ADA, EVE, HOUR, MAYA, NOA, NOON, SECOND, World, a_call, a_definition, a_principal, groups_are

WISH = Submission("orders-db", [WantedItem("database", "orders", "role1")], justification="a customer cannot pay")


def faults_of(run: DryRun) -> dict[str, list[str]]:
    return {one.flow.id: [fault.pointer for fault in one.faults] for one in run.decision.candidates}


@pytest.mark.parametrize(
    "wish",
    [WISH, replace(WISH, duration=9 * HOUR), replace(WISH, on_behalf_of=MAYA.id)],
    ids=["would pass", "would not", "for oneself"],
)
def test_nothing_is_made_and_nothing_told(wish: Submission) -> None:
    world = World()
    before = copy(world.store.entities)

    world.asking.dry_run(wish, a_call(MAYA, key="k1"))

    assert (world.store.entities, world.told(), world.store.receipts) == (before, [], {})


def test_it_tells_the_request_as_it_would_be() -> None:
    world = World()

    run = world.asking.dry_run(replace(WISH, starts_at=NOON + HOUR), a_call(MAYA))

    assert run.request is not None
    made = world.asking.submit(replace(WISH, starts_at=NOON + HOUR), a_call(MAYA))
    told = {"id", "created_at", "updated_at", "lapses_at", "due_at"}
    assert run.request.model_dump(exclude=told) == made.model_dump(exclude=told)
    assert (run.duplicate_of, run.advice) == (None, ())


def test_it_tells_the_flow_and_why_it_is_this_one() -> None:
    world = World()
    world.flows.put("stricter", a_definition(needed=2), a_call(ADA), if_match=None)

    run = world.asking.dry_run(WISH, a_call(MAYA))

    assert run.request is not None
    assert (run.request.flow.id, run.request.flow.reason, run.decision.longest) == (
        "orders-roles",
        "needs the fewest approvals",
        8 * HOUR,
    )


def test_it_tells_the_open_request_that_asks_for_the_same() -> None:
    world = World()
    first = world.asking.submit(WISH, a_call(MAYA))

    run = world.asking.dry_run(WISH, a_call(MAYA))

    assert run.duplicate_of == first.id


def test_what_is_over_is_no_duplicate() -> None:
    world = World()
    first = world.asking.submit(WISH, a_call(MAYA))
    world.requests.cancel(first.id, a_call(MAYA))

    assert world.asking.dry_run(WISH, a_call(MAYA)).duplicate_of is None


def test_it_tells_what_stands_against_it_in_each_flow_and_what_would_work() -> None:
    world = World()
    world.flows.put("short", a_definition(default=HOUR, maximum=HOUR), a_call(ADA), if_match=None)

    run = world.asking.dry_run(replace(WISH, duration=9 * HOUR), a_call(MAYA))

    assert run.request is None
    assert faults_of(run) == {"orders-roles": ["/duration"], "short": ["/duration"]}
    assert [(advice.kind, advice.wish.duration) for advice in run.advice] == [
        (AdviceKind.SHORTER, 8 * HOUR),
        (AdviceKind.SHORTER, HOUR),
    ]


def test_whoever_follows_its_advice_is_let_pass() -> None:
    world = World()
    run = world.asking.dry_run(replace(WISH, duration=9 * HOUR), a_call(MAYA))

    advised = replace(WISH, duration=run.advice[0].wish.duration)

    assert world.asking.submit(advised, a_call(MAYA)).status is Status.PENDING


def test_without_a_flow_it_says_so() -> None:
    run = World().asking.dry_run(WISH, a_call(EVE))

    assert (run.request, run.decision.candidates, run.advice) == (None, (), [])


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        (replace(WISH, integration="nowhere"), "/integration"),
        (replace(WISH, items=[WantedItem("database", "orders", "owner")]), "/items/0/permission"),
        (replace(WISH, on_behalf_of="usr_nobody"), "/on_behalf_of"),
        (replace(WISH, starts_at=NOON - SECOND), "/starts_at"),
        (replace(WISH, starts_at=NOON + timedelta(days=91)), "/starts_at"),
    ],
)
def test_what_it_names_must_be_there(wish: Submission, pointer: str) -> None:
    """D2."""
    with pytest.raises(InvalidInputError) as caught:
        World().asking.dry_run(wish, a_call(MAYA))

    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_it_is_told_by_the_flows_as_they_are_and_not_by_those_remembered() -> None:
    """A9."""
    world = World()
    asking = world.asking
    asking.submit(WISH, a_call(MAYA))
    world.flows.put("orders-roles", a_definition(who=groups_are("owners")), a_call(ADA), if_match=1)

    assert asking.dry_run(WISH, a_call(MAYA)).request is None


def test_for_another_it_tells_what_would_come_of_it_for_them() -> None:
    world = World()
    let_leads = a_definition(on_behalf=PeopleSelector(groups=("leads",)))
    world.flows.put("orders-roles", let_leads, a_call(ADA), if_match=1)
    world.acquaintances.note(a_call(MAYA))
    lea = a_principal("lea", groups=["leads"])
    own = world.asking.submit(WISH, a_call(MAYA))

    by_lea, by_noa = (world.asking.dry_run(replace(WISH, on_behalf_of=MAYA.id), a_call(one)) for one in (lea, NOA))

    assert by_lea.request is not None
    assert (by_lea.request.requester, by_lea.request.asked_by) == (MAYA.as_person(), lea.as_person())
    assert by_lea.duplicate_of == own.id
    assert by_noa.request is None
