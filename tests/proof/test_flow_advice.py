"""What would work instead: whoever follows an advice is let pass, and what cannot work is not advised."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import event, given, settings

from nightlatch.domain.access_flow import AccessFlow, Requirements
from nightlatch.domain.flow_advice import MOST, Advice, AdviceKind, advise
from nightlatch.domain.flow_choice import FARTHEST_START, Wish, decide
from nightlatch.domain.opening_hours import WEEK, OpeningHours
from nightlatch.domain.selectors import TargetSelector
from tests.builders import HOUR, MAYA, NOON, a_definition, a_flow, a_principal, a_resource, groups_are
from tests.proof.flow_cases import SETS_OF_FLOWS, TIMES, WISHES, Plain, as_flow, as_wish

ORDERS = a_resource("orders", "role1", "role3", "orders_admin")
BILLING = a_resource("billing", "role1")
OFFICE = OpeningHours(zone="Europe/Berlin", days=WEEK[:5], start="08:00", end="18:00")
"""NOON is a Sunday: the next opening is on Monday at 07:00 UTC."""
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)


def only(*permissions: str, name: str = "orders") -> TargetSelector:
    return TargetSelector(integration="orders-db", names=(name,), permissions=permissions)


def a_wish(*permissions: str, duration: timedelta | None = None, starts_at: datetime | None = None) -> Wish:
    targets = [(ORDERS, one) for one in ORDERS.permissions if one.name in (permissions or ("role1",))]
    return Wish(MAYA, "orders-db", targets, duration, "a customer cannot pay", starts_at=starts_at)


def advice_for(flows: Sequence[AccessFlow], wish: Wish) -> list[Advice]:
    return advise(flows, wish, decide(flows, wish, at=NOON), at=NOON)


def told(flows: Sequence[AccessFlow], wish: Wish) -> list[tuple[str, str]]:
    return [(advice.kind.value, advice.text) for advice in advice_for(flows, wish)]


def test_who_is_let_pass_needs_no_advice() -> None:
    assert advice_for([a_flow()], a_wish()) == []


def test_a_wish_that_is_too_long_is_advised_to_be_shorter() -> None:
    (advice,) = advice_for([a_flow()], a_wish(duration=9 * HOUR))

    assert (advice.kind, advice.text) == (AdviceKind.SHORTER, "ask for at most PT8H")
    assert advice.wish == a_wish(duration=8 * HOUR)


def test_flows_of_the_same_maximum_are_one_advice() -> None:
    assert told([a_flow("a"), a_flow("b")], a_wish(duration=9 * HOUR)) == [("shorter", "ask for at most PT8H")]


def test_a_wish_outside_the_hours_is_advised_to_begin_at_the_next_opening() -> None:
    office = a_flow("office", a_definition(when=OFFICE))

    (advice,) = advice_for([office], a_wish())

    assert (advice.kind, advice.text) == (AdviceKind.OTHER_TIME, "begin at 2026-11-23T07:00:00.000Z")
    assert advice.wish == a_wish(starts_at=MONDAY)


def test_a_wish_that_is_too_long_and_too_early_is_told_both_at_once() -> None:
    office = a_flow("office", a_definition(when=OFFICE))

    (advice,) = advice_for([office], a_wish(duration=9 * HOUR))

    assert advice.text == "begin at 2026-11-23T07:00:00.000Z, and ask for at most PT8H"
    assert advice.wish == a_wish(duration=8 * HOUR, starts_at=MONDAY)


def test_a_wish_within_the_hours_is_not_told_to_begin_when_it_would() -> None:
    always = OpeningHours(zone="Europe/Berlin")

    assert told([a_flow("day", a_definition(when=always))], a_wish(duration=9 * HOUR)) == [
        ("shorter", "ask for at most PT8H")
    ]


def test_no_time_is_advised_that_lies_too_far_ahead_to_be_asked_for() -> None:
    """D2."""
    office = a_flow("office", a_definition(when=OFFICE))
    saturday = NOON + FARTHEST_START
    assert saturday.weekday() == 5

    assert advice_for([office], a_wish(starts_at=saturday)) == []


def test_what_only_several_flows_cover_is_advised_to_be_asked_for_separately() -> None:
    flows = [a_flow("one", a_definition(what=only("role1"))), a_flow("three", a_definition(what=only("role3")))]

    assert told(flows, a_wish("role1", "role3")) == [
        ("separately", "ask for role1 on orders alone"),
        ("separately", "ask for role3 on orders alone"),
    ]


def test_what_no_flow_covers_is_advised_to_be_another_permission() -> None:
    flows = [a_flow("roles", a_definition(what=only("role1", "role3")))]

    assert told(flows, a_wish("orders_admin")) == [
        ("other permission", "ask for role1 on orders instead of orders_admin"),
        ("other permission", "ask for role3 on orders instead of orders_admin"),
    ]


def test_another_permission_takes_the_place_of_the_one_and_leaves_the_others() -> None:
    flows = [a_flow("roles", a_definition(what=only("role1", "role3")))]

    alone, other = advice_for(flows, a_wish("role1", "orders_admin"))

    assert [alone.text, other.text] == [
        "ask for role1 on orders alone",
        "ask for role3 on orders instead of orders_admin",
    ]
    assert [alone.wish, other.wish] == [a_wish("role1"), a_wish("role1", "role3")]


def test_what_can_be_had_alone_is_not_advised_to_be_something_else() -> None:
    flows = [
        a_flow("roles", a_definition(what=only("role1", "role3"))),
        a_flow("admin", a_definition(what=only("orders_admin"))),
    ]

    assert told(flows, a_wish("role1", "orders_admin")) == [
        ("separately", "ask for role1 on orders alone"),
        ("separately", "ask for orders_admin on orders alone"),
    ]


def test_a_flow_that_has_no_approvers_left_is_gone_round() -> None:
    own = a_flow("own", a_definition(what=only("role1"), approvers=(), people=[MAYA.id]))
    other = a_flow("other", a_definition(what=only("role3")))

    assert told([own, other], a_wish()) == [("other permission", "ask for role3 on orders instead of role1")]


@pytest.mark.parametrize(
    "flows",
    [
        [],
        [a_flow("others", a_definition(who=groups_are("owners")))],
        [a_flow("elsewhere", a_definition(what=only("*", name="billing")))],
        [a_flow("ticket", a_definition(require=Requirements(ticket=True)))],
        [a_flow("own", a_definition(approvers=(), people=[MAYA.id]))],
    ],
    ids=["no flows", "of others", "elsewhere", "a text is missing", "no approvers"],
)
def test_where_nothing_would_work_nothing_is_advised(flows: Sequence[AccessFlow]) -> None:
    assert advice_for(flows, a_wish("role1", "role3", duration=9 * HOUR)) == []


def test_there_are_not_more_advices_than_one_reads() -> None:
    many = a_resource("orders", *(f"role{number}" for number in range(20)))
    flows = [a_flow("roles", a_definition(what=only(*(f"role{number}" for number in range(1, 20)))))]
    wish = a_wish()._replace(targets=[(many, many.permissions[0])])

    assert len(advice_for(flows, wish)) == MOST


def test_a_stranger_is_advised_nothing() -> None:
    wish = a_wish(duration=9 * HOUR)._replace(requester=a_principal("zoe"))

    assert advice_for([a_flow()], wish) == []


# Against the decision


@settings(max_examples=300)
@given(flows=SETS_OF_FLOWS, wish=WISHES, now=TIMES)
def test_whoever_follows_an_advice_is_let_pass(flows: list[Plain], wish: Plain, now: datetime) -> None:
    in_force, wished = [as_flow(flow) for flow in flows], as_wish(wish)
    decision = decide(in_force, wished, at=now)

    advices = advise(in_force, wished, decision, at=now)

    assert not (advices and decision.choice)
    for advice in advices:
        assert decide(in_force, advice.wish, at=now).choice
        assert advice.wish.starts_at in {None, wished.starts_at} or now < advice.wish.starts_at <= now + FARTHEST_START
        assert [one.wish for one in advices].count(advice.wish) == 1
        event(advice.kind.value)


def test_the_generated_cases_meet_every_kind_of_advice() -> None:
    met: Counter[AdviceKind] = Counter()

    @settings(max_examples=400, derandomize=True, database=None)
    @given(flows=SETS_OF_FLOWS, wish=WISHES, now=TIMES)
    def count(flows: list[Plain], wish: Plain, now: datetime) -> None:
        in_force, wished = [as_flow(flow) for flow in flows], as_wish(wish)
        met.update(one.kind for one in advise(in_force, wished, decide(in_force, wished, at=now), at=now))

    count()

    assert set(met) == set(AdviceKind)
