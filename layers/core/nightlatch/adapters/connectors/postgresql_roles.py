"""What the server says about roles: which may be granted, which are ours, what one holds and still does."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime

from nightlatch.adapters.connectors.postgresql_connection import Session
from nightlatch.adapters.connectors.postgresql_statements import LONGEST_NAME, identifier
from nightlatch.domain.errors import PermanentConnectorError, RetryableConnectorError
from nightlatch.domain.value import Value, rfc3339

MARK = "nightlatch grant "
"""A session user's comment is this and the grant's id. It is what makes a role ours: a name alone can be taken."""

USER_PREFIX = "nl_"
SESSION_END_MILLISECONDS = 5000

_ID_CHARACTERS = 12

_IS_OURS = f"starts_with(r.rolname, '{USER_PREFIX}') AND starts_with(coalesce(s.description, ''), '{MARK}')"

# A role that has the connector's own rights must not be given away: its holder could grant itself anything,
# and could no longer be made the connector's member, which ending its sessions needs.
_ROLES = """
SELECT r.oid, r.rolname AS name, coalesce(s.description, '') AS comment,
       NOT r.rolcanlogin AND NOT r.rolsuper
         AND pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')
         AND NOT pg_has_role(r.rolname, current_user, 'MEMBER') AS grantable
  FROM pg_roles r
  LEFT JOIN pg_shdescription s ON s.objoid = r.oid AND s.classoid = CAST('pg_authid' AS regclass)
"""
_OTHER_ROLES = _ROLES + f" WHERE NOT starts_with(r.rolname, 'pg_') AND NOT ({_IS_OURS})"
_OUR_ROLES = _ROLES + f" WHERE {_IS_OURS}"
_ROLE = _ROLES + " WHERE r.rolname = CAST(:name AS text)"

_OWN_ROLE = """
SELECT CAST(current_setting('server_version_num') AS int) AS server_version,
       rolsuper AS is_superuser, rolsuper OR rolcreaterole AS may_create_users, rolsuper OR rolinherit AS inherits
  FROM pg_roles WHERE rolname = current_user
"""
_HAS_RIGHTS_OF = "SELECT coalesce(pg_has_role(to_regrole(:role), 'USAGE'), false) AS holds"
_MAY_CONNECT = """
SELECT has_database_privilege(CAST(:user AS name), oid, 'CONNECT') AS holds
  FROM pg_database WHERE datname = CAST(:database AS text)
"""
_IS_OPEN = "SELECT rolcanlogin AS holds FROM pg_roles WHERE oid = CAST(:oid AS oid)"
# No VALID UNTIL at all is NULL: nothing is later than that.
_ENDS_BEFORE = """
SELECT coalesce(rolvaliduntil < CAST(:until AS timestamptz), false) AS holds
  FROM pg_roles WHERE oid = CAST(:oid AS oid)
"""
# What belongs to no database (dbid 0) can be handed over from any.
_OWNING_DATABASES = """
SELECT DISTINCT coalesce(d.datname, current_database()) AS name
  FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid
 WHERE s.refclassid = CAST('pg_authid' AS regclass) AND s.refobjid = CAST(:oid AS oid)
 ORDER BY name
"""
_OF_USER = "FROM pg_stat_activity WHERE usesysid = CAST(:oid AS oid)"
_SIGNAL_SESSIONS = f"SELECT pg_terminate_backend(pid) AS holds {_OF_USER}"
_AWAIT_SESSIONS = f"SELECT pg_terminate_backend(pid, {SESSION_END_MILLISECONDS}) AS holds {_OF_USER}"
_HAS_SESSIONS = f"SELECT true AS holds {_OF_USER}"


class Account(Value):
    """A role of the server, and what its comment says about it."""

    oid: int
    name: str
    comment: str

    @property
    def is_session_user(self) -> bool:
        """Whether Nightlatch made it for a grant."""
        return self.name.startswith(USER_PREFIX) and self.comment.startswith(MARK)


class Role(Account):
    """A role as it can be given. `grantable`: an administrator gave the connector ADMIN OPTION on it, to pass it on."""

    grantable: bool

    def is_of(self, grant_id: str) -> bool:
        """Say whether this is the session user that was made for a grant."""
        return self.comment == MARK + grant_id


class OwnRole(Value):
    """What the connector's own role may do, on which version (as a number: 160003 is 16.3).

    `inherits`: it has the rights of the roles that it is a member of, where the membership itself does not say.
    """

    server_version: int
    is_superuser: bool
    may_create_users: bool
    inherits: bool


class _Fact(Value):
    holds: bool


class _Named(Value):
    name: str


def session_user_name(holder: str, grant_id: str) -> str:
    """Build `nl_<holder>_<end of the grant id>`, which needs no quoting: people type it, other tools log it."""
    tail = _slug(grant_id).replace("_", "")[-_ID_CHARACTERS:]
    room = LONGEST_NAME - len(USER_PREFIX) - len("_") - _ID_CHARACTERS
    return f"{USER_PREFIX}{_slug(holder)[:room] or 'person'}_{tail}"


def find_role(session: Session, name: str) -> Role | None:
    """Read one role by its exact name."""
    identifier(name)
    return next(iter(session.select(Role, _ROLE, name=name)), None)


def our_roles(session: Session) -> list[Role]:
    """Read the session users that Nightlatch made."""
    return session.select(Role, _OUR_ROLES)


def other_roles(session: Session) -> list[Role]:
    """Read the roles that are neither Nightlatch's nor PostgreSQL's own."""
    return session.select(Role, _OTHER_ROLES)


def grantable(roles: Iterable[Role]) -> list[Role]:
    """Keep the roles that may be asked for."""
    return [role for role in roles if role.grantable]


def refuse_ungrantable(session: Session, names: Iterable[str]) -> None:
    """Look at the server, not at an old scan: what may be granted is what its administrators say now."""
    may_be_granted = {role.name for role in grantable(other_roles(session))}
    for name in names:
        if find_role(session, name) is None:
            raise PermanentConnectorError(f"role {name} does not exist")
        if name not in may_be_granted:
            raise PermanentConnectorError(f"role {name} is not one that Nightlatch may grant")


def own_role(session: Session) -> OwnRole:
    """Read what the connector itself may do."""
    (own,) = session.select(OwnRole, _OWN_ROLE)
    return own


def has_rights_of(session: Session, role: str) -> bool:
    """Say whether the connector is a member of a role and has its rights; of a missing one it is not."""
    return session.select(_Fact, _HAS_RIGHTS_OF, role=identifier(role))[0].holds


def may_connect(session: Session, user: str, database: str) -> bool | None:
    """Say whether a user may enter a database; None if there is no such database."""
    identifier(database)
    facts = session.select(_Fact, _MAY_CONNECT, user=user, database=database)
    return facts[0].holds if facts else None


def is_open(session: Session, role: Role) -> bool:
    """Say whether a session user can log in, its end aside."""
    return any(fact.holds for fact in session.select(_Fact, _IS_OPEN, oid=role.oid))


def ends_before(session: Session, role: Role, until: datetime) -> bool:
    """Say whether a session user's end is earlier than `until`."""
    return any(fact.holds for fact in session.select(_Fact, _ENDS_BEFORE, oid=role.oid, until=rfc3339(until)))


def owning_databases(session: Session, role: Role) -> list[str]:
    """List the databases in which a role owns something or was given rights to something."""
    return [database.name for database in session.select(_Named, _OWNING_DATABASES, oid=role.oid)]


def end_sessions(session: Session, role: Account) -> None:
    """Terminate a user's sessions and wait for them; all are told before the first is waited for."""
    session.select(_Fact, _SIGNAL_SESSIONS, oid=role.oid)
    session.select(_Fact, _AWAIT_SESSIONS, oid=role.oid)
    if session.select(_Fact, _HAS_SESSIONS, oid=role.oid):
        raise RetryableConnectorError(f"sessions of {role.name} have not ended yet")


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_")
