"""What every connector keeps that makes a session user for each grant."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from nightlatch.domain.connector import Handle, Presence
from nightlatch.domain.errors import PermanentConnectorError, RetryableConnectorError, TargetGoneError
from tests.integration.connector_targets import (
    ENDS_AT,
    LATER,
    FakeTarget,
    SessionTarget,
    a_postgres_target,
    an_intent,
)


@pytest.fixture(params=["postgresql", "fake"])
def target(request: pytest.FixtureRequest) -> Iterator[SessionTarget]:
    if request.param == "fake":
        yield FakeTarget()
        return
    with a_postgres_target(request.getfixturevalue("postgres")) as real:
        yield real


def test_it_says_that_it_shares_nothing(target: SessionTarget) -> None:
    assert not target.connector().describe().shares_entitlements


def test_prepare_names_different_users_for_different_grants(target: SessionTarget) -> None:
    connector = target.connector()
    one, other = (connector.prepare(an_intent(target, grant_id=grant_id)) for grant_id in ("req_a1", "req_a2"))

    assert one.session_user != other.session_user


def test_a_grant_admits_the_person_with_exactly_the_roles(target: SessionTarget) -> None:
    connector = target.connector()
    intent = an_intent(target, "role1", "role3")
    user = connector.prepare(intent).session_user

    secret = connector.grant(intent)

    assert secret is not None
    assert target.admits(user, secret)
    assert target.roles_of(user) == {"role1", "role3"}


def test_a_revoked_grant_admits_nobody(target: SessionTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    secret = connector.grant(an_intent(target))

    connector.revoke(handle)

    assert secret is not None
    assert not target.admits(handle.session_user, secret)


def test_a_grant_made_again_after_a_lost_reply_admits(target: SessionTarget) -> None:
    """J2."""
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    target.lose_next_reply()
    with pytest.raises(RetryableConnectorError):
        connector.grant(an_intent(target))

    secret = connector.grant(an_intent(target))

    assert secret is not None
    assert target.admits(handle.session_user, secret)


def test_nobody_who_has_a_role_of_their_own_is_touched(target: SessionTarget) -> None:
    """J4."""
    connector = target.connector()
    before = target.standing()

    connector.grant(an_intent(target, "role1", "role3"))

    assert target.standing() == before


def test_a_grant_can_be_shown_with_its_secret(target: SessionTarget) -> None:
    connector = target.connector()
    secret = connector.grant(an_intent(target))
    assert secret is not None

    shown = connector.credentials(connector.prepare(an_intent(target)), secret)

    assert shown["password"] == secret
    assert shown["user"] == connector.prepare(an_intent(target)).session_user


def test_without_its_secret_nothing_can_be_shown(target: SessionTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))

    with pytest.raises(PermanentConnectorError, match=handle.session_user):
        connector.credentials(handle, None)


def test_only_the_latest_secret_of_a_grant_works(target: SessionTarget) -> None:
    connector = target.connector()
    user = connector.prepare(an_intent(target)).session_user
    earlier = connector.grant(an_intent(target))

    later = connector.grant(an_intent(target))

    assert later is not None
    assert earlier is not None
    assert target.admits(user, later)
    assert not target.admits(user, earlier)


def test_an_extension_moves_the_end_that_the_target_holds(target: SessionTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    connector.grant(an_intent(target))

    connector.extend(handle, until=LATER)
    connector.extend(handle, until=LATER)

    assert target.end_of(handle.session_user) == LATER


def test_an_extension_never_shortens(target: SessionTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    connector.grant(an_intent(target))

    connector.extend(handle, until=ENDS_AT - timedelta(hours=1))

    assert target.end_of(handle.session_user) == ENDS_AT


def test_an_extended_grant_admits_with_the_secret_it_had(target: SessionTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    secret = connector.grant(an_intent(target))

    connector.extend(handle, until=LATER)

    assert secret is not None
    assert target.admits(handle.session_user, secret)


def test_what_is_not_there_cannot_be_extended(target: SessionTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    with pytest.raises(TargetGoneError):
        connector.extend(handle, until=LATER)
    connector.grant(an_intent(target))
    connector.revoke(handle)

    with pytest.raises(TargetGoneError):
        connector.extend(handle, until=LATER)

    assert connector.observe(handle) is Presence.ABSENT


def test_an_extension_whose_reply_was_lost_can_be_made_again(target: SessionTarget) -> None:
    """J2."""
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    connector.grant(an_intent(target))
    target.lose_next_reply()
    with pytest.raises(RetryableConnectorError):
        connector.extend(handle, until=LATER)

    connector.extend(handle, until=LATER)

    assert target.end_of(handle.session_user) == LATER


def test_a_revoke_needs_no_details(target: SessionTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    connector.grant(an_intent(target))

    connector.revoke(Handle(grant_id=handle.grant_id, session_user=handle.session_user))

    assert connector.observe(handle) is Presence.ABSENT


def test_what_was_made_for_another_grant_is_neither_extended_nor_revoked(target: SessionTarget) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    secret = connector.grant(an_intent(target))
    mistaken = Handle(grant_id="req_other", session_user=handle.session_user)

    with pytest.raises(PermanentConnectorError, match="req_other"):
        connector.revoke(mistaken)
    with pytest.raises(PermanentConnectorError, match="req_other"):
        connector.extend(mistaken, until=LATER)

    assert secret is not None
    assert target.admits(handle.session_user, secret)
    assert connector.observe(mistaken) is Presence.UNKNOWN


def test_two_grants_of_one_person_end_independently(target: SessionTarget) -> None:
    """J3."""
    connector = target.connector()
    first, second = an_intent(target, grant_id="req_a1"), an_intent(target, grant_id="req_a2")
    connector.grant(first)
    secret = connector.grant(second)

    connector.revoke(connector.prepare(first))

    assert secret is not None
    assert connector.observe(connector.prepare(first)) is Presence.ABSENT
    assert target.admits(connector.prepare(second).session_user, secret)
