"""Body templates: JSON in, JSON out, and nothing but the entry's own values in between."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.adapters.destinations.template import DEEPEST, LONGEST, MOST_PLACEHOLDERS, Template
from nightlatch.domain.errors import InvalidInputError
from nightlatch.domain.ledger import LedgerEntry
from tests.builders import MAYA, a_chain

ITEMS = [{"permission": "read", "resource": "orders"}, {"permission": "write", "resource": "orders"}]
DETAILS = {"items": ITEMS, "duration_seconds": 3600, "2": "two"}


def an_entry(**fields: Any) -> LedgerEntry:
    return a_chain(1)[0].model_copy(update={"actor": MAYA.as_actor(), "details": DETAILS, **fields})


def filled(template: Any, entry: LedgerEntry | None = None) -> Any:
    return Template(json.dumps({"it": template})).write(entry or an_entry())["it"]


@pytest.mark.parametrize(
    ("template", "outcome"),
    [
        ("{{ details.duration_seconds }}", 3600),
        ("{{details.duration_seconds}}", 3600),
        ("{{ details.items }}", ITEMS),
        ("{{ details.items.1.permission }}", "write"),
        ("{{ details.items.2.permission }}", None),
        ("{{ details.items.first }}", None),
        ("{{ details.2 }}", "two"),
        ("{{ details.nothing.at.all }}", None),
        ("{{ request_id }}", None),
        ("{{ actor.name }} for {{ details.duration_seconds }} s", "Maya for 3600 s"),
        ("to {{ details.items.0 }}", 'to {"permission": "read", "resource": "orders"}'),
        ("in [{{ integration }}]", "in []"),
        (" {{ actor.name }}", " Maya"),
        ({"n": [1, 2.5, None, True, {"who": "{{ actor.name }}"}]}, {"n": [1, 2.5, None, True, {"who": "Maya"}]}),
    ],
)
def test_a_placeholder_becomes_what_is_at_its_path(template: Any, outcome: Any) -> None:
    assert filled(template) == outcome


@pytest.mark.parametrize("name", sorted(LedgerEntry.model_fields))
def test_everything_that_an_entry_says_can_be_told(name: str) -> None:
    entry = an_entry()
    assert filled(f"{{{{ {name} }}}}", entry) == entry.model_dump(mode="json")[name]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must be JSON"),
        ("{{ actor.name }}", "must be JSON"),
        ("[]", "must be a JSON object"),
        ("NaN", "must be JSON"),
        ("[1e999]", "must be JSON"),
        ('"\\ud800"', "must be JSON"),
        ("[" * 10_000, "must be JSON"),
        (json.dumps("x" * LONGEST), "longer than"),
        ("[" * (DEEPEST + 1) + "1" + "]" * (DEEPEST + 1), "nested deeper"),
        (json.dumps(["{{ id }}"] * (MOST_PLACEHOLDERS + 1)), "more than"),
        ('{"{{ id }}": 1}', "in names"),
        ('"{{ nobody }}"', "what no event has: nobody"),
        ('"{{ actor.password }}"', "what no event has"),
        ('"{{ actor.name.first }}"', "what no event has"),
        ('"{{ severity.level }}"', "what no event has"),
        ('"{{ __class__ }}"', "what no event has"),
        ('"{{ actor.__class__ }}"', "what no event has"),
        ('"{{ }}"', "no placeholder"),
        ('"{{ actor.name"', "no placeholder"),
        ('"{{ actor.name() }}"', "no placeholder"),
        ("\"{{ actor['name'] }}\"", "no placeholder"),
        ('"{{ actor.name | upper }}"', "no placeholder"),
        ('"{{ {{ id }} }}"', "no placeholder"),
        ('"{% for x in y %}{{ 7 * 7 }}"', "no placeholder"),
    ],
)
def test_what_is_no_template_is_refused_by_name(text: str, fault: str) -> None:
    with pytest.raises(InvalidInputError, match=fault) as raised:
        Template(text)
    assert [fault.pointer for fault in raised.value.faults] == ["/template"]


def test_placeholders_in_an_entry_stay_text() -> None:
    entry = an_entry(description='{{ salt }} "}, {% x %}')
    assert filled(["{{ description }}", "> {{ description }}"], entry) == [
        '{{ salt }} "}, {% x %}',
        '> {{ salt }} "}, {% x %}',
    ]


@given(
    st.text(),
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ),
)
def test_whatever_an_entry_holds_the_body_is_the_template_filled_in(description: str, found: Any) -> None:
    entry = an_entry(description=description, details={"found": found})
    template = {"text": "said: {{ description }}", "found": "{{ details.found }}", "fixed": 1}
    assert filled(template, entry) == {"text": f"said: {description}", "found": found, "fixed": 1}
