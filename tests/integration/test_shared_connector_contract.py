"""What every connector keeps that gives to people's own accounts, where several grants can cover one entitlement."""

from collections.abc import Iterator

import pytest

from nightlatch.domain.connector import Presence
from nightlatch.domain.errors import RetryableConnectorError
from tests.fakes.connector import FakeSharedConnector
from tests.integration.connector_targets import (
    LATER,
    FakeSharedTarget,
    SharedTarget,
    a_postgres_membership_target,
    an_intent,
    managed,
)


@pytest.fixture(params=["postgresql-membership", "fake-shared"])
def target(request: pytest.FixtureRequest) -> Iterator[SharedTarget]:
    if request.param == "fake-shared":
        yield FakeSharedTarget()
        return
    with a_postgres_membership_target(request.getfixturevalue("postgres")) as real:
        yield real


def test_it_says_that_it_shares_entitlements(target: SharedTarget) -> None:
    capabilities = target.connector().describe()

    assert capabilities.shares_entitlements
    assert capabilities.tells_own_apart


def test_a_handle_names_the_person_by_their_id(target: SharedTarget) -> None:
    handle = target.connector().prepare(an_intent(target))

    assert handle.session_user == "usr_maya"


def test_a_grant_gives_exactly_what_is_intended_and_no_secret(target: SharedTarget) -> None:
    secret = target.connector().grant(an_intent(target, "role3"))

    assert secret is None
    assert target.roles_of("maya") == {"role3"}


def test_a_grant_of_nothing_gives_nothing(target: SharedTarget) -> None:
    target.connector().grant(an_intent(target).narrowed(()))

    assert target.roles_of("maya") == frozenset()


def test_two_grants_of_one_entitlement_are_one_access(target: SharedTarget) -> None:
    """J3: which of the two ends it is for the leases to say."""
    connector = target.connector()
    first, second = an_intent(target, grant_id="req_a1"), an_intent(target, grant_id="req_a2")
    connector.grant(first)

    connector.grant(second)

    assert managed(target) == target.listed(connector.prepare(first))
    connector.revoke(connector.prepare(first))
    assert connector.observe(connector.prepare(second)) is Presence.ABSENT


def test_a_grant_adds_to_what_another_gave(target: SharedTarget) -> None:
    connector = target.connector()
    connector.grant(an_intent(target, "role1", grant_id="req_a1"))

    connector.grant(an_intent(target, "role3", grant_id="req_a2"))

    assert target.roles_of("maya") == {"role1", "role3"}


def test_a_revoke_takes_only_what_its_handle_stands_for(target: SharedTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target, "role1", "role3"))
    connector.grant(an_intent(target, "role1", "role3"))

    connector.revoke(handle.narrowed({target.entitlement("role3")}))

    assert target.roles_of("maya") == {"role1"}


def test_a_revoke_of_nothing_takes_nothing(target: SharedTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    connector.grant(an_intent(target))

    connector.revoke(handle.narrowed(()))

    assert target.roles_of("maya") == {"role1"}
    assert connector.observe(handle.narrowed(())) is Presence.ABSENT


def test_a_revoke_leaves_other_people_alone(target: SharedTarget) -> None:
    connector = target.connector()
    connector.grant(an_intent(target, "role3"))
    connector.grant(an_intent(target, "role3", person="omar"))

    connector.revoke(connector.prepare(an_intent(target, "role3")))

    assert target.roles_of("omar") == {"role1", "role3"}


def test_access_is_there_while_any_of_it_is(target: SharedTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target, "role1", "role3"))
    connector.grant(an_intent(target, "role3"))

    both, gone, there = (
        connector.observe(part)
        for part in (
            handle,
            handle.narrowed({target.entitlement("role1")}),
            handle.narrowed({target.entitlement("role3")}),
        )
    )

    assert both is Presence.PRESENT
    assert gone is Presence.ABSENT
    assert there is Presence.PRESENT


def test_access_that_the_same_person_had_before_is_there_after(target: SharedTarget) -> None:
    """J4."""
    connector = target.connector()
    intent = an_intent(target, "role1", "role3")
    target.let_stand("maya", "role1")
    connector.grant(intent)

    connector.revoke(connector.prepare(intent))

    assert target.roles_of("maya") == {"role1"}
    assert connector.observe(connector.prepare(intent)) is Presence.ABSENT


def test_access_that_somebody_else_gives_meanwhile_is_there_after(target: SharedTarget) -> None:
    """J4."""
    if not target.has_grantors:
        pytest.skip("such a target keeps one membership, and it is whoever's who gave it first")
    connector = target.connector()
    connector.grant(an_intent(target))
    target.let_stand("maya", "role1")

    connector.revoke(connector.prepare(an_intent(target)))

    assert target.roles_of("maya") == {"role1"}


def test_what_others_gave_is_not_seen_as_ours(target: SharedTarget) -> None:
    target.let_stand("maya", "role1")
    connector = target.connector()

    assert connector.observe(connector.prepare(an_intent(target))) is Presence.ABSENT
    assert not managed(target)


def test_there_is_no_end_to_extend(target: SharedTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))

    connector.extend(handle, until=LATER)

    assert not connector.describe().holds_end_itself
    assert connector.observe(handle) is Presence.ABSENT


def test_how_the_person_connects_is_shown_without_a_secret(target: SharedTarget) -> None:
    connector = target.connector()

    shown = connector.credentials(connector.prepare(an_intent(target)), None)

    assert shown
    assert "password" not in shown


def test_a_narrowed_revoke_whose_reply_was_lost_can_be_made_again(target: SharedTarget) -> None:
    """J2."""
    connector = target.connector()
    connector.grant(an_intent(target, "role1", "role3"))
    part = connector.prepare(an_intent(target, "role3"))
    target.lose_next_reply()
    with pytest.raises(RetryableConnectorError):
        connector.revoke(part)

    connector.revoke(part)

    assert target.roles_of("maya") == {"role1"}


def test_a_target_that_cannot_tell_what_is_ours_sees_and_takes_all() -> None:
    """The fake's harder case, in which only the leases protect what was there before."""
    target = FakeSharedTarget(FakeSharedConnector(tells_own_apart=False))
    target.let_stand("maya", "role1")
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    assert connector.observe(handle) is Presence.PRESENT

    connector.revoke(handle)

    assert target.roles_of("maya") == frozenset()
