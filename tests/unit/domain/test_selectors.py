"""Conditions on people, and what is excluded from what is selected."""

import pytest
from pydantic import ValidationError

from nightlatch.domain.integration import Permission
from nightlatch.domain.selectors import Condition, PeopleSelector, TargetSelector, Who
from tests.builders import MAYA, a_resource

MAYAS_GROUPS = ("developers", "eu-payments")
ROLE1, TAGGED = Permission(name="role1"), Permission(name="owner", tags=("prod",))


def holds(attribute: str, operator: str, *values: str, groups: tuple[str, ...] = MAYAS_GROUPS) -> bool:
    condition = Condition.model_validate({"attribute": attribute, "operator": operator, "values": values})
    return condition.holds(MAYA.id, groups=groups)


# Conditions


@pytest.mark.parametrize(
    ("attribute", "operator", "values", "expected"),
    [
        ("person", "is", [MAYA.id], True),
        ("person", "is", ["usr_other", MAYA.id], True),
        ("person", "is", [MAYA.id[:-1]], False),
        ("person", "is", ["*"], True),
        ("person", "is not", [MAYA.id], False),
        ("person", "is not", ["usr_other"], True),
        ("person", "contains", [MAYA.id[6:12]], True),
        ("person", "starts with", ["usr_"], True),
        ("person", "starts with", [MAYA.id[6:12]], False),
        ("group", "is", ["developers"], True),
        ("group", "is", ["owners", "eu-payments"], True),
        ("group", "is", ["payments"], False),
        ("group", "is", ["Developers"], False),
        ("group", "is not", ["owners"], True),
        ("group", "is not", ["owners", "developers"], False),
        ("group", "contains", ["pay"], True),
        ("group", "contains", ["PAY"], False),
        ("group", "contains", ["usr"], False),
        ("group", "starts with", ["eu-"], True),
        ("group", "starts with", ["pay"], False),
    ],
)
def test_a_condition_holds_when_one_value_meets_one_and_is_not_when_none_does(
    attribute: str, operator: str, values: list[str], expected: bool
) -> None:
    """B1. B4."""
    assert holds(attribute, operator, *values) is expected


@pytest.mark.parametrize(
    ("operator", "expected"), [("is", False), ("is not", True), ("contains", False), ("starts with", False)]
)
def test_who_is_in_no_group_meets_no_group(operator: str, expected: bool) -> None:
    """B4."""
    assert holds("group", operator, "developers", groups=()) is expected


@pytest.mark.parametrize("label", [MAYA.name, MAYA.email, MAYA.subject])
def test_a_label_is_no_person(label: str) -> None:
    """B1."""
    assert not holds("person", "is", label)
    assert not holds("person", "contains", label)


@pytest.mark.parametrize(
    ("attribute", "operator"),
    [("person", "is not"), ("person", "contains"), ("person", "starts with"), ("group", "is"), ("group", "contains")],
)
def test_everybody_is_said_in_one_way_only(attribute: str, operator: str) -> None:
    with pytest.raises(ValidationError, match="stands for everybody only in"):
        holds(attribute, operator, "*")


@pytest.mark.parametrize(
    "said",
    [
        {"values": []},
        {"values": [""]},
        {"operator": "matches"},
        {"attribute": "email"},
        {"attribute": "name"},
        {"case_sensitive": False},
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(said: dict[str, object]) -> None:
    """B1."""
    with pytest.raises(ValidationError):
        Condition.model_validate({"attribute": "group", "operator": "is", "values": ["developers"], **said})


@pytest.mark.parametrize(
    ("match", "groups", "is_selected"),
    [
        ("any", ("developers",), True),
        ("any", ("on-call",), True),
        ("any", ("sales",), False),
        ("all", ("developers",), False),
        ("all", ("developers", "on-call"), True),
    ],
)
def test_any_or_all_conditions_are_enough(match: str, groups: tuple[str, ...], is_selected: bool) -> None:
    conditions = [{"attribute": "group", "operator": "is", "values": [name]} for name in ("developers", "on-call")]
    who = Who.model_validate({"match": match, "conditions": conditions})

    assert who.selects(MAYA.id, groups=groups) is is_selected


def test_no_conditions_are_not_everybody() -> None:
    with pytest.raises(ValidationError, match="conditions"):
        Who.model_validate({"match": "all", "conditions": []})


# Exclusions


@pytest.mark.parametrize(
    ("exclude", "is_selected"),
    [
        ({}, True),
        ({"names": ["orders"]}, False),
        ({"names": ["billing"]}, True),
        ({"names": ["*"]}, False),
        ({"ids": ["orders"]}, False),
        ({"tags": ["pii"]}, False),
        ({"tags": ["prod"]}, False),
        ({"tags": ["test"]}, True),
    ],
)
def test_what_is_excluded_in_any_way_is_not_selected(exclude: dict[str, object], is_selected: bool) -> None:
    what = TargetSelector.model_validate(
        {"integration": "orders-db", "names": ["*"], "permissions": ["*"], "exclude": exclude}
    )
    orders = a_resource("orders", ROLE1, TAGGED, tags=["pii"])

    assert what.selects("orders-db", orders, TAGGED) is is_selected


def test_a_tag_of_one_permission_excludes_no_other() -> None:
    what = TargetSelector.model_validate(
        {"integration": "orders-db", "names": ["*"], "permissions": ["*"], "exclude": {"tags": ["prod"]}}
    )
    orders = a_resource("orders", ROLE1, TAGGED)

    assert [what.selects("orders-db", orders, one) for one in (ROLE1, TAGGED)] == [True, False]


def test_people_are_named_by_their_id_and_groups_exactly() -> None:
    """B1."""
    selector = PeopleSelector(people=(MAYA.id,), groups=("owners",))

    assert selector.names(MAYA.id, groups=())
    assert selector.names("usr_other", groups=("owners",))
    assert not selector.names("owners", groups=(MAYA.id,))
