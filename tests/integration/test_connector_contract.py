"""What every connector keeps, on each real one and on the fakes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from nightlatch.domain.connector import Entitlement, Presence
from nightlatch.domain.errors import ConnectorError, PermanentConnectorError, RetryableConnectorError
from nightlatch.domain.integration import Resource
from nightlatch.services.ports.targets import Connector
from tests.integration.connector_targets import (
    FakeSharedTarget,
    FakeTarget,
    Target,
    a_postgres_membership_target,
    a_postgres_target,
    an_intent,
    managed,
)
from tests.integration.postgres_server import PostgresServer

REAL: dict[str, Callable[[PostgresServer], AbstractContextManager[Target]]] = {
    "postgresql": a_postgres_target,
    "postgresql-membership": a_postgres_membership_target,
}
FAKE: dict[str, Callable[[], Target]] = {"fake": FakeTarget, "fake-shared": FakeSharedTarget}


@pytest.fixture(params=[*REAL, *FAKE])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    if request.param in FAKE:
        yield FAKE[request.param]()
        return
    with REAL[request.param](request.getfixturevalue("postgres")) as real:
        yield real


def all_pages(connector: Connector) -> list[Resource]:
    page = connector.discover(None)
    resources = [*page.resources]
    while page.cursor is not None:
        page = connector.discover(page.cursor)
        resources += page.resources
    return resources


def test_it_describes_itself_with_a_kind_and_the_types_it_knows(target: Target) -> None:
    capabilities = target.connector().describe()

    assert capabilities.kind
    assert target.entitlement("role1").resource_type in capabilities.resource_types


def test_a_usable_target_checks_as_ok(target: Target) -> None:
    assert target.connector().check().ok


def test_a_scan_finds_what_can_be_asked_for(target: Target) -> None:
    offered = {
        Entitlement(resource_type=found.type, resource_id=found.id, permission=permission.name)
        for found in all_pages(target.connector())
        for permission in found.permissions
    }

    assert {target.entitlement("role1"), target.entitlement("role3")} <= offered
    assert target.entitlement("dba") not in offered


def test_a_scan_page_by_page_finds_the_same_once(target: Target) -> None:
    at_once = all_pages(target.connector(page_size=500))

    assert all_pages(target.connector(page_size=1)) == at_once
    assert len({(found.type, found.id) for found in at_once}) == len(at_once)


def test_prepare_says_the_same_each_time(target: Target) -> None:
    connector = target.connector()
    assert connector.prepare(an_intent(target)) == connector.prepare(an_intent(target))


def test_prepare_makes_nothing(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))

    assert connector.observe(handle) is Presence.ABSENT


def test_a_grant_is_there_as_prepared(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))

    connector.grant(an_intent(target))

    assert connector.observe(handle) is Presence.PRESENT


def test_a_second_grant_of_the_same_id_is_the_same_access(target: Target) -> None:
    connector = target.connector()
    connector.grant(an_intent(target))

    connector.grant(an_intent(target))

    assert managed(target) == target.listed(connector.prepare(an_intent(target)))


def test_what_does_not_exist_cannot_be_granted(target: Target) -> None:
    connector = target.connector()
    with pytest.raises(PermanentConnectorError, match="no_such_role"):
        connector.grant(an_intent(target, "no_such_role"))

    assert not managed(target)


def test_a_resource_of_another_type_cannot_be_granted(target: Target) -> None:
    connector = target.connector()
    with pytest.raises(PermanentConnectorError, match="tape"):
        connector.grant(an_intent(target, resource_type="tape"))

    assert not managed(target)


def test_what_is_prepared_stands_for_what_is_intended(target: Target) -> None:
    connector = target.connector()
    intent = an_intent(target, "role1", "role3")

    handle = connector.prepare(intent)

    assert handle.entitlements == intent.entitlements


def test_a_revoke_ends_the_access(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    connector.grant(an_intent(target))

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


def test_a_second_revoke_is_success(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    connector.grant(an_intent(target))
    connector.revoke(handle)

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


def test_a_revoke_of_what_was_never_granted_is_success(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent(target))

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


def test_what_is_listed_as_managed_is_exactly_what_is_granted(target: Target) -> None:
    connector = target.connector()
    intents = [
        an_intent(target, "role1", grant_id="req_a1"),
        an_intent(target, "role3", grant_id="req_a2"),
        an_intent(target, "role3", grant_id="req_a3", person="omar"),
    ]
    first, second, third = (connector.prepare(intent) for intent in intents)
    for intent in intents:
        connector.grant(intent)
    connector.revoke(second)

    assert managed(target) == target.listed(first) | target.listed(third)


def test_what_is_listed_as_managed_can_be_revoked_as_listed(target: Target) -> None:
    connector = target.connector()
    connector.grant(an_intent(target))

    for handle in connector.list_managed():
        connector.revoke(handle)

    assert not managed(target)


def test_access_that_was_there_before_is_there_after(target: Target) -> None:
    """J4."""
    connector = target.connector()
    before = target.standing()
    intent = an_intent(target, "role1", "role3")

    connector.grant(intent)
    during = target.standing()
    connector.revoke(connector.prepare(intent))

    assert before <= during
    assert before == target.standing()
    assert ("omar", "role1") in before


def test_a_grant_whose_reply_was_lost_is_there_and_can_be_made_again(target: Target) -> None:
    """J2."""
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    target.lose_next_reply()
    with pytest.raises(RetryableConnectorError):
        connector.grant(an_intent(target))
    assert connector.observe(handle) is Presence.PRESENT

    connector.grant(an_intent(target))

    assert connector.observe(handle) is Presence.PRESENT
    assert managed(target) == target.listed(handle)


def test_a_revoke_whose_reply_was_lost_can_be_made_again(target: Target) -> None:
    """J2."""
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    connector.grant(an_intent(target))
    target.lose_next_reply()
    with pytest.raises(RetryableConnectorError):
        connector.revoke(handle)

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


def test_a_grant_that_arrives_after_the_revoke_is_found_and_can_be_undone(target: Target) -> None:
    """J6."""
    connector = target.connector()
    handle = connector.prepare(an_intent(target))
    connector.revoke(handle)

    connector.grant(an_intent(target))

    assert connector.observe(handle) is Presence.PRESENT
    assert managed(target) == target.listed(handle)
    connector.revoke(handle)
    assert connector.observe(handle) is Presence.ABSENT


@pytest.mark.parametrize("name", ['o"quote', "semi;colon", "new\nline", "nul\0", "x" * 64, "x" * 10_000, "", "\ud800"])
def test_a_strange_name_is_refused_and_changes_nothing(target: Target, name: str) -> None:
    """F4."""
    connector = target.connector()
    before = target.standing()

    with pytest.raises(ConnectorError):
        connector.grant(an_intent(target, name))

    assert not managed(target)
    assert target.standing() == before


@pytest.mark.parametrize("holder", ['"; DROP ROLE role1; --', "nul\0", "Zoë O'Hara", "日本", "", "x" * 500, "\ud800"])
def test_a_strange_holder_gets_a_grant_that_ends(target: Target, holder: str) -> None:
    """F4."""
    connector = target.connector()
    intent = an_intent(target, holder=holder)
    handle = connector.prepare(intent)

    connector.grant(intent)
    assert connector.observe(handle) is Presence.PRESENT
    connector.revoke(handle)

    assert not managed(target)
