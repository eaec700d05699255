"""What every connector keeps, on each real one and on the fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pg8000.native  # type: ignore[import-untyped]  # it ships no types
import pytest

from nightlatch.adapters.connectors.postgresql import PostgresqlConnector, PostgresqlSettings, Tls
from nightlatch.domain.connector import Entitlement, GrantIntent, Handle, Presence
from nightlatch.domain.errors import ConnectorError, PermanentConnectorError, RetryableConnectorError, TargetGoneError
from nightlatch.domain.integration import Resource
from nightlatch.services.ports import Connector
from tests.fakes.connector import FakeConnector
from tests.integration.conftest import CONNECTOR_PASSWORD
from tests.integration.failing_line import FailingLine, Failure
from tests.integration.postgres_server import HOST, PostgresServer

ENDS_AT = datetime(2099, 1, 1, tzinfo=UTC)
LATER = ENDS_AT + timedelta(hours=1)
Standing = frozenset[tuple[str, str]]


class Target(Protocol):
    """A target system as the suite sees it: the connector, and a look behind it."""

    def connector(self, *, page_size: int = 500) -> Connector:
        """Make a connector to this target."""
        ...

    def lose_next_reply(self) -> None:
        """Let the next grant, extension or revoke be done, and its reply be lost."""
        ...

    def admits(self, user: str, secret: str) -> bool:
        """Say whether a person can enter with a secret."""
        ...

    def roles_of(self, user: str) -> frozenset[str]:
        """Say what a session user was given."""
        ...

    def end_of(self, user: str) -> datetime:
        """Say until when the target itself lets a session user in."""
        ...

    def standing(self) -> Standing:
        """Say who has which role, session users aside."""
        ...


@dataclass
class FakeTarget:
    """The fake, which is its own target."""

    fake: FakeConnector

    def connector(self, *, page_size: int = 500) -> Connector:
        self.fake.page_size = page_size
        return self.fake

    def lose_next_reply(self) -> None:
        self.fake.lose_next_reply()

    def admits(self, user: str, secret: str) -> bool:
        return self.fake.admits(user, secret)

    def roles_of(self, user: str) -> frozenset[str]:
        return self.fake.accesses[user].roles

    def end_of(self, user: str) -> datetime:
        return self.fake.accesses[user].ends_at

    def standing(self) -> Standing:
        return self.fake.standing


@dataclass
class PostgresTarget:
    """A PostgreSQL server, reached over a line that can fail."""

    server: PostgresServer
    line: FailingLine

    def connector(self, *, page_size: int = 500) -> Connector:
        settings = PostgresqlSettings(
            host=HOST, port=self.line.port, database="postgres", user="nightlatch", tls=Tls.DISABLE
        )
        return PostgresqlConnector(settings, lambda: CONNECTOR_PASSWORD, page_size=page_size)

    def lose_next_reply(self) -> None:
        self.line.fail_on(b"COMMIT", b"VALID UNTIL '2099-01-01T01", b"DROP ROLE", failure=Failure.AFTER)

    def admits(self, user: str, secret: str) -> bool:
        try:
            with self.server.connect("orders", user=user, password=secret):
                return True
        except pg8000.native.DatabaseError:
            return False

    def roles_of(self, user: str) -> frozenset[str]:
        return frozenset(role for role, member in self._memberships() if member == user)

    def end_of(self, user: str) -> datetime:
        ((end,),) = self.server.run(f"SELECT rolvaliduntil FROM pg_roles WHERE rolname = '{user}'")
        assert isinstance(end, datetime)
        return end

    def standing(self) -> Standing:
        return frozenset(
            (member, role)
            for role, member in self._memberships()
            if not role.startswith("nl_") and not member.startswith("nl_")
        )

    def _memberships(self) -> list[list[str]]:
        return self.server.run(
            "SELECT CAST(roleid::regrole AS text), CAST(member::regrole AS text) FROM pg_auth_members"
        )


@contextmanager
def a_postgres_target(server: PostgresServer) -> Iterator[Target]:
    with FailingLine(server.port).running() as line:
        yield PostgresTarget(server, line)


@pytest.fixture(params=["postgresql", "fake"])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    if request.param == "fake":
        yield FakeTarget(FakeConnector(databases=("hr", "orders", "postgres")))
        return
    with a_postgres_target(request.getfixturevalue("postgres")) as postgres_target:
        yield postgres_target


@pytest.fixture
def connector(target: Target) -> Connector:
    return target.connector()


def an_intent(
    *roles: str, grant_id: str = "req_a1", holder: str = "maya", resource_type: str = "database"
) -> GrantIntent:
    entitlements = tuple(
        Entitlement(resource_type=resource_type, resource_id="orders", permission=role) for role in roles or ("role1",)
    )
    return GrantIntent(
        grant_id=grant_id, holder_id=f"usr_{holder}", holder=holder, entitlements=entitlements, ends_at=ENDS_AT
    )


def managed(connector: Connector) -> list[tuple[str, str]]:
    return sorted((handle.grant_id, handle.session_user) for handle in connector.list_managed())


def identity(handle: Handle) -> tuple[str, str]:
    return handle.grant_id, handle.session_user


def all_pages(connector: Connector) -> list[Resource]:
    page = connector.discover(None)
    resources = [*page.resources]
    while page.cursor is not None:
        page = connector.discover(page.cursor)
        resources += page.resources
    return resources


def test_it_describes_itself_with_a_kind_and_the_types_it_knows(connector: Connector) -> None:
    capabilities = connector.describe()

    assert capabilities.kind
    assert "database" in capabilities.resource_types


def test_a_usable_target_checks_as_ok(connector: Connector) -> None:
    assert connector.check().ok


def test_a_scan_finds_what_can_be_asked_for(connector: Connector) -> None:
    (orders,) = [found for found in all_pages(connector) if (found.type, found.id) == ("database", "orders")]

    assert {permission.name for permission in orders.permissions} == {"role1", "role3"}


def test_a_scan_page_by_page_finds_the_same_once(target: Target) -> None:
    at_once = all_pages(target.connector(page_size=500))

    assert all_pages(target.connector(page_size=1)) == at_once
    assert len({(found.type, found.id) for found in at_once}) == len(at_once)


def test_prepare_says_the_same_each_time(connector: Connector) -> None:
    assert connector.prepare(an_intent()) == connector.prepare(an_intent())


def test_prepare_makes_nothing(connector: Connector) -> None:
    handle = connector.prepare(an_intent())

    assert connector.observe(handle) is Presence.ABSENT


def test_prepare_names_different_users_for_different_grants(connector: Connector) -> None:
    one, other = (connector.prepare(an_intent(grant_id=grant_id)) for grant_id in ("req_a1", "req_a2"))

    assert one.session_user != other.session_user


def test_a_grant_is_there_as_prepared(connector: Connector) -> None:
    handle = connector.prepare(an_intent())

    connector.grant(an_intent())

    assert connector.observe(handle) is Presence.PRESENT


def test_a_grant_admits_the_person_with_exactly_the_roles(target: Target) -> None:
    connector = target.connector()
    intent = an_intent("role1", "role3")
    user = connector.prepare(intent).session_user

    secret = connector.grant(intent)

    assert secret is not None
    assert target.admits(user, secret)
    assert target.roles_of(user) == {"role1", "role3"}


def test_a_grant_can_be_shown_with_its_secret(connector: Connector) -> None:
    secret = connector.grant(an_intent())
    assert secret is not None

    shown = connector.credentials(connector.prepare(an_intent()), secret)

    assert shown["password"] == secret
    assert shown["user"] == connector.prepare(an_intent()).session_user


def test_a_second_grant_of_the_same_id_is_the_same_access(connector: Connector) -> None:
    connector.grant(an_intent())

    connector.grant(an_intent())

    assert managed(connector) == [identity(connector.prepare(an_intent()))]


def test_only_the_latest_secret_of_a_grant_works(target: Target) -> None:
    connector = target.connector()
    user = connector.prepare(an_intent()).session_user
    earlier = connector.grant(an_intent())

    later = connector.grant(an_intent())

    assert later is not None
    assert earlier is not None
    assert target.admits(user, later)
    assert not target.admits(user, earlier)


def test_what_does_not_exist_cannot_be_granted(connector: Connector) -> None:
    with pytest.raises(PermanentConnectorError, match="no_such_role"):
        connector.grant(an_intent("no_such_role"))

    assert managed(connector) == []


def test_a_resource_of_another_type_cannot_be_granted(connector: Connector) -> None:
    with pytest.raises(PermanentConnectorError, match="tape"):
        connector.grant(an_intent(resource_type="tape"))

    assert managed(connector) == []


def test_what_is_prepared_stands_for_what_is_intended(connector: Connector) -> None:
    intent = an_intent("role1", "role3")

    handle = connector.prepare(intent)

    assert handle.entitlements == intent.entitlements


def test_an_extension_moves_the_end_that_the_target_holds(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent())
    connector.grant(an_intent())

    connector.extend(handle, until=LATER)
    connector.extend(handle, until=LATER)

    assert target.end_of(handle.session_user) == LATER


def test_an_extension_never_shortens(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent())
    connector.grant(an_intent())

    connector.extend(handle, until=ENDS_AT - timedelta(hours=1))

    assert target.end_of(handle.session_user) == ENDS_AT


def test_an_extended_grant_admits_with_the_secret_it_had(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent())
    secret = connector.grant(an_intent())

    connector.extend(handle, until=LATER)

    assert secret is not None
    assert target.admits(handle.session_user, secret)


def test_what_is_not_there_cannot_be_extended(connector: Connector) -> None:
    handle = connector.prepare(an_intent())
    with pytest.raises(TargetGoneError):
        connector.extend(handle, until=LATER)
    connector.grant(an_intent())
    connector.revoke(handle)

    with pytest.raises(TargetGoneError):
        connector.extend(handle, until=LATER)

    assert connector.observe(handle) is Presence.ABSENT


def test_an_extension_whose_reply_was_lost_can_be_made_again(target: Target) -> None:
    """J2."""
    connector = target.connector()
    handle = connector.prepare(an_intent())
    connector.grant(an_intent())
    target.lose_next_reply()
    with pytest.raises(RetryableConnectorError):
        connector.extend(handle, until=LATER)

    connector.extend(handle, until=LATER)

    assert target.end_of(handle.session_user) == LATER


def test_a_revoke_ends_the_access(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent())
    secret = connector.grant(an_intent())

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT
    assert secret is not None
    assert not target.admits(handle.session_user, secret)


def test_a_second_revoke_is_success(connector: Connector) -> None:
    handle = connector.prepare(an_intent())
    connector.grant(an_intent())
    connector.revoke(handle)

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


def test_a_revoke_of_what_was_never_granted_is_success(connector: Connector) -> None:
    handle = connector.prepare(an_intent())

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


def test_a_revoke_needs_no_details(connector: Connector) -> None:
    handle = connector.prepare(an_intent())
    connector.grant(an_intent())

    connector.revoke(Handle(grant_id=handle.grant_id, session_user=handle.session_user))

    assert connector.observe(handle) is Presence.ABSENT


def test_what_was_made_for_another_grant_is_neither_extended_nor_revoked_for_another_grant(target: Target) -> None:
    connector = target.connector()
    handle = connector.prepare(an_intent())
    secret = connector.grant(an_intent())
    mistaken = Handle(grant_id="req_other", session_user=handle.session_user)

    with pytest.raises(PermanentConnectorError, match="req_other"):
        connector.revoke(mistaken)
    with pytest.raises(PermanentConnectorError, match="req_other"):
        connector.extend(mistaken, until=LATER)

    assert secret is not None
    assert target.admits(handle.session_user, secret)
    assert connector.observe(mistaken) is Presence.UNKNOWN


def test_what_is_listed_as_managed_is_exactly_what_is_granted(connector: Connector) -> None:
    intents = [an_intent(grant_id=grant_id) for grant_id in ("req_a1", "req_a2", "req_a3")]
    for intent in intents:
        connector.grant(intent)
    connector.revoke(connector.prepare(intents[1]))

    listed = managed(connector)

    assert listed == [identity(connector.prepare(intents[0])), identity(connector.prepare(intents[2]))]


def test_what_is_listed_as_managed_can_be_revoked_as_listed(connector: Connector) -> None:
    connector.grant(an_intent())

    for handle in connector.list_managed():
        connector.revoke(handle)

    assert managed(connector) == []


def test_access_that_was_there_before_is_there_after(target: Target) -> None:
    """J4."""
    connector = target.connector()
    before = target.standing()

    connector.grant(an_intent("role1", "role3"))
    during = target.standing()
    connector.revoke(connector.prepare(an_intent()))

    assert before == during == target.standing()
    assert ("omar", "role1") in before


def test_two_grants_of_one_person_end_independently(target: Target) -> None:
    """J3."""
    connector = target.connector()
    first, second = an_intent(grant_id="req_a1"), an_intent(grant_id="req_a2")
    connector.grant(first)
    secret = connector.grant(second)

    connector.revoke(connector.prepare(first))

    assert secret is not None
    assert connector.observe(connector.prepare(first)) is Presence.ABSENT
    assert target.admits(connector.prepare(second).session_user, secret)


def test_a_grant_whose_reply_was_lost_is_there_and_can_be_made_again(target: Target) -> None:
    """J2."""
    connector = target.connector()
    handle = connector.prepare(an_intent())
    target.lose_next_reply()
    with pytest.raises(RetryableConnectorError):
        connector.grant(an_intent())
    assert connector.observe(handle) is Presence.PRESENT

    secret = connector.grant(an_intent())

    assert secret is not None
    assert target.admits(handle.session_user, secret)
    assert managed(connector) == [identity(handle)]


def test_a_revoke_whose_reply_was_lost_can_be_made_again(target: Target) -> None:
    """J2."""
    connector = target.connector()
    handle = connector.prepare(an_intent())
    connector.grant(an_intent())
    target.lose_next_reply()
    with pytest.raises(RetryableConnectorError):
        connector.revoke(handle)

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


def test_a_grant_that_arrives_after_the_revoke_is_found_and_can_be_undone(connector: Connector) -> None:
    """J6."""
    handle = connector.prepare(an_intent())
    connector.revoke(handle)

    connector.grant(an_intent())

    assert connector.observe(handle) is Presence.PRESENT
    assert managed(connector) == [identity(handle)]
    connector.revoke(handle)
    assert connector.observe(handle) is Presence.ABSENT


@pytest.mark.parametrize("name", ['o"quote', "semi;colon", "new\nline", "nul\0", "x" * 64, "x" * 10_000, "", "\ud800"])
def test_a_strange_name_is_refused_and_changes_nothing(target: Target, name: str) -> None:
    """F4."""
    connector = target.connector()
    before = target.standing()

    with pytest.raises(ConnectorError):
        connector.grant(an_intent(name))

    assert managed(connector) == []
    assert target.standing() == before


@pytest.mark.parametrize("holder", ['"; DROP ROLE role1; --', "nul\0", "Zoë O'Hara", "日本", "", "x" * 500, "\ud800"])
def test_a_strange_holder_gets_a_grant_that_ends(connector: Connector, holder: str) -> None:
    """F4."""
    intent = an_intent(holder=holder)
    handle = connector.prepare(intent)

    connector.grant(intent)
    assert connector.observe(handle) is Presence.PRESENT
    connector.revoke(handle)

    assert managed(connector) == []
