"""Which flow applies to a wish."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.access_flow import AccessFlow, Requirements
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep
from nightlatch.domain.errors import InvalidInputError, NotAllowedError
from nightlatch.domain.flow_choice import FlowChoice, Wish, decide
from nightlatch.domain.identity import Principal
from nightlatch.domain.integration import Permission
from nightlatch.domain.opening_hours import Day, OpeningHours
from nightlatch.domain.selectors import PeopleSelector, TargetSelector
from tests.builders import EVE, HOUR, MAYA, NOA, NOON, a_definition, a_flow, a_principal, a_resource

DAN = a_principal("dan", groups=["developers"])
ROLE1, ROLE3, ORDERS_ADMIN = Permission(name="role1"), Permission(name="role3"), Permission(name="orders_admin")
ORDERS = a_resource("orders", ROLE1, ROLE3, ORDERS_ADMIN)


def a_wish(
    *permissions: Permission,
    by: Principal = MAYA,
    duration: timedelta | None = None,
    justification: str = "a customer cannot pay",
) -> Wish:
    targets = [(ORDERS, permission) for permission in permissions or (ROLE1,)]
    return Wish(by, "orders-db", targets, duration, justification)


def choose_flow(flows: Sequence[AccessFlow], wish: Wish) -> FlowChoice:
    return decide(flows, wish, at=NOON).chosen()


def a_flow_for(flow_id: str, *permissions: str, needed: int = 1, maximum: timedelta = 8 * HOUR) -> AccessFlow:
    what = TargetSelector(integration="orders-db", names=("*",), permissions=permissions or ("*",))
    return a_flow(flow_id, a_definition(what=what, needed=needed, maximum=maximum))


def pointers_of_faults(flows: Sequence[AccessFlow], wish: Wish) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        choose_flow(flows, wish)
    return [fault.pointer for fault in caught.value.faults]


def test_no_flow_no_access() -> None:
    with pytest.raises(NotAllowedError, match="no access flow"):
        choose_flow([], a_wish())


def test_a_flow_for_others_is_no_flow() -> None:
    with pytest.raises(NotAllowedError):
        choose_flow([a_flow_for("roles")], a_wish(by=EVE))


def test_a_flow_must_cover_every_item() -> None:
    flows = [a_flow_for("only-one", "role1"), a_flow_for("only-three", "role3")]

    with pytest.raises(NotAllowedError):
        choose_flow(flows, a_wish(ROLE1, ROLE3))


def test_of_several_flows_the_one_with_the_fewest_approvals_is_chosen() -> None:
    flows = [a_flow_for("two", needed=2), a_flow_for("none", needed=0), a_flow_for("one", needed=1)]

    choice = choose_flow(flows, a_wish())

    assert (choice.flow.id, choice.reason) == ("none", "needs the fewest approvals")


def test_a_flow_that_the_wish_breaks_is_passed_over_for_one_with_more_approvals() -> None:
    flows = [a_flow_for("short", needed=0, maximum=HOUR), a_flow_for("long", needed=2, maximum=8 * HOUR)]

    choice = choose_flow(flows, a_wish(duration=2 * HOUR))

    assert (choice.flow.id, choice.reason) == ("long", "the only flow that it satisfies")


@given(order=st.permutations([a_flow_for("b"), a_flow_for("a"), a_flow_for("c"), a_flow_for("d", needed=2)]))
def test_equal_flows_are_chosen_by_id_whatever_their_order(order: list[AccessFlow]) -> None:
    assert choose_flow(order, a_wish()).flow.id == "a"


def test_the_flow_says_how_long_when_the_wish_does_not() -> None:
    assert choose_flow([a_flow_for("roles")], a_wish()).duration == HOUR


def test_a_wish_may_be_as_long_as_the_maximum() -> None:
    assert choose_flow([a_flow_for("roles")], a_wish(duration=8 * HOUR)).duration == 8 * HOUR


def test_a_wish_beyond_every_maximum_is_told_by_its_pointer() -> None:
    """D1."""
    flows = [a_flow_for("short", maximum=HOUR), a_flow_for("long", maximum=2 * HOUR)]
    too_long = a_wish(duration=2 * HOUR + timedelta(seconds=1))

    with pytest.raises(InvalidInputError, match="PT2H") as caught:
        choose_flow(flows, too_long)

    assert [fault.pointer for fault in caught.value.faults] == ["/duration"]


@pytest.mark.parametrize("justification", ["", "   ", "\n\t", " too short "])
def test_a_justification_that_says_nothing_is_told_by_its_pointer(justification: str) -> None:
    flow = a_flow("roles", a_definition(require=Requirements(minimum_length=10)))

    assert pointers_of_faults([flow], a_wish(justification=justification)) == ["/justification"]


def test_all_faults_are_told_at_once() -> None:
    wish = a_wish(duration=9 * HOUR, justification="")

    assert pointers_of_faults([a_flow_for("roles")], wish) == ["/duration", "/justification"]


def test_a_flow_may_do_without_a_justification() -> None:
    flow = a_flow("roles", a_definition(require=Requirements(justification=False, minimum_length=100)))

    assert choose_flow([flow], a_wish(justification="")).flow is flow


def test_a_tag_on_the_permission_chooses_the_flow_for_it() -> None:
    admin = Permission(name="orders_admin", tags=("prod",))
    what = TargetSelector(integration="orders-db", tags=("prod",), permissions=("*",))
    flows = [a_flow_for("roles", "role1"), a_flow("prod", a_definition(what=what, needed=2))]

    assert choose_flow(flows, a_wish(admin)).flow.id == "prod"


# What counts


def test_the_approvals_that_a_flow_needs_are_counted_without_the_requester() -> None:
    """A10."""
    both = ApprovalRule(steps=(ApprovalStep(needed="all", people=(MAYA.id, NOA.id)),))
    flows = [a_flow_for("a", needed=2), a_flow("both", a_definition(approve=both))]

    assert [choose_flow(flows, a_wish(by=somebody)).flow.id for somebody in (MAYA, DAN)] == ["both", "a"]


def test_a_start_that_has_passed_is_now() -> None:
    """D2."""
    on_sundays = OpeningHours(zone="Etc/UTC", days=(Day.SUNDAY,))
    flow = a_flow("sundays", a_definition(when=on_sundays))
    saturday, next_saturday = NOON - 24 * HOUR, NOON + 6 * 24 * HOUR

    choices = [
        decide([flow], a_wish()._replace(starts_at=at), at=NOON).choice for at in (None, saturday, next_saturday)
    ]

    assert [choice is not None for choice in choices] == [True, True, False]


@pytest.mark.parametrize(
    ("on_behalf", "is_let"),
    [
        (None, False),
        (PeopleSelector(), False),
        (PeopleSelector(groups=("owners",)), False),
        (PeopleSelector(people=(NOA.id,)), True),
        (PeopleSelector(groups=("approvers",)), True),
        (PeopleSelector(people=("*",)), True),
    ],
)
def test_who_asks_for_another_must_be_named_by_the_flow(on_behalf: PeopleSelector | None, is_let: bool) -> None:
    flow = a_flow("roles", a_definition(on_behalf=on_behalf))

    assert bool(decide([flow], a_wish()._replace(asked_by=NOA), at=NOON).choice) is is_let


def test_who_may_ask_for_others_may_not_ask_for_themselves_by_that() -> None:
    flow = a_flow("roles", a_definition(on_behalf=PeopleSelector(people=("*",))))

    with pytest.raises(NotAllowedError):
        choose_flow([flow], a_wish(by=EVE))


def test_the_word_of_who_asks_for_another_is_not_counted_on() -> None:
    """A10."""
    flow = a_flow("roles", a_definition(approvers=(), people=[NOA.id], on_behalf=PeopleSelector(people=("*",))))

    assert decide([flow], a_wish(), at=NOON).choice
    with pytest.raises(InvalidInputError, match="not enough approvers"):
        decide([flow], a_wish()._replace(asked_by=NOA), at=NOON).chosen()


def test_of_flows_that_are_broken_the_one_that_is_broken_least_is_told() -> None:
    strict = a_flow("a", a_definition(require=Requirements(ticket=True), maximum=HOUR))
    lenient = a_flow("b", a_definition(maximum=HOUR))

    assert pointers_of_faults([strict, lenient], a_wish(duration=2 * HOUR)) == ["/duration"]


def test_a_ticket_that_is_given_must_fit_even_where_none_is_required() -> None:
    flow = a_flow("roles", a_definition(require=Requirements(ticket_pattern="OPS-[0-9]+")))

    assert decide([flow], a_wish(), at=NOON).choice
    assert decide([flow], a_wish()._replace(ticket=" OPS-1 "), at=NOON).choice
    assert pointers_of_faults([flow], a_wish()._replace(ticket="CHG-1")) == ["/ticket"]


def test_how_long_access_could_last_is_said_of_the_flow_that_rules_or_else_of_any() -> None:
    flows = [a_flow_for("one", maximum=HOUR), a_flow_for("two", needed=2, maximum=2 * HOUR)]

    longest = [decide(flows, a_wish(duration=wanted), at=NOON).longest for wanted in (None, 2 * HOUR, 3 * HOUR)]

    assert longest == [HOUR, 2 * HOUR, 2 * HOUR]
    assert decide([], a_wish(), at=NOON).longest is None
