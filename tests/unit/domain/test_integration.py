"""Integrations, and what was found in them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from nightlatch.domain.integration import Slug, tags_in
from tests.builders import a_resource

SLUGS: TypeAdapter[str] = TypeAdapter(Slug)


@pytest.mark.parametrize("name", ["a", "orders-db", "0", "a" * 63, "a--b"])
def test_a_slug_is_lower_case_letters_digits_and_inner_hyphens(name: str) -> None:
    assert SLUGS.validate_python(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a b", "a\n", "a/b", "é", "a" * 64, "a#b"])
def test_nothing_else_is_a_slug(name: str) -> None:
    with pytest.raises(ValidationError):
        SLUGS.validate_python(name)


@pytest.mark.parametrize(
    ("description", "tags"),
    [
        ("", ()),
        ("reads the orders", ()),
        ("#prod", ("prod",)),
        ("owns all #prod #team:payments, #data=pii.", ("prod", "team:payments", "data=pii.")),
        ("#prod and #prod again", ("prod",)),
        ("number # 7", ()),
    ],
)
def test_hashtags_in_a_description_are_tags(description: str, tags: tuple[str, ...]) -> None:
    assert tags_in(description) == tags


def test_a_permission_is_found_by_its_exact_name_only() -> None:
    resource = a_resource("orders", "role1")

    assert [resource.permission(name) is not None for name in ("role1", "Role1", "role", "role1 ")] == [
        True,
        False,
        False,
        False,
    ]
