"""Access flows in words."""

from collections.abc import Iterator
from datetime import timedelta
from types import UnionType
from typing import get_args, get_origin

import pytest
from pydantic import BaseModel

from nightlatch.domain.access_flow import ExtensionRule, FlowDefinition, GrantRule, Requirements
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep, Escalation
from nightlatch.domain.errors import Fault
from nightlatch.domain.opening_hours import WEEK, OpeningHours
from nightlatch.domain.selectors import Condition, PeopleSelector, ResourceSelector, TargetSelector, Who
from nightlatch.entrypoints.console.configuration.flow_words import LABELS, FlowWords, exactly, hours_words, label, told
from tests.builders import ADA, HOUR, MAYA, a_definition, a_person, an_integration

WORDS = FlowWords([a_person(MAYA), a_person(ADA)], [an_integration()])

EVERY_PART = a_definition(
    who=Who.model_validate(
        {
            "match": "all",
            "conditions": [
                {"attribute": "group", "operator": "starts with", "values": ["dba-"]},
                {"attribute": "person", "operator": "is not", "values": [MAYA.id, "usr_gone"]},
            ],
        }
    ),
    on_behalf=PeopleSelector(people=(ADA.id,), groups=("support",)),
    what=TargetSelector(
        integration="orders-db",
        resource_type="database",
        names=("orders",),
        tags=("prod",),
        exclude=ResourceSelector(tags=("secret",)),
        permissions=("read", "write"),
    ),
    maximum=2 * HOUR,
    extensions=ExtensionRule(count=2, longest=HOUR),
    when=OpeningHours(zone="Europe/Berlin", days=WEEK[:5], start="08:00", end="18:00"),
    approve=ApprovalRule(
        steps=(
            ApprovalStep(needed=2, groups=("leads",), escalation=Escalation(after=4 * HOUR, people=("*",))),
            ApprovalStep(needed="all", people=(ADA.id,), groups=("admins",)),
        )
    ),
    require=Requirements(
        minimum_length=10,
        justification_pattern="INC.*",
        ticket=True,
        ticket_pattern="OPS-[0-9]+",
        approver_reason=True,
        fresh_sign_in=timedelta(minutes=15),
    ),
)


def test_every_part_of_a_flow_is_said() -> None:
    assert WORDS.parts(EVERY_PART) == {
        "Who may ask": ("In a group whose name starts with dba- and not Maya or usr_gone",),
        "Asked for by": ("support, Ada", "or by themselves"),
        "For what": ("read, write on orders, #prod of type database", "never #secret"),
        "Integration": ("Orders database",),
        "How long": ("1 h, at most 2 h", "may be extended 2 times by 1 h"),
        "When": ("Mon to Fri 08:00 to 18:00, Europe/Berlin",),
        "Who approves": ("2 of leads; after 4 h also everybody", "then each of admins, Ada"),
        "Approval window": ("1 d",),
        "Must be said": (
            "A justification of at least 10 characters that fits INC.*",
            "A ticket that fits OPS-[0-9]+",
            "A reason by who decides",
            "A sign-in of who approves, within 15 min",
        ),
    }


def test_what_nobody_approves_is_said_so() -> None:
    parts = WORDS.parts(a_definition(needed=0, require=Requirements(justification=False, ticket_pattern="A+")))

    assert parts["Who approves"] == ("Nobody: granted at once",)
    assert parts["Must be said"] == ("A ticket, if given, that fits A+",)
    assert "Approval window" not in parts


def test_a_flow_that_asks_for_nothing_says_so() -> None:
    assert WORDS.parts(a_definition(require=Requirements(justification=False)))["Must be said"] == ("Nothing",)


@pytest.mark.parametrize(
    ("attribute", "operator", "said"),
    [
        ("group", "is", "in a or b"),
        ("group", "is not", "not in a or b"),
        ("group", "contains", "in a group whose name contains a or b"),
        ("person", "is", "a or b"),
        ("person", "contains", "whoever has an id that contains a or b"),
        ("person", "starts with", "whoever has an id that starts with a or b"),
    ],
)
def test_each_way_to_compare_has_its_words(attribute: str, operator: str, said: str) -> None:
    condition = Condition.model_validate({"attribute": attribute, "operator": operator, "values": ["a", "b"]})

    assert WORDS.condition(condition) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (WEEK, "Every day"),
        (WEEK[:3], "Mon to Wed"),
        (WEEK[5:], "Sat, Sun"),
        ((WEEK[0], WEEK[2], WEEK[4]), "Mon, Wed, Fri"),
    ],
)
def test_days_are_said_as_people_do(days: tuple[str, ...], said: str) -> None:
    hours = OpeningHours.model_validate({"zone": "UTC", "days": days, "start": "08:00", "end": "18:00"})

    assert hours_words(hours) == f"{said} 08:00 to 18:00, UTC"


def test_spans_that_differ_never_look_alike() -> None:
    assert exactly(timedelta(days=1, hours=2, minutes=5, seconds=3)) == "1 d 2 h 5 min 3 s"
    assert exactly(timedelta(days=1)) == "1 d"


def test_a_change_is_told_place_by_place_with_what_was_before() -> None:
    after = EVERY_PART.model_copy(
        update={
            "grant": GrantRule(default=HOUR, maximum=4 * HOUR),
            "on_behalf": None,
            "when": None,
            "approve": ApprovalRule(steps=()),
            "require": EVERY_PART.require.model_copy(update={"ticket": False}),
        }
    )

    changes = {change.label: (change.before, change.after) for change in WORDS.changes(EVERY_PART, after)}

    assert changes == {
        "Who may ask for them": (("support, Ada",), ()),
        "Maximum duration": (("2 h",), ("4 h",)),
        "Extensions": (("2 times by 1 h",), ()),
        "When it may begin": (("Mon to Fri 08:00 to 18:00, Europe/Berlin",), ("at any time",)),
        "Who approves": (
            ("2 of leads; after 4 h also everybody", "Each of admins, Ada"),
            ("nobody: granted at once",),
        ),
        "A ticket is required": (("yes",), ("no",)),
    }


def test_a_change_of_conditions_and_of_people_is_told_by_names() -> None:
    after = EVERY_PART.model_copy(
        update={"who": a_definition().who, "on_behalf": PeopleSelector(people=(MAYA.id,), groups=("support",))}
    )

    changes = {change.label: (change.before, change.after) for change in WORDS.changes(EVERY_PART, after)}

    assert changes["How many of the conditions must hold"] == (("all",), ("any",))
    assert changes["Who may ask"][1] == ("in developers",)
    assert changes["People who may ask for them"] == (("Ada",), ("Maya",))


@pytest.mark.parametrize(
    ("pointer", "named"),
    [
        ("/grant/maximum", "Maximum duration"),
        ("/who/conditions/1/values/0", "Who may ask, condition 2"),
        ("/approve/steps/0/escalation/after", "Who approves, step 1"),
        ("/what/exclude", "For what"),
        ("/nothing/like/it", "The flow"),
    ],
)
def test_each_place_has_a_name(pointer: str, named: str) -> None:
    assert label(pointer) == named
    assert told(Fault(pointer, "is wrong")) == f"{named}: is wrong"


def test_every_place_that_a_change_can_tell_has_a_name_of_its_own() -> None:
    assert set(_places(FlowDefinition)) <= {*LABELS}


def _places(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """List the places of a definition; a list is told as a whole, what may be absent either way."""
    for name, info in model.model_fields.items():
        kinds = [info.annotation, *(get_args(info.annotation) if get_origin(info.annotation) is UnionType else ())]
        nested = next((one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)), None)
        if nested is None or nested is not info.annotation:
            yield f"{before}/{name}"
        if nested:
            yield from _places(nested, f"{before}/{name}")
