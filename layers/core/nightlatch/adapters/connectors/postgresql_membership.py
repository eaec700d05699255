"""The PostgreSQL connector for people with a role of their own: it gains and loses membership of other roles.

    grant    GRANT role TO person   in the connector's name, beside what others have given
    revoke   REVOKE of exactly that ─► end the person's sessions (one that did SET ROLE would keep the role)

Ours is what our own role is the grantor of. From PostgreSQL 16 on, a membership exists once per grantor: ours comes and
goes beside everybody else's. Before 16 it exists once, and is whoever's who gave it first: to give again what somebody
else gave changes nothing and makes nothing ours, so theirs is not touched there either. For that the role must be used
by Nightlatch alone, and be no superuser: what a superuser gives is recorded as the server's owner's.

Both `grant` and `revoke` hold a lock on the person, so that a late grant cannot come in between the steps of a revoke.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby

from nightlatch.adapters.connectors.postgresql_catalog import MEMBER, discover_roles
from nightlatch.adapters.connectors.postgresql_connection import ServerSettings, Session, Timeouts
from nightlatch.adapters.connectors.postgresql_credentials import psql_command
from nightlatch.adapters.connectors.postgresql_people import (
    Membership,
    lost,
    our_memberships,
    refuse_lost,
    role_of,
    roles_of,
)
from nightlatch.adapters.connectors.postgresql_roles import (
    OwnRole,
    end_sessions,
    has_rights_of,
    own_role,
    refuse_ungrantable,
)
from nightlatch.adapters.connectors.postgresql_server import DEFAULT_PAGE_SIZE, DEFAULT_TIMEOUTS, PostgresqlServer
from nightlatch.adapters.connectors.postgresql_statements import give_membership, take_membership
from nightlatch.domain.connector import (
    Capabilities,
    CheckResult,
    DiscoveryPage,
    Entitlement,
    GrantIntent,
    Handle,
    Presence,
)
from nightlatch.domain.errors import PermanentConnectorError, RetryableConnectorError, TargetGoneError

__all__ = ["CAPABILITIES", "PostgresqlMembershipConnector", "Settings", "connector"]

SIGNAL_RIGHT = "pg_signal_backend"

Settings = ServerSettings

CAPABILITIES = Capabilities(
    kind="postgresql-membership",
    title="PostgreSQL, people's own roles",
    resource_types=("role",),
    holds_end_itself=False,
    shares_entitlements=True,
    tells_own_apart=True,
    settings_schema=ServerSettings.model_json_schema(),
)


def connector(settings: ServerSettings, secret: Callable[[], str]) -> "PostgresqlMembershipConnector":
    """Make a connector; `secret` is the password of the connector's own role."""
    return PostgresqlMembershipConnector(settings, secret)


class PostgresqlMembershipConnector:
    """Grants by memberships of people's own roles on one PostgreSQL server."""

    def __init__(
        self,
        settings: ServerSettings,
        password: Callable[[], str],
        *,
        page_size: int = DEFAULT_PAGE_SIZE,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        self._settings = settings
        self._server = PostgresqlServer(settings, password, timeouts=timeouts)
        self._page_size = page_size

    def describe(self) -> Capabilities:
        """Say what this kind of connector is and can do."""
        return CAPABILITIES

    def check(self) -> CheckResult:
        """Try the connection and the rights it needs; an unreachable server is an answer too."""
        return self._server.check(self._missing)

    def discover(self, cursor: str | None) -> DiscoveryPage:
        """List the roles that can be granted, a page at a time."""
        with self._server.session() as session:
            return discover_roles(session, cursor=cursor, page_size=self._page_size)

    def prepare(self, intent: GrantIntent) -> Handle:
        """Name the person by their id: which role is theirs, the server says when it is asked."""
        return Handle(grant_id=intent.grant_id, session_user=intent.holder_id, entitlements=intent.entitlements)

    def grant(self, intent: GrantIntent) -> None:
        """Make the person's role a member of the roles, in one transaction; the password is their own."""
        _refuse_other_types(intent)
        roles = _roles_of(intent)
        with self._server.session() as session:
            session.lock(intent.holder_id)
            own = own_role(session)
            if missing := self._missing(session, own):
                raise PermanentConnectorError(missing)
            refuse_ungrantable(session, roles)
            person = role_of(session, intent.holder_id)
            statements = (give_membership(role, person.name, server_version=own.server_version) for role in roles)
            session.run("BEGIN", *statements, "COMMIT")

    def extend(self, handle: Handle, *, until: datetime) -> None:
        """Tell nobody: a membership has no end of its own."""

    def revoke(self, handle: Handle) -> None:
        """Take our memberships away, then end the person's sessions: also when a lost reply makes it the second time.

        A role that is tagged as the person's is cleared however doubtful that is: it was not when access was given.
        """
        try:
            self._revoke(handle)
        except TargetGoneError as error:
            # A role that is dropped meanwhile takes its memberships along, but not the sessions: look again.
            raise RetryableConnectorError(str(error)) from error

    def observe(self, handle: Handle) -> Presence:
        """Look for memberships that we gave; what others gave is neither ours to see nor to take away."""
        with self._server.session() as session:
            memberships = _memberships(session, handle)
            is_known = bool(roles_of(session, handle.session_user))
        if any(handle.session_user in membership.people for membership in memberships):
            return Presence.PRESENT
        return Presence.UNKNOWN if lost(memberships) and not is_known else Presence.ABSENT

    def list_managed(self) -> Iterator[Handle]:
        """List every membership that we gave, by person; a role that carries no tag is listed as nobody's."""
        with self._server.session() as session:
            memberships = our_memberships(session)
        for name, found in groupby(memberships, key=lambda membership: membership.name):
            given = list(found)
            for person in given[0].people or ("",):
                yield Handle(
                    grant_id="",
                    session_user=person,
                    entitlements=tuple(_entitlement(membership.role) for membership in given),
                    details={"role": name},
                )

    def credentials(self, handle: Handle, secret: str | None) -> dict[str, str]:  # noqa: ARG002  # there is none
        """Say where the person connects, as themselves and with their own password, and what they may SET ROLE to."""
        return {
            "host": self._settings.host,
            "port": str(self._settings.port),
            "database": self._settings.database,
            "roles": ", ".join(_roles_of(handle)),
            "psql": psql_command(self._settings, database=self._settings.database, user=None),
        }

    def _missing(self, session: Session, own: OwnRole) -> str | None:
        """Say the first thing that stands in the way of giving what can be taken away again."""
        user = self._settings.user
        if own.is_superuser:
            return f"{user} is a superuser: what it grants cannot be told from what others grant"
        if not has_rights_of(session, SIGNAL_RIGHT):
            return f"{user} lacks the rights of {SIGNAL_RIGHT}, which ending people's sessions needs"
        return None

    def _revoke(self, handle: Handle) -> None:
        if not handle.entitlements:
            return
        with self._server.session() as session:
            session.lock(handle.session_user)
            people = roles_of(session, handle.session_user)
            memberships = _memberships(session, handle)
            if not people:
                refuse_lost(memberships, handle.session_user)
            _take_away(session, [found for found in memberships if handle.session_user in found.people])
            for person in people:
                end_sessions(session, person)


def _refuse_other_types(intent: GrantIntent) -> None:
    for entitlement in intent.entitlements:
        if (entitlement.resource_type, entitlement.permission) != ("role", MEMBER):
            raise PermanentConnectorError(
                f"{entitlement.permission} of {entitlement.resource_type} {entitlement.resource_id}: "
                "only membership of roles can be granted"
            )


def _roles_of(granted: GrantIntent | Handle) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entitlement.resource_id for entitlement in granted.entitlements))


def _entitlement(role: str) -> Entitlement:
    return Entitlement(resource_type="role", resource_id=role, permission=MEMBER)


def _memberships(session: Session, handle: Handle) -> list[Membership]:
    """Read the memberships that we gave of a handle's roles, whoever has them."""
    return [
        membership for membership in our_memberships(session) if _entitlement(membership.role) in handle.entitlements
    ]


def _take_away(session: Session, memberships: list[Membership]) -> None:
    version = own_role(session).server_version
    session.run(*(take_membership(found.role, found.name, server_version=version) for found in memberships))
