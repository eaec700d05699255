"""The PostgreSQL connector: one session user per grant, a member of the roles that were asked for.

What an end does, in this order, each step committed and the whole repeatable from any of them:

    close the login ─► end its sessions ─► hand over what it owns ─► end its sessions ─► drop the user
                                           (in every database)       (one that was
                                                                      just logging in)

The login is closed first, so that nothing new begins while the rest is cleared away. Sessions are ended because a
session keeps what it has, SET ROLE included, whatever is revoked meanwhile. Memberships are left to the last step: by
them the connector enters every database that the user could, and undoes what the user did there. Both `grant` and
`revoke` hold a lock on the user's name, so that a late grant cannot reopen the login half-way through a revoke.

What only others can undo (a right on a table that an administrator gave to the session user by hand, or that it passed
on) keeps the user from being dropped, not from being shut out: `revoke` fails and names it until it is undone.

The connector's own role needs LOGIN, CREATEROLE, and ADMIN OPTION on each role that may be asked for; it need not be,
and should not be, a superuser.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from nightlatch.adapters.connectors.postgresql_catalog import discover
from nightlatch.adapters.connectors.postgresql_connection import Name, ServerSettings, Session, Timeouts, Tls
from nightlatch.adapters.connectors.postgresql_credentials import connection_url, psql_command
from nightlatch.adapters.connectors.postgresql_roles import (
    MARK,
    OwnRole,
    Role,
    end_sessions,
    ends_before,
    find_role,
    has_rights_of,
    is_open,
    may_connect,
    our_roles,
    own_role,
    owning_databases,
    refuse_ungrantable,
    session_user_name,
)
from nightlatch.adapters.connectors.postgresql_server import DEFAULT_PAGE_SIZE, DEFAULT_TIMEOUTS, PostgresqlServer
from nightlatch.adapters.connectors.postgresql_statements import (
    FIRST_VERSION_WITH_MEMBERSHIP_OPTIONS,
    close_login,
    create_user,
    drop_user,
    grant_role,
    hand_over,
    join_user,
    mark_user,
    move_end,
    open_login,
    scram_verifier,
)
from nightlatch.domain.connector import (
    Capabilities,
    CheckResult,
    DiscoveryPage,
    GrantIntent,
    Handle,
    Presence,
)
from nightlatch.domain.errors import (
    PermanentConnectorError,
    RetryableConnectorError,
    TargetGoneError,
)

__all__ = ["CAPABILITIES", "PostgresqlConnector", "PostgresqlSettings", "Settings", "Timeouts", "Tls", "connector"]


class PostgresqlSettings(ServerSettings):
    """Where a server is, who the connector is there, and who inherits.

    `reassign_to` gets what session users made and still own when they end. Without it that is the connector's own
    role, the only one that it can always hand things to: of any other, a database's owner too, it must be a member.
    """

    reassign_to: Name | None = None


Settings = PostgresqlSettings

CAPABILITIES = Capabilities(
    kind="postgresql",
    title="PostgreSQL",
    resource_types=("database", "schema", "role"),
    holds_end_itself=True,
    shares_entitlements=False,
    tells_own_apart=True,
    settings_schema=PostgresqlSettings.model_json_schema(),
)


def connector(settings: PostgresqlSettings, secret: Callable[[], str]) -> "PostgresqlConnector":
    """Make a connector; `secret` is the password of the connector's own role."""
    return PostgresqlConnector(settings, secret)


def _new_password() -> str:
    return secrets.token_urlsafe(32)


class PostgresqlConnector:
    """Grants by session users of one PostgreSQL server."""

    def __init__(
        self,
        settings: PostgresqlSettings,
        password: Callable[[], str],
        *,
        page_size: int = DEFAULT_PAGE_SIZE,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        new_password: Callable[[], str] = _new_password,
    ) -> None:
        self._settings = settings
        self._server = PostgresqlServer(settings, password, timeouts=timeouts)
        self._page_size = page_size
        self._new_password = new_password

    def describe(self) -> Capabilities:
        """Say what this kind of connector is and can do."""
        return CAPABILITIES

    def check(self) -> CheckResult:
        """Try the connection and the rights it needs; an unreachable server is an answer too."""
        return self._server.check(self._missing)

    def discover(self, cursor: str | None) -> DiscoveryPage:
        """List databases (with the roles that can be granted), roles and schemas, a page at a time."""
        with self._server.session() as session:
            return discover(session, self._server.session, cursor=cursor, page_size=self._page_size)

    def prepare(self, intent: GrantIntent) -> Handle:
        """Name the session user: `nl_<holder>_<end of the grant id>`."""
        databases = _distinct(entitlement.resource_id for entitlement in intent.entitlements)
        roles = _distinct(entitlement.permission for entitlement in intent.entitlements)
        return Handle(
            grant_id=intent.grant_id,
            session_user=session_user_name(intent.holder, intent.grant_id),
            entitlements=intent.entitlements,
            details={"databases": [*databases], "roles": [*roles]},
        )

    def grant(self, intent: GrantIntent) -> str:
        """Make the session user, or give it a new password and the roles it lacks, in one transaction."""
        _refuse_other_types(intent)
        user = session_user_name(intent.holder, intent.grant_id)
        roles = _distinct(entitlement.permission for entitlement in intent.entitlements)
        databases = _distinct(entitlement.resource_id for entitlement in intent.entitlements)
        password = self._new_password()
        with self._server.session() as session:
            session.lock(user)
            refuse_ungrantable(session, roles)
            is_new = _find_own(session, user, intent.grant_id) is None
            session.run("BEGIN")
            if is_new:
                session.run(create_user(user), mark_user(user, MARK + intent.grant_id))
            session.run(open_login(user, verifier=scram_verifier(password), until=intent.ends_at))
            session.run(*(grant_role(role, user) for role in roles))
            _refuse_unusable(session, user, databases)
            session.run("COMMIT")
        return password

    def extend(self, handle: Handle, *, until: datetime) -> None:
        """Move VALID UNTIL to a later end. A login that a revoke has closed is not opened again."""
        user = handle.session_user
        with self._server.session() as session:
            session.lock(user)
            role = _find_own(session, user, handle.grant_id)
            if role is None or not is_open(session, role):
                raise TargetGoneError(f"there is no session user {user} that can log in")
            if ends_before(session, role, until):
                session.run(move_end(user, until=until))

    def revoke(self, handle: Handle) -> None:
        """End the session user, its sessions and what it owns, by the steps drawn above."""
        try:
            self._remove(handle)
        except TargetGoneError as error:
            # Somebody dropped it by hand while we did; anything else that is missing must not pass for success.
            if self.observe(handle) is not Presence.ABSENT:
                raise RetryableConnectorError(str(error)) from error

    def observe(self, handle: Handle) -> Presence:
        """Read back whether the session user exists; one that is not marked as this grant's own is UNKNOWN."""
        with self._server.session() as session:
            role = find_role(session, handle.session_user)
        if role is None:
            return Presence.ABSENT
        return Presence.PRESENT if role.is_of(handle.grant_id) else Presence.UNKNOWN

    def list_managed(self) -> Iterator[Handle]:
        """List every session user that carries our mark. Its handle has no details: revoking needs none."""
        with self._server.session() as session:
            roles = our_roles(session)
        for role in roles:
            yield Handle(grant_id=role.comment.removeprefix(MARK), session_user=role.name)

    def credentials(self, handle: Handle, secret: str | None) -> dict[str, str]:
        """Say how the person connects, to the first of the databases that were asked for."""
        if secret is None:
            raise PermanentConnectorError(f"the password of {handle.session_user} is not known")
        databases = handle.details.get("databases")
        database = str(databases[0]) if isinstance(databases, list) and databases else self._settings.database
        user = handle.session_user
        return {
            "host": self._settings.host,
            "port": str(self._settings.port),
            "database": database,
            "user": user,
            "password": secret,
            "url": connection_url(self._settings, database=database, user=user, password=secret),
            "psql": psql_command(self._settings, database=database, user=user),
        }

    def _missing(self, session: Session, own: OwnRole) -> str | None:
        """Say the first thing that stands in the way of granting."""
        user, heir = self._settings.user, self._settings.reassign_to
        if not own.may_create_users:
            return f"{user} lacks CREATEROLE, which making session users needs"
        if own.server_version < FIRST_VERSION_WITH_MEMBERSHIP_OPTIONS and not own.inherits:
            return f"{user} is NOINHERIT: on a server before version 16 it could not end what it grants"
        if heir and not has_rights_of(session, heir):
            return f"{user} is not a member of {heir}, which reassign_to names"
        return None

    def _remove(self, handle: Handle) -> None:
        user = handle.session_user
        with self._server.session() as session:
            session.lock(user)
            role = _find_own(session, user, handle.grant_id)
            if role is None:
                return
            session.run(close_login(user), join_user(user, server_version=own_role(session).server_version))
            end_sessions(session, role)
            self._hand_over(session, role)
            end_sessions(session, role)
            session.run(drop_user(user))

    def _hand_over(self, session: Session, role: Role) -> None:
        """Clear each database in turn: reassigning works on the current one only."""
        for database in owning_databases(session, role):
            with self._server.session(database) as inside:
                inside.run(*hand_over(role.name, self._settings.reassign_to))


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _find_own(session: Session, user: str, grant_id: str) -> Role | None:
    """Find a grant's session user; refuse to touch a role of that name that is somebody else's."""
    role = find_role(session, user)
    if role is not None and not role.is_of(grant_id):
        raise PermanentConnectorError(f"role {user} exists, but is not marked as made for {grant_id}")
    return role


def _refuse_other_types(intent: GrantIntent) -> None:
    for entitlement in intent.entitlements:
        if entitlement.resource_type != "database":
            raise PermanentConnectorError(
                f"{entitlement.resource_type} {entitlement.resource_id}: only roles on a database can be granted"
            )


def _refuse_unusable(session: Session, user: str, databases: tuple[str, ...]) -> None:
    """See that the user can enter its databases, by PUBLIC or by a role: we give roles, never rights of our own."""
    for database in databases:
        is_open = may_connect(session, user, database)
        if is_open is None:
            raise PermanentConnectorError(f"database {database} does not exist")
        if not is_open:
            raise PermanentConnectorError(f"none of the roles may CONNECT to database {database}")
