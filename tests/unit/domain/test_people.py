"""People whom Nightlatch has met: noted when they come, and when something of them has changed."""

import pytest

from nightlatch.domain.identity import Principal, Role
from nightlatch.domain.people import SIGN_INS_KEPT, KnownPerson, meet
from tests.builders import ADA, HOUR, MAYA, NOON, ROBOT, a_person, a_principal


def test_who_comes_for_the_first_time_is_noted_and_told() -> None:
    change = meet(MAYA, None, at=NOON)

    assert change is not None
    (told,) = change.events
    assert (change.state.id, change.state.name, change.state.groups, change.state.version) == (
        MAYA.id,
        "Maya",
        ("developers",),
        1,
    )
    assert (told.event_type, told.actor, told.resource.id, told.timestamp) == (
        "user.created",
        MAYA.as_actor(),
        MAYA.id,
        NOON,
    )


@pytest.mark.parametrize("somebody", [MAYA, ADA, ROBOT], ids=lambda somebody: str(somebody.subject))
def test_who_is_as_known_is_not_noted_again(somebody: Principal) -> None:
    assert meet(somebody, a_person(somebody), at=NOON + HOUR) is None


def test_the_order_of_groups_is_no_change() -> None:
    groups = [f"group-{number}" for number in range(20)]
    known = a_person(a_principal("maya", groups=groups))

    assert meet(a_principal("maya", groups=groups[::-1]), known, at=NOON + HOUR) is None


@pytest.mark.parametrize(
    ("update", "changed"),
    [
        ({"name": "Maya M."}, ["name"]),
        ({"email": "m@example.com"}, ["email"]),
        ({"groups": frozenset({"owners"})}, ["groups"]),
        ({"roles": frozenset({Role.SERVICE})}, ["is_service"]),
        ({"name": "Maya M.", "groups": frozenset[str]()}, ["name", "groups"]),
    ],
)
def test_what_has_changed_is_noted_and_told(update: dict[str, object], changed: list[str]) -> None:
    """A8."""
    change = meet(MAYA.model_copy(update=update), a_person(), at=NOON + HOUR)

    assert change is not None
    (told,) = change.events
    assert (told.event_type, told.details["changed"]) == ("user.updated", changed)
    assert (change.state.version, change.state.seen_at) == (2, NOON + HOUR)


def test_who_is_not_there_has_no_rights_of_an_administrator() -> None:
    """A3."""
    absent = a_person(ADA).as_principal()

    assert (absent.id, absent.groups, absent.roles) == (ADA.id, ADA.groups, frozenset({Role.REQUESTER}))


def test_a_service_that_is_not_there_is_still_one() -> None:
    """A12."""
    assert a_person(ROBOT).as_principal().is_service


# Signing in


def signed_in(sign_in: str, principal: Principal = MAYA) -> Principal:
    return principal.model_copy(update={"sign_in": sign_in})


def met(principal: Principal, known: KnownPerson | None) -> tuple[KnownPerson | None, list[str]]:
    """Note who is here, and list what is told."""
    change = meet(principal, known, at=NOON)
    return (change.state, [event.event_type for event in change.events]) if change else (known, [])


def test_a_sign_in_is_told_at_the_first_call_that_follows_it_and_not_again() -> None:
    maya, told = met(signed_in("morning"), None)
    assert told == ["user.created", "auth.login.success"]

    maya, told = met(signed_in("morning"), maya)
    assert told == []
    maya, told = met(signed_in("noon"), maya)
    assert told == ["auth.login.success"]


def test_who_is_signed_in_twice_and_takes_turns_is_told_twice() -> None:
    maya, told = None, []
    for _ in range(5):
        for sign_in in ("laptop", "console"):
            maya, more = met(signed_in(sign_in), maya)
            told += more

    assert told.count("auth.login.success") == 2


def test_only_the_last_sign_ins_are_remembered() -> None:
    maya = None
    for number in range(SIGN_INS_KEPT + 5):
        maya, _ = met(signed_in(str(number)), maya)

    assert maya is not None
    assert maya.sign_ins == tuple(map(str, range(5, SIGN_INS_KEPT + 5)))


def test_a_token_that_tells_no_sign_in_changes_nothing_about_them() -> None:
    maya, _ = met(signed_in("morning"), None)

    assert meet(MAYA, maya, at=NOON + HOUR) is None


def test_who_has_changed_and_signed_in_is_told_of_both_in_one_change() -> None:
    _, told = met(signed_in("morning", MAYA.model_copy(update={"name": "Maya M."})), a_person())

    assert told == ["user.updated", "auth.login.success"]
