"""The targets on which the connector suite runs: each connector, and a look behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pg8000.native  # type: ignore[import-untyped]  # it ships no types

from nightlatch.adapters.connectors.postgresql import PostgresqlConnector, PostgresqlSettings, Tls
from nightlatch.adapters.connectors.postgresql_connection import ServerSettings, Timeouts
from nightlatch.adapters.connectors.postgresql_membership import PostgresqlMembershipConnector
from nightlatch.domain.connector import Entitlement, GrantIntent, Handle
from nightlatch.services.ports.targets import Connector
from tests.fakes.connector import FakeConnector, FakeSharedConnector
from tests.integration.conftest import CONNECTOR_PASSWORD
from tests.integration.failing_line import FailingLine, Failure
from tests.integration.postgres_server import HOST, PostgresServer

ENDS_AT = datetime(2099, 1, 1, tzinfo=UTC)
LATER = ENDS_AT + timedelta(hours=1)

Standing = frozenset[tuple[str, str]]
Listed = frozenset[tuple[str, ...]]

LENDER_PASSWORD = "lender-password"
MAYA_PASSWORD = "mayas-own-password"

# The least that the membership connector needs, and the harder case: NOINHERIT. Maya and Omar have their own roles.
PEOPLE = f"""
CREATE ROLE lender LOGIN NOINHERIT PASSWORD '{LENDER_PASSWORD}';
GRANT role1, role3 TO lender WITH ADMIN OPTION, INHERIT FALSE, SET FALSE;
GRANT pg_signal_backend TO lender WITH INHERIT TRUE, SET FALSE;
CREATE ROLE maya LOGIN PASSWORD '{MAYA_PASSWORD}';
COMMENT ON ROLE maya IS 'Maya Cohen #team:billing #person:usr_maya';
COMMENT ON ROLE omar IS '#person:usr_omar';
"""
NO_PEOPLE = """
COMMENT ON ROLE omar IS NULL;
DROP ROLE maya;
REVOKE role1, role3 FROM lender CASCADE;
DROP ROLE lender;
"""


class Target(Protocol):
    """A target system as the suite sees it."""

    def connector(self, *, page_size: int = 500) -> Connector:
        """Make a connector to this target."""
        ...

    def entitlement(self, role: str) -> Entitlement:
        """Say how a role is asked for here."""
        ...

    def listed(self, handle: Handle) -> Listed:
        """Say as what a handle is known among those that are listed as managed."""
        ...

    def lose_next_reply(self) -> None:
        """Let the next grant, extension or revoke be done, and its reply be lost."""
        ...

    def standing(self) -> Standing:
        """Say who has which role, session users aside."""
        ...


class SessionTarget(Target, Protocol):
    """A target where each grant is a session user of its own."""

    def admits(self, user: str, secret: str) -> bool:
        """Say whether a person can enter with a secret."""
        ...

    def roles_of(self, user: str) -> frozenset[str]:
        """Say what a session user was given."""
        ...

    def end_of(self, user: str) -> datetime:
        """Say until when the target itself lets a session user in."""
        ...


class SharedTarget(Target, Protocol):
    """A target where grants give to people's own accounts."""

    @property
    def has_grantors(self) -> bool:
        """Whether what others give while a grant lasts can be told from what the grant gave."""
        ...

    def roles_of(self, person: str) -> frozenset[str]:
        """Say what a person has, whoever gave it."""
        ...

    def let_stand(self, person: str, role: str) -> None:
        """Let an administrator give somebody a role."""
        ...


@dataclass
class FakeTarget:
    """The fake, which is its own target."""

    fake: FakeConnector = field(default_factory=lambda: FakeConnector(databases=("hr", "orders", "postgres")))

    def connector(self, *, page_size: int = 500) -> Connector:
        self.fake.page_size = page_size
        return self.fake

    def entitlement(self, role: str) -> Entitlement:
        return Entitlement(resource_type="database", resource_id="orders", permission=role)

    def listed(self, handle: Handle) -> Listed:
        return _as_session_user(handle)

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
class FakeSharedTarget:
    """The fake with shared entitlements."""

    fake: FakeSharedConnector = field(default_factory=lambda: FakeSharedConnector(tells_own_apart=True))
    has_grantors: bool = True

    def __post_init__(self) -> None:
        self.let_stand("omar", "role1")

    def connector(self, *, page_size: int = 500) -> Connector:
        self.fake.page_size = page_size
        return self.fake

    def entitlement(self, role: str) -> Entitlement:
        return Entitlement(resource_type="database", resource_id="orders", permission=role)

    def listed(self, handle: Handle) -> Listed:
        return _as_entitlements(handle)

    def lose_next_reply(self) -> None:
        self.fake.lose_next_reply()

    def roles_of(self, person: str) -> frozenset[str]:
        return frozenset(role for holder, role in self.standing() if holder == person)

    def let_stand(self, person: str, role: str) -> None:
        self.fake.before.add((f"usr_{person}", self.entitlement(role)))

    def standing(self) -> Standing:
        pairs = self.fake.held | self.fake.before
        return frozenset((person.removeprefix("usr_"), entitlement.permission) for person, entitlement in pairs)


@dataclass
class PostgresTarget:
    """A PostgreSQL server, reached over a line that can fail, on which grants are session users."""

    server: PostgresServer
    line: FailingLine

    def connector(self, *, page_size: int = 500) -> Connector:
        settings = PostgresqlSettings(
            host=HOST, port=self.line.port, database="postgres", user="nightlatch", tls=Tls.DISABLE
        )
        return PostgresqlConnector(settings, lambda: CONNECTOR_PASSWORD, page_size=page_size)

    def entitlement(self, role: str) -> Entitlement:
        return Entitlement(resource_type="database", resource_id="orders", permission=role)

    def listed(self, handle: Handle) -> Listed:
        return _as_session_user(handle)

    def lose_next_reply(self) -> None:
        self.line.fail_on(b"COMMIT", b"VALID UNTIL '2099-01-01T01", b"DROP ROLE", failure=Failure.AFTER)

    def admits(self, user: str, secret: str) -> bool:
        try:
            with self.server.connect("orders", user=user, password=secret):
                return True
        except pg8000.native.DatabaseError:
            return False

    def roles_of(self, user: str) -> frozenset[str]:
        return frozenset(role for member, role in memberships(self.server) if member == user)

    def end_of(self, user: str) -> datetime:
        ((end,),) = self.server.run(f"SELECT rolvaliduntil FROM pg_roles WHERE rolname = '{user}'")
        assert isinstance(end, datetime)
        return end

    def standing(self) -> Standing:
        return frozenset(
            (member, role)
            for member, role in memberships(self.server)
            if not role.startswith("nl_") and not member.startswith("nl_")
        )


@dataclass
class PostgresMembershipTarget:
    """A PostgreSQL server, reached over a line that can fail, on which people have roles of their own."""

    server: PostgresServer
    line: FailingLine

    def connector(self, *, page_size: int = 500) -> Connector:
        return a_membership_connector(self.line.port, page_size=page_size)

    def entitlement(self, role: str) -> Entitlement:
        return Entitlement(resource_type="role", resource_id=role, permission="member")

    def listed(self, handle: Handle) -> Listed:
        return _as_entitlements(handle)

    def lose_next_reply(self) -> None:
        self.line.fail_on(b"COMMIT", b"REVOKE", failure=Failure.AFTER)

    def roles_of(self, person: str) -> frozenset[str]:
        return frozenset(role for member, role in memberships(self.server) if member == person)

    @property
    def has_grantors(self) -> bool:
        return self.server.has_grantors

    def let_stand(self, person: str, role: str) -> None:
        self.server.run(f"GRANT {role} TO {person}")

    def standing(self) -> Standing:
        return memberships(self.server)


def a_membership_connector(
    port: int,
    *,
    user: str = "lender",
    password: str = LENDER_PASSWORD,
    timeouts: Timeouts | None = None,
    page_size: int = 500,
) -> PostgresqlMembershipConnector:
    """Make a membership connector to a server on this host."""
    settings = ServerSettings(host=HOST, port=port, database="postgres", user=user, tls=Tls.DISABLE)
    return PostgresqlMembershipConnector(
        settings, lambda: password, timeouts=timeouts or Timeouts(), page_size=page_size
    )


def an_intent(
    target: Target,
    *roles: str,
    grant_id: str = "req_a1",
    person: str = "maya",
    holder: str | None = None,
    resource_type: str | None = None,
) -> GrantIntent:
    """Build the intent to give somebody roles, role1 if none are named, as they are asked for at the target."""
    entitlements = tuple(target.entitlement(role) for role in roles or ("role1",))
    if resource_type is not None:
        entitlements = tuple(
            entitlement.model_copy(update={"resource_type": resource_type}) for entitlement in entitlements
        )
    return GrantIntent(
        grant_id=grant_id,
        holder_id=f"usr_{person}",
        holder=person if holder is None else holder,
        entitlements=entitlements,
        ends_at=ENDS_AT,
    )


def managed(target: Target) -> Listed:
    """Read what is listed as managed; nothing may be listed twice."""
    listed = [target.listed(handle) for handle in target.connector().list_managed()]
    assert len(frozenset().union(*listed)) == sum(map(len, listed))
    return frozenset().union(*listed)


@contextmanager
def a_postgres_target(server: PostgresServer) -> Iterator[SessionTarget]:
    """Reach a server over a line that can fail."""
    with FailingLine(server.port).running() as line:
        yield PostgresTarget(server, line)


@contextmanager
def a_postgres_membership_target(server: PostgresServer) -> Iterator[SharedTarget]:
    """Reach a server with people on it over a line that can fail."""
    with people_on(server), FailingLine(server.port).running() as line:
        yield PostgresMembershipTarget(server, line)


@contextmanager
def people_on(server: PostgresServer) -> Iterator[PostgresServer]:
    """Give some people roles of their own on a server, and make the connector's role that lends them others."""
    server.run(PEOPLE)
    if not server.has_grantors:
        server.run("ALTER ROLE lender INHERIT")
    try:
        yield server
    finally:
        server.run(NO_PEOPLE)


def memberships(server: PostgresServer) -> Standing:
    """Read who is a member of what."""
    rows = server.run("SELECT CAST(member::regrole AS text), CAST(roleid::regrole AS text) FROM pg_auth_members")
    return frozenset((str(member), str(role)) for member, role in rows)


def _as_session_user(handle: Handle) -> Listed:
    return frozenset({(handle.grant_id, handle.session_user)})


def _as_entitlements(handle: Handle) -> Listed:
    return frozenset(
        (handle.session_user, entitlement.resource_id, entitlement.permission) for entitlement in handle.entitlements
    )
