"""Whose role is whose on a PostgreSQL server, and which memberships are Nightlatch's own.

A person's role carries the tag `#person:<their id>` in its comment. The id is a hash of issuer and subject: no name and
no e-mail address decides whose role it is.
"""

from nightlatch.adapters.connectors.postgresql_connection import Session
from nightlatch.adapters.connectors.postgresql_roles import Account
from nightlatch.domain.errors import PermanentConnectorError
from nightlatch.domain.integration import tags_in

_PERSON = "person:"

# The connector itself is nobody's: it would end its own session with the person's.
_PERSONAL_ROLES = """
SELECT r.oid, r.rolname AS name, coalesce(s.description, '') AS comment,
       r.rolcanlogin AS may_log_in, r.rolsuper AS is_superuser
  FROM pg_roles r
  JOIN pg_shdescription s ON s.objoid = r.oid AND s.classoid = CAST('pg_authid' AS regclass)
 WHERE strpos(s.description, '#person:') > 0 AND r.rolname <> current_user
"""
_OUR_MEMBERSHIPS = """
SELECT r.oid, r.rolname AS name, coalesce(s.description, '') AS comment, given.rolname AS role
  FROM pg_auth_members m
  JOIN pg_roles r ON r.oid = m.member
  JOIN pg_roles given ON given.oid = m.roleid
  JOIN pg_roles grantor ON grantor.oid = m.grantor
  LEFT JOIN pg_shdescription s ON s.objoid = r.oid AND s.classoid = CAST('pg_authid' AS regclass)
 WHERE grantor.rolname = current_user AND r.rolname <> current_user
 ORDER BY r.rolname, given.rolname
"""


class Tagged(Account):
    """A role whose comment may say whose it is."""

    @property
    def people(self) -> tuple[str, ...]:
        """The ids of those whose role it is said to be; more than one person is one too many."""
        return tuple(tag.removeprefix(_PERSON) for tag in tags_in(self.comment) if tag.startswith(_PERSON))


class PersonalRole(Tagged):
    """A person's own role."""

    may_log_in: bool
    is_superuser: bool


class Membership(Tagged):
    """That Nightlatch made somebody, by their own role, a member of `role`."""

    role: str


def roles_of(session: Session, person: str) -> list[PersonalRole]:
    """Read every role that is said to be a person's, whether or not they can log in as it."""
    return [role for role in session.select(PersonalRole, _PERSONAL_ROLES) if person in role.people]


def role_of(session: Session, person: str) -> PersonalRole:
    """Find the one role that is a person's beyond doubt, or say what to write where."""
    roles = [role for role in roles_of(session, person) if role.may_log_in]
    if not roles:
        raise PermanentConnectorError(f"no LOGIN role is tagged as the person's: write {_tag(person)} into its COMMENT")
    if len(roles) > 1:
        names = " and ".join(sorted(role.name for role in roles))
        raise PermanentConnectorError(f"{names} are all tagged {_tag(person)}: leave it in the COMMENT of one of them")
    return _suitable(roles[0])


def our_memberships(session: Session) -> list[Membership]:
    """Read the memberships that the connector's own role gave to people, session users aside."""
    return [found for found in session.select(Membership, _OUR_MEMBERSHIPS) if not found.is_session_user]


def lost(memberships: list[Membership]) -> list[Membership]:
    """Keep the memberships of roles that carry no person's tag any more: they may be anybody's."""
    return [membership for membership in memberships if not membership.people]


def refuse_lost(memberships: list[Membership], person: str) -> None:
    """Do not take access for gone that may be there under a role that has lost its tag."""
    for membership in lost(memberships):
        raise PermanentConnectorError(
            f"{membership.name} is a member of {membership.role} by Nightlatch and tagged as nobody's: "
            f"write {_tag(person)} into its COMMENT if it is the person's, or revoke the membership"
        )


def _suitable(role: PersonalRole) -> PersonalRole:
    if len(role.people) > 1:
        raise PermanentConnectorError(f"{role.name} is tagged as more than one person's: leave one of the tags")
    if role.is_superuser:
        raise PermanentConnectorError(f"{role.name} is a superuser: nothing can be given to it, or be taken away")
    return role


def _tag(person: str) -> str:
    return f"#{_PERSON}{person}"
