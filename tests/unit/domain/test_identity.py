"""Who somebody is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.identity import ActorType, Principal, Role
from tests.builders import ISSUER, MAYA, ROBOT, a_principal

LINES = st.text(st.sampled_from('ab\n",['), max_size=4) | st.text(max_size=40)


def test_the_same_subject_of_the_same_issuer_is_the_same_person_whatever_their_labels() -> None:
    today = Principal(issuer=ISSUER, subject="4711", name="Maya Cohen", email="maya@example.com")

    after_the_wedding = Principal(issuer=ISSUER, subject="4711", name="Maya Levi", email="levi@example.com")

    assert after_the_wedding.id == today.id


@pytest.mark.parametrize(
    "email",
    ["maya@example.com", "Maya@example.com", "maya@example.com ", "m\u0430ya@example.com", "maya\u200b@example.com"],
)
def test_an_email_that_looks_alike_makes_nobody_the_same_person(email: str) -> None:
    """B1."""
    somebody_else = Principal(issuer=ISSUER, subject="another", name=MAYA.name, email=email)

    assert somebody_else.id != MAYA.id


def test_the_same_email_and_subject_from_a_second_issuer_is_another_person() -> None:
    """B2."""
    assert a_principal("maya", issuer="https://other.example.com").id != a_principal("maya").id


@given(one=st.tuples(LINES, LINES), other=st.tuples(LINES, LINES))
def test_ids_agree_only_when_issuer_and_subject_do(one: tuple[str, str], other: tuple[str, str]) -> None:
    ids = {Principal(issuer=issuer, subject=subject).id for issuer, subject in (one, other)}

    assert len(ids) == len({one, other})


@pytest.mark.parametrize("between", ["", "\n", '", "', "\0"])
def test_an_issuer_that_ends_where_the_subject_begins_is_not_mixed_up(between: str) -> None:
    """B1."""
    one = Principal(issuer=f"https://a{between}b", subject="c")
    other = Principal(issuer="https://a", subject=f"b{between}c")
    ids = {one.id, other.id}

    assert len(ids) == 2


def test_an_id_tells_nothing_about_the_person() -> None:
    assert re.fullmatch(r"usr_[a-z2-7]{26}", MAYA.id)


@pytest.mark.parametrize(
    ("name", "email", "label"),
    [("Maya", "maya@example.com", "Maya"), ("", "maya@example.com", "maya@example.com"), ("", "", "4711")],
)
def test_somebody_is_called_by_the_most_readable_thing_known(name: str, email: str, label: str) -> None:
    assert Principal(issuer=ISSUER, subject="4711", name=name, email=email).label == label


def test_a_machine_acts_as_a_service_and_a_person_as_a_user() -> None:
    assert (ROBOT.as_actor().type, MAYA.as_actor().type) == (ActorType.SERVICE, ActorType.USER)


def test_nobody_holds_a_role_beyond_asking_unless_it_was_given() -> None:
    somebody = Principal(issuer=ISSUER, subject="4711", groups=frozenset({"admins"}))

    assert not somebody.has(Role.ADMIN, Role.AUDITOR, Role.SERVICE)
