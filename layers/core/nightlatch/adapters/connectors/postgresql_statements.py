"""The SQL that makes and ends a session user or a membership, with every name and value quoted or refused.

DDL takes no parameters, so names and values become part of the text. Nothing reaches a statement unquoted.
"""

import base64
import hashlib
import hmac
import secrets

from nightlatch.domain.errors import PermanentConnectorError
from nightlatch.domain.value import Instant, rfc3339

LONGEST_NAME = 63
"""Bytes of a name. PostgreSQL cuts a longer one in silence, and would act on whoever has the shorter name."""

CONNECTION_LIMIT = 10
"""Sessions at once for one person: enough for their tools, too few to exhaust the server."""

FIRST_VERSION_WITH_MEMBERSHIP_OPTIONS = 160000

_SCRAM_ITERATIONS = 4096
_SALT_BYTES = 16


def identifier(name: str) -> str:
    """Quote a name, or refuse what the server would misread."""
    _refuse_unsendable(name)
    if not name or len(name.encode()) > LONGEST_NAME:
        raise PermanentConnectorError(f"{name[:80]!r} is not a name: it must have 1 to {LONGEST_NAME} bytes")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a value. Sessions run with `standard_conforming_strings`, so a backslash is only a backslash."""
    _refuse_unsendable(text)
    return "'" + text.replace("'", "''") + "'"


def scram_verifier(password: str, *, salt: bytes | None = None) -> str:
    """Derive what the server stores (RFC 5802, RFC 7677), so that the clear password is in no statement and no log.

    The password must be ASCII: SASLprep is not applied.
    """
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _SCRAM_ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def create_user(user: str) -> str:
    """Make a session user that cannot log in yet."""
    return f"CREATE ROLE {identifier(user)} NOLOGIN NOCREATEDB NOCREATEROLE CONNECTION LIMIT {CONNECTION_LIMIT}"


def mark_user(user: str, mark: str) -> str:
    """Write onto a session user whose it is."""
    return f"COMMENT ON ROLE {identifier(user)} IS {literal(mark)}"


def open_login(user: str, *, verifier: str, until: Instant) -> str:
    """Let a session user log in with a new password until `until`."""
    return f"ALTER ROLE {identifier(user)} LOGIN PASSWORD {literal(verifier)} VALID UNTIL {literal(rfc3339(until))}"


def move_end(user: str, *, until: Instant) -> str:
    """Let a session user log in until `until`."""
    return f"ALTER ROLE {identifier(user)} VALID UNTIL {literal(rfc3339(until))}"


def grant_role(role: str, user: str) -> str:
    """Make a session user a member of a role."""
    return f"GRANT {identifier(role)} TO {identifier(user)}"


def give_membership(role: str, member: str, *, server_version: int) -> str:
    """Make somebody a member of a role, in the connector's own name, beside what others may have given."""
    return f"GRANT {identifier(role)} TO {identifier(member)}{_granted_by_us(server_version)}"


def take_membership(role: str, member: str, *, server_version: int) -> str:
    """Take back what `give_membership` gave."""
    return f"REVOKE {identifier(role)} FROM {identifier(member)}{_granted_by_us(server_version)}"


def close_login(user: str) -> str:
    """Let nobody log in as a session user any more, by whatever method."""
    return f"ALTER ROLE {identifier(user)} NOLOGIN PASSWORD NULL VALID UNTIL '-infinity'"


def join_user(user: str, *, server_version: int) -> str:
    """Give the connector a session user's rights: ending its sessions and reassigning what it owns need them.

    From 16 on the maker of a role administers it but does not have its rights, unless granted by itself.
    """
    options = " WITH INHERIT TRUE, SET TRUE" if server_version >= FIRST_VERSION_WITH_MEMBERSHIP_OPTIONS else ""
    return f"GRANT {identifier(user)} TO CURRENT_USER{options}"


def hand_over(user: str, heir: str | None) -> tuple[str, ...]:
    """Give what a session user owns in the current database to `heir` (None: the connector), and drop its rights."""
    return (
        "BEGIN",
        f"REASSIGN OWNED BY {identifier(user)} TO {identifier(heir) if heir else 'CURRENT_USER'}",
        f"DROP OWNED BY {identifier(user)}",
        "COMMIT",
    )


def drop_user(user: str) -> str:
    """Remove a session user; its memberships go with it."""
    return f"DROP ROLE IF EXISTS {identifier(user)}"


def _granted_by_us(server_version: int) -> str:
    """Name the grantor. Before 16 there is one membership per member, whose grantor is whoever gave it first."""
    return " GRANTED BY CURRENT_USER" if server_version >= FIRST_VERSION_WITH_MEMBERSHIP_OPTIONS else ""


def _refuse_unsendable(text: str) -> None:
    if "\0" in text:
        raise PermanentConnectorError(f"{text[:80]!r} has a NUL, which PostgreSQL cannot hold")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PermanentConnectorError(f"{text[:80]!r} is not valid Unicode") from error


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
