"""Loosening: what of a flow asks for less than before."""

import pytest
from pydantic import JsonValue

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.flow_loosening import loosens
from tests.builders import HOUR, a_definition

STRICT: dict[str, JsonValue] = {
    "name": "Orders",
    "who": {"match": "any", "conditions": [{"attribute": "group", "operator": "is", "values": ["a", "b"]}]},
    "on_behalf": {"people": ["usr_1"], "groups": ["leads"]},
    "what": {
        "integration": "orders-db",
        "resource_type": "database",
        "names": ["orders", "billing"],
        "tags": ["x"],
        "exclude": {"names": ["secret"]},
        "permissions": ["read", "write"],
    },
    "grant": {"default": "PT1H", "maximum": "PT8H", "extensions": {"count": 2, "longest": "PT1H"}},
    "when": {"zone": "Europe/Berlin", "days": ["mon", "tue"], "start": "08:00", "end": "18:00"},
    "approve": {
        "steps": [
            {"groups": ["approvers"], "needed": 2, "escalation": {"groups": ["leads"], "after": "PT1H"}},
            {"people": ["usr_2"]},
        ]
    },
    "require": {
        "justification": True,
        "minimum_length": 20,
        "justification_pattern": "OPS.*",
        "ticket": True,
        "ticket_pattern": "OPS-[0-9]+",
        "approver_reason": True,
        "fresh_sign_in": "PT15M",
    },
}


def changed(path: str, value: JsonValue) -> FlowDefinition:
    """Build the strict flow with one field replaced."""
    return FlowDefinition.model_validate(_with(STRICT, path.split("."), value))


def _with(whole: JsonValue, path: list[str], value: JsonValue) -> JsonValue:
    if not path:
        return value
    if isinstance(whole, list):
        return [_with(one, path[1:], value) if str(place) == path[0] else one for place, one in enumerate(whole)]
    assert isinstance(whole, dict)
    return {**whole, path[0]: _with(whole.get(path[0]), path[1:], value)}


def a_condition(operator: str, *values: str, attribute: str = "group") -> JsonValue:
    return {"attribute": attribute, "operator": operator, "values": list(values)}


LOOSER: list[tuple[str, JsonValue, str]] = [
    ("who.conditions.0.values", ["a", "b", "c"], "more people may ask"),
    ("who.conditions.0", a_condition("contains", "a"), "more people may ask"),
    ("who.conditions.0", a_condition("is", "*", attribute="person"), "more people may ask"),
    ("who.conditions", [a_condition("is", "a"), a_condition("is", "c")], "more people may ask"),
    ("on_behalf.people", ["usr_1", "usr_2"], "more people may ask for others"),
    ("on_behalf.people", ["*"], "more people may ask for others"),
    ("what.integration", "billing-db", "more may be asked for"),
    ("what.resource_type", None, "more may be asked for"),
    ("what.names", ["*"], "more may be asked for"),
    ("what.ids", ["7"], "more may be asked for"),
    ("what.tags", ["x", "y"], "more may be asked for"),
    ("what.exclude", {}, "more may be asked for"),
    ("what.permissions", ["*"], "more may be asked for"),
    ("grant.maximum", "PT9H", "access may last longer"),
    ("grant.extensions.count", 3, "access may last longer"),
    ("when", None, "it is open at other times"),
    ("when.zone", "UTC", "it is open at other times"),
    ("when.days", ["mon", "tue", "sun"], "it is open at other times"),
    ("when.end", "19:00", "it is open at other times"),
    ("when.end", "07:00", "it is open at other times"),
    ("approve.steps", [], "nobody must approve"),
    ("approve.steps.0.needed", 1, "fewer approvals are needed"),
    ("approve.steps", [{"groups": ["approvers"], "needed": 3}], "fewer approvals are needed"),
    ("approve.steps.0.groups", ["approvers", "friends"], "others may approve"),
    ("approve.steps.0.escalation.groups", ["friends"], "others may approve"),
    ("approve.steps.1.people", ["*"], "others may approve"),
    ("require.justification", False, "no justification is needed"),
    ("require.minimum_length", 3, "a shorter justification is enough"),
    ("require.justification_pattern", None, "other texts fit"),
    ("require.ticket", False, "no ticket is needed"),
    ("require.ticket_pattern", ".*", "other texts fit"),
    ("require.approver_reason", False, "approvers need give no reason"),
    ("require.fresh_sign_in", None, "an older sign-in is enough to approve"),
    ("require.fresh_sign_in", "PT16M", "an older sign-in is enough to approve"),
]
STRICTER: list[tuple[str, JsonValue]] = [
    ("name", "Another name"),
    ("description", "More to say"),
    ("who.conditions.0.values", ["b"]),
    ("who", {"match": "all", "conditions": [a_condition("is", "a"), a_condition("is not", "interns")]}),
    ("on_behalf", None),
    ("what.names", ["orders"]),
    ("what.tags", []),
    ("what.exclude", {"names": ["secret", "hidden"]}),
    ("what.exclude", {"names": ["*"]}),
    ("what.permissions", ["read"]),
    ("grant.maximum", "PT2H"),
    ("grant.default", "PT2H"),
    ("grant.extensions", None),
    ("when.days", ["mon"]),
    ("when.start", "09:00"),
    ("approve.steps.0.needed", 3),
    ("approve.steps.0.escalation", None),
    ("require.minimum_length", 30),
    ("require.fresh_sign_in", "PT5M"),
]


@pytest.mark.parametrize(("path", "value", "said"), LOOSER)
def test_what_asks_for_less_is_said(path: str, value: JsonValue, said: str) -> None:
    assert loosens(FlowDefinition.model_validate(STRICT), changed(path, value)) == (said,)


@pytest.mark.parametrize(("path", "value"), STRICTER)
def test_what_is_as_strict_or_stricter_is_no_loosening(path: str, value: JsonValue) -> None:
    assert loosens(FlowDefinition.model_validate(STRICT), changed(path, value)) == ()


def test_asking_for_a_fresh_sign_in_where_none_was_asked_for_is_no_loosening() -> None:
    before = changed("require.fresh_sign_in", None)

    assert loosens(before, FlowDefinition.model_validate(STRICT)) == ()


def test_everybody_and_everything_includes_all_others() -> None:
    wide = a_definition(approve=None, people=["*"])
    assert loosens(wide, a_definition(people=["usr_2"], approvers=["anybody"])) == ()
    everything = changed("what.names", ["*"])
    assert loosens(everything, changed("what.ids", ["7"])) == ()


def test_being_in_fewer_forbidden_groups_is_looser() -> None:
    forbidden = [a_condition("is not", "interns", "guests")]
    before, after = changed("who.conditions", forbidden), changed("who.conditions", [a_condition("is not", "guests")])

    assert loosens(before, after) == ("more people may ask",)
    assert loosens(after, before) == ()


def test_several_ways_are_all_said() -> None:
    after = a_definition(needed=1, maximum=9 * HOUR)
    assert loosens(a_definition(needed=2, maximum=8 * HOUR), after) == (
        "access may last longer",
        "fewer approvals are needed",
    )


def test_hours_over_night_must_be_the_same() -> None:
    night = {"zone": "UTC", "start": "22:00", "end": "06:00"}
    before = changed("when", dict(night))

    assert loosens(before, changed("when", {**night, "days": ["mon"]})) == ()
    assert loosens(before, changed("when", {**night, "end": "05:00"})) == ("it is open at other times",)
