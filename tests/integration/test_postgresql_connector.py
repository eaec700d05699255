"""What is special to the PostgreSQL connector, on a real server."""

import json
import os
import shlex
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

import pg8000.native  # type: ignore[import-untyped]  # it ships no types
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from nightlatch.adapters.connectors.postgresql import PostgresqlConnector, PostgresqlSettings, Timeouts, Tls
from nightlatch.adapters.connectors.postgresql_statements import identifier, literal, scram_verifier
from nightlatch.domain.connector import Entitlement, GrantIntent, Handle, Presence
from nightlatch.domain.errors import ConnectorError, PermanentConnectorError, RetryableConnectorError, TargetGoneError
from nightlatch.domain.integration import Permission, Resource
from tests.integration.conftest import CONNECTOR_PASSWORD
from tests.integration.failing_line import FailingLine, Failure
from tests.integration.postgres_server import HOST, PASSWORD, SUPERUSER, PostgresServer, free_port, program

ENDS_AT = datetime(2099, 1, 1, 12, 30, 15, 123000, tzinfo=UTC)
IMPATIENT = Timeouts(connect=1, lock=0.3, statement=0.5, silence=1)


def a_connector(server: PostgresServer, *, port: int | None = None, **changes: Any) -> PostgresqlConnector:
    password = changes.pop("password", CONNECTOR_PASSWORD)
    timeouts = changes.pop("timeouts", Timeouts())
    page_size = changes.pop("page_size", 500)
    settings = {"host": HOST, "port": port or server.port, "database": "postgres", "user": "nightlatch"}
    return PostgresqlConnector(
        PostgresqlSettings.model_validate({**settings, "tls": Tls.DISABLE, **changes}),
        lambda: password,
        timeouts=timeouts,
        page_size=page_size,
    )


def an_intent(*roles: str, database: str = "orders", grant_id: str = "req_a1", **changes: Any) -> GrantIntent:
    entitlements = tuple(
        Entitlement(resource_type="database", resource_id=database, permission=role) for role in roles or ("role1",)
    )
    fields = {"grant_id": grant_id, "holder_id": "usr_maya", "holder": "maya", "ends_at": ENDS_AT, **changes}
    return GrantIntent.model_validate({**fields, "entitlements": entitlements})


@pytest.fixture
def connector(postgres: PostgresServer) -> PostgresqlConnector:
    return a_connector(postgres)


@pytest.fixture
def line(postgres: PostgresServer) -> Iterator[FailingLine]:
    with FailingLine(postgres.port).running() as running:
        yield running


def granted(connector: PostgresqlConnector, *roles: str) -> tuple[Handle, str]:
    intent = an_intent(*roles)
    return connector.prepare(intent), connector.grant(intent)


@contextmanager
def session_of(
    server: PostgresServer, handle: Handle, secret: str, *, database: str = "orders"
) -> Iterator[pg8000.native.Connection]:
    """Sign in as the session user; a session that was ended meanwhile need not say goodbye."""
    connection = server.connect(database, user=handle.session_user, password=secret)
    try:
        yield connection
    finally:
        with suppress(pg8000.native.Error, OSError):
            connection.close()


@contextmanager
def a_role(server: PostgresServer, name: str, *, options: str = "NOLOGIN", is_ours: bool = True) -> Iterator[str]:
    """Make a role for one test, by default one that the connector may grant."""
    server.run(f"CREATE ROLE {identifier(name)} {options}")
    try:
        if is_ours:
            server.run(f"GRANT {identifier(name)} TO nightlatch WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")
        yield name
    finally:
        server.run(f"DROP ROLE {identifier(name)}")


@contextmanager
def a_table(server: PostgresServer, name: str, *, database: str) -> Iterator[str]:
    """Remove, at the end, a table that a session user makes."""
    try:
        yield name
    finally:
        server.run(f"DROP TABLE IF EXISTS {name}", database=database)


def owner_of(server: PostgresServer, table: str, *, database: str) -> str:
    ((owner,),) = server.run(f"SELECT tableowner FROM pg_tables WHERE tablename = '{table}'", database=database)
    return str(owner)


def sqlstate_of(error: pg8000.native.DatabaseError) -> str:
    return str(error.args[0]["C"])


# --- the session user ---


def test_the_session_user_is_named_after_the_person_and_the_grant(connector: PostgresqlConnector) -> None:
    handle = connector.prepare(an_intent(grant_id="req_0cn4d8k2e1f6g7h5j9m3n0p4q8", holder="Zoë Ångström"))

    assert handle.session_user == "nl_zoe_angstrom_h5j9m3n0p4q8"


def test_the_session_user_holds_exactly_the_roles(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    handle, secret = granted(connector, "role1")

    with session_of(postgres, handle, secret) as session:
        held = session.run("SELECT pg_has_role('role1', 'USAGE'), pg_has_role('role3', 'MEMBER')")
        session.run("SET ROLE role1")
        with pytest.raises(pg8000.native.DatabaseError) as refusal:
            session.run("SET ROLE role3")

    assert held == [[True, False]]
    assert sqlstate_of(refusal.value) == "42501"


def test_the_session_user_cannot_pass_its_roles_on(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    handle, secret = granted(connector, "role1")

    with session_of(postgres, handle, secret) as session, pytest.raises(pg8000.native.DatabaseError) as refusal:
        session.run("GRANT role1 TO dba")

    assert sqlstate_of(refusal.value) == "42501"


def test_the_server_itself_knows_the_end(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    handle, _ = granted(connector)

    ((until, limit),) = postgres.run(
        f"SELECT rolvaliduntil, rolconnlimit FROM pg_roles WHERE rolname = '{handle.session_user}'"
    )

    assert until == ENDS_AT
    assert limit == 10


def test_after_the_end_nobody_logs_in_even_if_nobody_revokes(
    postgres: PostgresServer, connector: PostgresqlConnector
) -> None:
    intent = an_intent(ends_at=datetime.now(UTC) - timedelta(seconds=1))
    secret = connector.grant(intent)

    with pytest.raises(pg8000.native.DatabaseError) as refusal:
        postgres.connect("orders", user=connector.prepare(intent).session_user, password=secret)

    assert sqlstate_of(refusal.value) == "28P01"


def test_a_second_grant_adds_what_is_missing_and_moves_the_end(
    postgres: PostgresServer, connector: PostgresqlConnector
) -> None:
    handle, _ = granted(connector, "role1")
    later = ENDS_AT + timedelta(hours=1)

    connector.grant(an_intent("role1", "role3", ends_at=later))

    ((until,),) = postgres.run(f"SELECT rolvaliduntil FROM pg_roles WHERE rolname = '{handle.session_user}'")
    ((member,),) = postgres.run(f"SELECT pg_has_role('{handle.session_user}', 'role3', 'USAGE')")
    assert until == later
    assert member


@pytest.mark.parametrize("standing", ["2099-01-01T13:00:00Z", "infinity"])
def test_an_extension_never_shortens_what_stands(
    postgres: PostgresServer, connector: PostgresqlConnector, standing: str
) -> None:
    handle, _ = granted(connector)
    postgres.run(f"ALTER ROLE {handle.session_user} VALID UNTIL '{standing}'")

    connector.extend(handle, until=ENDS_AT)

    ((is_kept,),) = postgres.run(
        f"SELECT rolvaliduntil = '{standing}' FROM pg_roles WHERE rolname = '{handle.session_user}'"
    )
    assert is_kept


def test_an_extension_does_not_reopen_a_login_that_a_revoke_has_closed(
    postgres: PostgresServer, line: FailingLine
) -> None:
    connector = a_connector(postgres, port=line.port)
    handle, _ = granted(connector)
    line.fail_on(b"DROP ROLE", failure=Failure.BEFORE)
    with pytest.raises(RetryableConnectorError):
        connector.revoke(handle)

    with pytest.raises(TargetGoneError, match=handle.session_user):
        connector.extend(handle, until=ENDS_AT)


def test_a_grant_after_a_revoke_that_stopped_half_way_admits_again(postgres: PostgresServer, line: FailingLine) -> None:
    connector = a_connector(postgres, port=line.port)
    handle, _ = granted(connector)
    line.fail_on(b"DROP ROLE", failure=Failure.BEFORE)
    with pytest.raises(RetryableConnectorError):
        connector.revoke(handle)

    secret = connector.grant(an_intent())

    with session_of(postgres, handle, secret) as session:
        assert session.run("SELECT 1") == [[1]]


def test_a_superuser_connector_works_too(postgres: PostgresServer) -> None:
    connector = a_connector(postgres, user=SUPERUSER, password=PASSWORD)
    handle, secret = granted(connector, "dba")
    with session_of(postgres, handle, secret) as session:
        session.run("SET ROLE dba")

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


# --- what may be granted ---


@pytest.mark.parametrize(
    ("options", "is_ours"),
    [("SUPERUSER", False), ("LOGIN", True), ("NOLOGIN", False)],
    ids=["superuser", "somebody's log-in", "without ADMIN OPTION"],
)
def test_a_role_that_was_not_put_at_our_disposal_cannot_be_granted(
    postgres: PostgresServer, connector: PostgresqlConnector, options: str, is_ours: bool
) -> None:
    with a_role(postgres, "not_for_you", options=options, is_ours=is_ours):
        with pytest.raises(PermanentConnectorError, match="not_for_you"):
            connector.grant(an_intent("not_for_you"))

        assert [*connector.list_managed()] == []


@pytest.mark.parametrize("role", ["postgres", "omar", "pg_read_all_data", "its_own_rights"])
def test_not_even_a_superuser_connector_grants_superusers_or_log_ins(postgres: PostgresServer, role: str) -> None:
    connector = a_connector(postgres, user=SUPERUSER, password=PASSWORD)

    with a_role(postgres, "its_own_rights", options="NOLOGIN IN ROLE postgres", is_ours=False):
        with pytest.raises(PermanentConnectorError, match=role):
            connector.grant(an_intent(role))

        assert [*connector.list_managed()] == []


def test_one_bad_role_leaves_nothing_of_the_grant(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    with pytest.raises(PermanentConnectorError, match="role nobody_made_this does not exist"):
        connector.grant(an_intent("role1", "nobody_made_this"))

    assert postgres.run("SELECT 1 FROM pg_roles WHERE starts_with(rolname, 'nl_')") == []


@pytest.mark.parametrize(
    ("database", "said"), [("hr", "CONNECT to database hr"), ("nowhere", "nowhere does not exist")]
)
def test_a_grant_that_would_be_of_no_use_is_refused_and_undone(
    connector: PostgresqlConnector, database: str, said: str
) -> None:
    with pytest.raises(PermanentConnectorError, match=said):
        connector.grant(an_intent("role3", database=database))

    assert [*connector.list_managed()] == []


def test_a_role_of_somebody_elses_is_not_taken_over(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    handle = connector.prepare(an_intent())
    with a_role(postgres, handle.session_user):
        with pytest.raises(PermanentConnectorError, match="not marked"):
            connector.grant(an_intent())
        with pytest.raises(PermanentConnectorError, match="not marked"):
            connector.revoke(handle)

        assert connector.observe(handle) is Presence.UNKNOWN
        assert [*connector.list_managed()] == []


# --- the end ---


def test_an_open_session_is_ended(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    """J5: also one that put on a role, which would keep it."""
    handle, secret = granted(connector)
    with session_of(postgres, handle, secret) as session:
        session.run("SET ROLE role1")

        connector.revoke(handle)

        with pytest.raises((pg8000.native.Error, OSError)):
            session.run("SELECT 1")


def test_a_session_in_the_middle_of_its_work_does_not_hold_up_the_end(
    postgres: PostgresServer, connector: PostgresqlConnector
) -> None:
    """J5: what it had not committed is undone, and its locks are gone before anything is handed over."""
    handle, secret = granted(connector)
    with a_table(postgres, "work", database="orders") as table, session_of(postgres, handle, secret) as session:
        session.run(f"CREATE TABLE {table} (answer int)")
        session.run("BEGIN")
        session.run(f"INSERT INTO {table} VALUES (42)")

        connector.revoke(handle)

        assert postgres.run(f"SELECT answer FROM {table}", database="orders") == []
    assert connector.observe(handle) is Presence.ABSENT


def test_after_the_end_nobody_logs_in(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    handle, secret = granted(connector)
    connector.revoke(handle)

    with pytest.raises(pg8000.native.DatabaseError) as refusal:
        postgres.connect("orders", user=handle.session_user, password=secret)

    assert sqlstate_of(refusal.value) == "28P01"


def test_a_session_that_slips_in_meanwhile_is_ended_too(postgres: PostgresServer, line: FailingLine) -> None:
    """J5: between the first look at the sessions and the end of the user."""
    connector = a_connector(postgres, port=line.port)
    handle, secret = granted(connector)
    late: list[pg8000.native.Connection] = []

    def slip_in() -> None:
        postgres.run(f"ALTER ROLE {handle.session_user} LOGIN PASSWORD 'again' VALID UNTIL 'infinity'")
        late.append(postgres.connect("orders", user=handle.session_user, password="again"))

    with a_table(postgres, "notes", database="orders") as table:
        with session_of(postgres, handle, secret) as session:
            session.run(f"CREATE TABLE {table} (line text)")
        line.meanwhile(b"REASSIGN", slip_in)

        connector.revoke(handle)

    (session,) = late
    with pytest.raises((pg8000.native.Error, OSError)):
        session.run("SELECT 1")
    with suppress(pg8000.native.Error, OSError):
        session.close()


@pytest.mark.parametrize("database", ["orders", "hr"])
def test_what_the_session_user_made_stays_and_changes_owner(
    postgres: PostgresServer, connector: PostgresqlConnector, database: str
) -> None:
    """Also in `hr`, which the connector cannot enter but by the user's own rights."""
    handle, secret = granted(connector)
    with a_table(postgres, "work", database=database) as table:
        with session_of(postgres, handle, secret, database=database) as session:
            session.run(f"CREATE TABLE {table} AS SELECT 42 AS answer")

        connector.revoke(handle)

        assert postgres.run(f"SELECT answer FROM {table}", database=database) == [[42]]
        assert owner_of(postgres, table, database=database) == "nightlatch"
    assert connector.observe(handle) is Presence.ABSENT


def test_what_the_session_user_made_goes_to_whom_the_settings_name(postgres: PostgresServer) -> None:
    with a_role(postgres, "archive", is_ours=False), a_table(postgres, "work", database="orders") as table:
        postgres.run("GRANT archive TO nightlatch WITH INHERIT TRUE")
        connector = a_connector(postgres, reassign_to="archive")
        handle, secret = granted(connector)
        with session_of(postgres, handle, secret) as session:
            session.run(f"CREATE TABLE {table} (answer int)")

        connector.revoke(handle)

        assert connector.check().ok
        assert owner_of(postgres, table, database="orders") == "archive"
        postgres.run(f"DROP TABLE {table}", database="orders")


def test_an_heir_that_does_not_exist_does_not_pass_for_success(postgres: PostgresServer) -> None:
    handle, secret = granted(a_connector(postgres))
    with a_table(postgres, "work", database="orders") as table:
        with session_of(postgres, handle, secret) as session:
            session.run(f"CREATE TABLE {table} (answer int)")

        with pytest.raises(RetryableConnectorError, match="nobody_here"):
            a_connector(postgres, reassign_to="nobody_here").revoke(handle)

        assert a_connector(postgres).observe(handle) is Presence.PRESENT
        a_connector(postgres).revoke(handle)


def test_rights_that_the_session_user_gave_itself_do_not_hold_up_the_end(
    postgres: PostgresServer, connector: PostgresqlConnector
) -> None:
    """As one of its roles it may make things, and give itself rights to them."""
    handle, secret = granted(connector)
    with a_table(postgres, "work", database="orders") as table:
        with session_of(postgres, handle, secret) as session:
            session.run("SET ROLE role1")
            session.run(f"CREATE TABLE {table} (answer int)")
            session.run(f"GRANT SELECT ON {table} TO {handle.session_user} WITH GRANT OPTION")

        connector.revoke(handle)

        assert owner_of(postgres, table, database="orders") == "role1"
    assert connector.observe(handle) is Presence.ABSENT


def test_rights_that_an_administrator_gave_keep_the_user_but_not_its_login(
    postgres: PostgresServer, connector: PostgresqlConnector
) -> None:
    """Only who gave them can take them back: the message must say what they are, and the door be shut meanwhile."""
    handle, secret = granted(connector)
    postgres.run(f"GRANT CONNECT ON DATABASE hr TO {handle.session_user}")
    with pytest.raises(PermanentConnectorError, match="privileges for database hr"):
        connector.revoke(handle)
    with pytest.raises(pg8000.native.DatabaseError) as refusal:
        postgres.connect("orders", user=handle.session_user, password=secret)
    ((may_log_in,),) = postgres.run(f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{handle.session_user}'")
    assert sqlstate_of(refusal.value) == "28P01"
    assert not may_log_in  # by a certificate or a trusted address neither

    postgres.run(f"REVOKE CONNECT ON DATABASE hr FROM {handle.session_user}")
    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


def test_a_user_that_is_dropped_by_hand_meanwhile_is_success(postgres: PostgresServer, line: FailingLine) -> None:
    connector = a_connector(postgres, port=line.port)
    handle, _ = granted(connector)

    def drop() -> None:
        postgres.run(f"DROP ROLE {handle.session_user}")

    line.meanwhile(b"ALTER ROLE", drop)

    connector.revoke(handle)

    assert connector.observe(handle) is Presence.ABSENT


def test_a_grant_cut_off_at_any_message_can_be_repeated_and_ended(postgres: PostgresServer, line: FailingLine) -> None:
    """J1."""
    cut, sound = a_connector(postgres, port=line.port), a_connector(postgres)
    handle = sound.prepare(an_intent())
    for _ in each_cut(line, lambda: cut.grant(an_intent())):
        assert len([*sound.list_managed()]) <= 1
        secret = sound.grant(an_intent())
        with session_of(postgres, handle, secret):
            pass
        sound.revoke(handle)
        assert [*sound.list_managed()] == []


def test_a_revoke_cut_off_at_any_message_can_be_repeated(postgres: PostgresServer, line: FailingLine) -> None:
    """J1: with an open session, and something owned."""
    cut, sound = a_connector(postgres, port=line.port), a_connector(postgres)
    handle = sound.prepare(an_intent())

    def begin_and_revoke() -> None:
        secret = sound.grant(an_intent())
        with session_of(postgres, handle, secret, database="hr") as session:
            session.run("CREATE TABLE IF NOT EXISTS cut (answer int)")
            cut.revoke(handle)

    for _ in each_cut(line, begin_and_revoke):
        sound.revoke(handle)
        assert sound.observe(handle) is Presence.ABSENT
        assert owner_of(postgres, "cut", database="hr") == "nightlatch"
        postgres.run("DROP TABLE cut", database="hr")
    postgres.run("DROP TABLE cut", database="hr")


def each_cut(line: FailingLine, act: Callable[[], object]) -> Iterator[int]:
    """Act again and again, cut off after one message more each time, until nothing was cut."""
    for position in count():
        line.fail_at(position, Failure.AFTER)
        try:
            act()
        except RetryableConnectorError:
            assert not line.is_armed
            yield position
            continue
        if line.is_armed:
            line.mend()
            assert position > 10
            return
        yield position  # the last message says goodbye: nothing was lost with it


def test_a_grant_cannot_come_between_the_steps_of_a_revoke(postgres: PostgresServer) -> None:
    """J6."""
    impatient = a_connector(postgres, timeouts=IMPATIENT)
    handle, _ = granted(impatient)
    with postgres.connect() as holder:
        holder.run(f"SELECT pg_advisory_lock(hashtextextended('{handle.session_user}', 0))")

        for call in (
            lambda: impatient.grant(an_intent()),
            lambda: impatient.extend(handle, until=ENDS_AT),
            lambda: impatient.revoke(handle),
        ):
            with pytest.raises(RetryableConnectorError, match="55P03"):
                call()

    impatient.revoke(handle)
    assert impatient.observe(handle) is Presence.ABSENT


# --- names and secrets ---

STRANGE_NAMES = [
    'a"b', 'a""b', '"', "a'b", "a;b", 'x"; DROP ROLE role1; --', "a b", "A", "a\\b", "a\nb", "%s", ":name", "$1", "a.b",
    "日本", "x" * 63, "é" * 31 + "x",
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_a_role_of_any_name_is_granted_and_ended(
    postgres: PostgresServer, connector: PostgresqlConnector, name: str
) -> None:
    """F4: names that the server accepts."""
    with a_role(postgres, name):
        handle, secret = granted(connector, name)
        with session_of(postgres, handle, secret) as session:
            assert session.run("SELECT pg_has_role(:name, 'USAGE')", name=name) == [[True]]

        connector.revoke(handle)

        assert connector.observe(handle) is Presence.ABSENT


@pytest.mark.parametrize("name", ["x" * 64, "é" * 32])
def test_a_name_that_is_too_long_is_not_cut_to_somebody_elses(
    postgres: PostgresServer, connector: PostgresqlConnector, name: str
) -> None:
    """F4: the server would cut 64 bytes to 63 in silence."""
    cut = name.encode()[:63].decode(errors="ignore")
    with a_role(postgres, cut):
        with pytest.raises(PermanentConnectorError, match="1 to 63 bytes"):
            connector.grant(an_intent(name))
        with pytest.raises(PermanentConnectorError, match="1 to 63 bytes"):
            connector.grant(an_intent(database=name))

        assert [*connector.list_managed()] == []


@pytest.mark.parametrize("name", [*STRANGE_NAMES, "x" * 64, "a\0b", "", "\ud800"])
def test_a_handle_with_a_strange_user_ends_nothing_else(
    postgres: PostgresServer, connector: PostgresqlConnector, name: str
) -> None:
    """F4: in a revoke."""
    before = postgres.run("SELECT rolname FROM pg_roles ORDER BY 1")

    for call in (connector.revoke, connector.observe):
        with suppress(PermanentConnectorError):
            call(Handle(grant_id="req_a1", session_user=name))

    assert postgres.run("SELECT rolname FROM pg_roles ORDER BY 1") == before


@pytest.mark.parametrize("name", [name for name in STRANGE_NAMES if len(name.encode()) < 60])
def test_a_user_of_a_strange_name_is_ended_whole(
    postgres: PostgresServer, connector: PostgresqlConnector, name: str
) -> None:
    """F4: every statement of a revoke, on a user that only a hand-written handle could name."""
    user = f"nl_{name}"
    with a_table(postgres, "work", database="orders") as table:
        with a_connector_session(postgres) as session:
            session.run(f"CREATE ROLE {identifier(user)} LOGIN")
            session.run(f"COMMENT ON ROLE {identifier(user)} IS 'nightlatch grant req_a1'")
        postgres.run(f"CREATE TABLE {table} (answer int)", database="orders")
        postgres.run(f"ALTER TABLE {table} OWNER TO {identifier(user)}", database="orders")

        connector.revoke(Handle(grant_id="req_a1", session_user=user))

        assert owner_of(postgres, table, database="orders") == "nightlatch"
    assert [*connector.list_managed()] == []


def a_connector_session(server: PostgresServer) -> pg8000.native.Connection:
    return server.connect(user="nightlatch", password=CONNECTOR_PASSWORD)


@pytest.mark.parametrize("grant_id", ["req_o'hara'", 'req_"x"', "req_\\'; DROP ROLE role1; --"])
def test_a_strange_grant_id_is_kept_as_it_is(connector: PostgresqlConnector, grant_id: str) -> None:
    """F4."""
    connector.grant(an_intent(grant_id=grant_id))

    (handle,) = connector.list_managed()

    assert handle.grant_id == grant_id
    connector.revoke(handle)


def test_text_that_no_statement_can_carry_is_refused() -> None:
    """F4."""
    for quote in (identifier, literal):
        for text in ("nul\0", "\ud800"):
            with pytest.raises(PermanentConnectorError):
                quote(text)


def test_passwords_are_in_no_statement_and_no_log(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    handle, secret = granted(connector)
    with session_of(postgres, handle, secret):
        seen = postgres.run("SELECT query FROM pg_stat_activity")
    connector.revoke(handle)

    log = postgres.log()
    assert "SCRAM-SHA-256$" in log
    assert secret not in log
    assert log.count(CONNECTOR_PASSWORD) == 1, "where the tests made the role"
    assert secret not in str(seen)


def test_the_verifier_is_the_one_that_the_server_would_make(postgres: PostgresServer) -> None:
    with a_role(postgres, "nl_probe", options="LOGIN PASSWORD 'known-password'", is_ours=False):
        ((made,),) = postgres.run("SELECT rolpassword FROM pg_authid WHERE rolname = 'nl_probe'")
        salt = bytes.fromhex(
            postgres.run(f"SELECT encode(decode(split_part(split_part('{made}', '$', 2), ':', 2), 'base64'), 'hex')")[
                0
            ][0]
        )

        assert scram_verifier("known-password", salt=salt) == made


def test_passwords_are_long_and_never_the_same(connector: PostgresqlConnector) -> None:
    secrets = {connector.grant(an_intent()) for _ in range(5)}

    assert len(secrets) == 5
    assert all(len(secret) >= 32 for secret in secrets)


def test_no_function_of_others_is_called(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    """A function in `public` that fits the arguments better would win over PostgreSQL's own of the same name."""
    postgres.run("CREATE FUNCTION public.starts_with(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'")
    try:
        assert connector.check().message.endswith("2 roles can be granted")
        assert ("role", "dba") in scanned(connector)
    finally:
        postgres.run("DROP FUNCTION public.starts_with(name, text)")


# --- what the person is shown ---


def test_the_shown_url_and_command_connect(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    handle, secret = granted(connector)

    shown = connector.credentials(handle, secret)

    assert psql([*shlex.split(shown["psql"])], password=secret) == f"{handle.session_user} orders"
    assert psql(["psql", shown["url"]], password="") == f"{handle.session_user} orders"
    assert secret not in shown["psql"]
    assert shown["port"] == str(postgres.port)


@pytest.mark.parametrize("name", ["host=evil.example", "postgresql://evil.example/x", "a'b \\c", "a?b=c&d#e/f%20"])
def test_a_strange_database_name_leads_nowhere_else(postgres: PostgresServer, name: str) -> None:
    """F4: a name that client tools take for connection settings would send the password to another server."""
    postgres.run(f"CREATE DATABASE {identifier(name)}")
    try:
        connector = a_connector(postgres)
        intent = an_intent(database=name)
        handle, secret = connector.prepare(intent), connector.grant(intent)
        shown = connector.credentials(handle, secret)

        assert psql([*shlex.split(shown["psql"])], password=secret) == f"{handle.session_user} {name}"
        assert psql(["psql", shown["url"]], password="") == f"{handle.session_user} {name}"
    finally:
        postgres.run(f"DROP DATABASE {identifier(name)}")


def psql(command: list[str], *, password: str) -> str:
    assert command[0] == "psql"
    answer = subprocess.run(
        [program("psql"), *command[1:], "-XAtc", "SELECT current_user || ' ' || current_database()"],
        env={**os.environ, **({"PGPASSWORD": password} if password else {}), "PGCONNECT_TIMEOUT": "5"},
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def test_an_ipv6_host_is_bracketed_in_the_url(postgres: PostgresServer) -> None:
    connector = a_connector(postgres, host="::1", port=5432)

    shown = connector.credentials(Handle(grant_id="req_a1", session_user="nl_maya_a1"), "secret")

    assert shown["url"] == "postgresql://nl_maya_a1:secret@[::1]:5432/postgres?sslmode=disable"


# --- the scan ---


def scanned(connector: PostgresqlConnector) -> dict[tuple[str, str], Resource]:
    page = connector.discover(None)
    resources = [*page.resources]
    while page.cursor:
        page = connector.discover(page.cursor)
        resources += page.resources
    assert len({(found.type, found.id) for found in resources}) == len(resources)
    return {(found.type, found.id): found for found in resources}


def test_a_scan_reads_descriptions_and_tags_from_comments(connector: PostgresqlConnector) -> None:
    found = scanned(connector)

    orders = found["database", "orders"]
    assert orders.description == "Orders and invoices #prod"
    assert orders.tags == ("prod",)
    assert orders.permissions == (
        Permission(name="role1", description="Reads orders #read", tags=("read",)),
        Permission(name="role3", description="Writes invoices #prod #owner:billing", tags=("prod", "owner:billing")),
    )
    assert found["role", "role3"].tags == ("prod", "owner:billing")


def test_a_scan_lists_schemas_where_it_may_enter(postgres: PostgresServer, connector: PostgresqlConnector) -> None:
    found = scanned(connector)

    assert found["schema", "orders.public"].name == "public"
    assert ("database", "hr") in found
    # Before 16 the connector's role has the rights of role1, and role1 may enter.
    assert (("schema", "hr.public") in found) is not postgres.has_grantors


def test_a_scan_leaves_out_what_is_not_for_asking(connector: PostgresqlConnector) -> None:
    handle, _ = granted(connector)

    found = scanned(connector)

    assert ("role", handle.session_user) not in found
    assert ("database", "template1") not in found
    assert not any(name.startswith("pg_") for kind, name in found if kind == "role")
    assert not any(name.endswith(("pg_catalog", "information_schema")) for kind, name in found if kind == "schema")


@pytest.mark.parametrize("page_size", [1, 2, 3])
def test_a_scan_is_the_same_whatever_the_page_size(postgres: PostgresServer, page_size: int) -> None:
    whole = scanned(a_connector(postgres))

    assert list(scanned(a_connector(postgres, page_size=page_size)).items()) == list(whole.items())


def test_a_scan_goes_on_after_what_was_dropped_meanwhile(postgres: PostgresServer) -> None:
    connector = a_connector(postgres, page_size=1)
    with a_role(postgres, "dba_2"):
        page = connector.discover(None)
        while page.resources[0].id != "dba_2":
            page = connector.discover(page.cursor)

    assert connector.discover(page.cursor).resources[0].id == "nightlatch"


@pytest.mark.parametrize("cursor", ["", "nonsense", "1", "[]", '["a","b","c","d"]', '{"a": 1}', "null"])
def test_a_cursor_that_is_not_ours_is_refused(connector: PostgresqlConnector, cursor: str) -> None:
    with pytest.raises(PermanentConnectorError, match="cursor"):
        connector.discover(cursor)


# --- the check, and what goes wrong ---


def test_a_check_counts_what_can_be_granted(connector: PostgresqlConnector) -> None:
    assert connector.check().message == "connected as nightlatch; 2 roles can be granted"


@pytest.mark.parametrize(
    ("options", "reassign_to", "said"),
    [
        ("", None, "clerk lacks CREATEROLE"),
        ("CREATEROLE", None, "clerk has ADMIN OPTION on no role"),
        ("CREATEROLE ROLE dba", "dba", "clerk is not a member of dba"),
        ("CREATEROLE", "missing", "clerk is not a member of missing"),
    ],
)
def test_a_check_says_what_is_missing(
    postgres: PostgresServer, options: str, reassign_to: str | None, said: str
) -> None:
    with a_role(postgres, "clerk", options=f"LOGIN PASSWORD 'clerk' {options}", is_ours=False):
        if reassign_to:
            postgres.run("GRANT role1 TO clerk WITH ADMIN OPTION")

        result = a_connector(postgres, user="clerk", password="clerk", reassign_to=reassign_to).check()

    assert not result.ok
    assert said in result.message


def test_a_role_that_could_not_end_what_it_grants_is_not_taken(postgres: PostgresServer) -> None:
    with a_role(postgres, "clerk", options="LOGIN PASSWORD 'clerk' CREATEROLE", is_ours=False):
        postgres.run("GRANT role1 TO clerk WITH ADMIN OPTION", "ALTER ROLE clerk NOINHERIT")

        result = a_connector(postgres, user="clerk", password="clerk").check()

    said = (
        "connected as clerk; 1 roles" if postgres.has_grantors else "clerk is NOINHERIT: on a server before version 16"
    )
    assert said in result.message
    assert result.ok is postgres.has_grantors


def test_a_server_that_is_down_is_worth_another_try(postgres: PostgresServer) -> None:
    port = free_port()
    connector = a_connector(postgres, port=port)
    handle = connector.prepare(an_intent())

    for call in calls(connector, handle):
        with pytest.raises(RetryableConnectorError, match=f"{HOST}:{port}"):
            call()
    assert not connector.check().ok


def test_a_refused_password_is_final_and_not_repeated_in_the_message(postgres: PostgresServer) -> None:
    connector = a_connector(postgres, password="wrong-password")
    handle = connector.prepare(an_intent())

    for call in calls(connector, handle):
        with pytest.raises(PermanentConnectorError, match="28P01") as refusal:
            call()
        assert "wrong-password" not in str(refusal.value)
    assert "28P01" in connector.check().message


def calls(connector: PostgresqlConnector, handle: Handle) -> list[Callable[[], object]]:
    """Every call that reaches the server and raises."""
    return [
        lambda: connector.discover(None),
        lambda: connector.grant(an_intent()),
        lambda: connector.extend(handle, until=ENDS_AT),
        lambda: connector.revoke(handle),
        lambda: connector.observe(handle),
        lambda: [*connector.list_managed()],
    ]


def test_a_maintenance_database_that_does_not_exist_never_passes_for_a_revoke(postgres: PostgresServer) -> None:
    connector = a_connector(postgres, database="nowhere")

    with pytest.raises(PermanentConnectorError, match="3D000"):
        connector.revoke(connector.prepare(an_intent()))


@pytest.mark.parametrize("position", [0, 3, 4, 8])
def test_a_server_that_falls_silent_is_not_waited_for(
    postgres: PostgresServer, line: FailingLine, position: int
) -> None:
    connector = a_connector(postgres, port=line.port, timeouts=IMPATIENT)
    line.fail_at(position, Failure.SILENCE)
    began = time.monotonic()

    with pytest.raises(RetryableConnectorError):
        connector.grant(an_intent())

    assert not line.is_armed
    assert time.monotonic() - began < 3


def test_a_statement_that_takes_too_long_is_ended_by_the_server(postgres: PostgresServer) -> None:
    connector = a_connector(postgres, timeouts=Timeouts(lock=10, statement=0.3))
    handle = connector.prepare(an_intent())
    with postgres.connect() as holder:
        holder.run(f"SELECT pg_advisory_lock(hashtextextended('{handle.session_user}', 0))")

        with pytest.raises(RetryableConnectorError, match="57014"):
            connector.revoke(handle)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"S\0\0\0\x04", b"R\0\0\0\x0c\0\0\0\x0bgarbage."]
)
def test_something_that_is_not_postgresql_is_told_apart(postgres: PostgresServer, answer: bytes) -> None:
    with a_stranger(lambda client: client.sendall(answer)) as port:
        connector = a_connector(postgres, port=port, timeouts=IMPATIENT)

        with pytest.raises(ConnectorError, match=f"{HOST}:{port}"):
            connector.observe(connector.prepare(an_intent()))


@pytest.mark.parametrize("tls", [Tls.REQUIRE, Tls.VERIFY])
def test_a_server_without_tls_gets_no_password(postgres: PostgresServer, tls: Tls) -> None:
    connector = a_connector(postgres, tls=tls)

    with pytest.raises(PermanentConnectorError, match="SSL"):
        connector.observe(connector.prepare(an_intent()))


def test_tls_is_verified_unless_the_settings_say_otherwise() -> None:
    settings = PostgresqlSettings(host="db.example.com", database="postgres", user="nightlatch")

    assert settings.tls is Tls.VERIFY
    assert settings.port == 5432


def test_a_certificate_of_nobody_known_is_final(postgres: PostgresServer, tmp_path: Path) -> None:
    certificate = a_certificate(tmp_path)
    with a_stranger(lambda client: greet_with_tls(client, certificate)) as port:
        connector = a_connector(postgres, port=port, tls=Tls.VERIFY, timeouts=IMPATIENT)

        with pytest.raises(PermanentConnectorError, match="certificate is not trusted"):
            connector.observe(connector.prepare(an_intent()))


@pytest.mark.parametrize("tls", [Tls.REQUIRE, Tls.VERIFY])
def test_a_certificate_of_the_named_authority_is_trusted(postgres: PostgresServer, tmp_path: Path, tls: Tls) -> None:
    certificate = a_certificate(tmp_path)
    with a_stranger(lambda client: greet_with_tls(client, certificate)) as port:
        authority = certificate.read_text() if tls is Tls.VERIFY else None
        connector = a_connector(postgres, port=port, tls=tls, certificate_authority=authority, timeouts=IMPATIENT)

        with pytest.raises(PermanentConnectorError, match="in TLS"):
            connector.observe(connector.prepare(an_intent()))


@contextmanager
def a_stranger(greet: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection by something that is not PostgreSQL."""

    def serve() -> None:
        client, _ = listener.accept()
        with client, suppress(OSError):
            client.recv(65536)
            greet(client)

    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=5)


def greet_with_tls(client: socket.socket, certificate: Path) -> None:
    """Speak as much of the protocol as it takes to say, under TLS, that the log-in is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    client.sendall(b"S")
    with context.wrap_socket(client, server_side=True) as channel:
        channel.recv(65536)
        fields = b"SFATAL\0VFATAL\0C28000\0Mrefused in TLS\0\0"
        channel.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        channel.recv(65536)


def a_certificate(directory: Path) -> Path:
    """Write a certificate for this host that its own key signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "postgres.test")])
    began = datetime.now(UTC) - timedelta(minutes=5)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "server.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    path.with_suffix(".key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.mark.parametrize(
    "change",
    [{"host": ""}, {"host": "a b"}, {"host": "a..b"}, {"host": "x" * 64}, {"port": 0}, {"port": 65536},
     {"user": "nul\0"}, {"database": "x" * 64}, {"user": ""}, {"tls": "maybe"}, {"password": "x"},
     {"certificate_authority": ""}, {"certificate_authority": "/etc/ssl/ca.pem"}, {"certificate_authority": "é"}],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(change: dict[str, object]) -> None:
    settings = {"host": "db.example.com", "database": "postgres", "user": "nightlatch", **change}

    with pytest.raises(ValidationError):
        PostgresqlSettings.model_validate(settings)


def test_the_settings_schema_is_json(connector: PostgresqlConnector) -> None:
    schema = connector.describe().settings_schema

    assert json.loads(json.dumps(schema))["additionalProperties"] is False
    assert schema["required"] == ["host", "database", "user"]
