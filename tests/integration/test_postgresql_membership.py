"""What is special to the PostgreSQL connector for people's own roles, on a real server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count

import pg8000.native  # type: ignore[import-untyped]  # it ships no types
import pytest

from nightlatch.adapters.connectors.postgresql_connection import Timeouts
from nightlatch.adapters.connectors.postgresql_membership import PostgresqlMembershipConnector
from nightlatch.adapters.connectors.postgresql_statements import give_membership, identifier, take_membership
from nightlatch.domain.connector import Entitlement, GrantIntent, Handle, Presence
from nightlatch.domain.errors import ConnectorError, PermanentConnectorError, RetryableConnectorError
from nightlatch.domain.integration import Permission, Resource
from tests.integration.connector_targets import (
    ENDS_AT,
    LENDER_PASSWORD,
    MAYA_PASSWORD,
    a_membership_connector,
    memberships,
    people_on,
)
from tests.integration.failing_line import FailingLine, Failure
from tests.integration.postgres_server import PASSWORD, SUPERUSER, PostgresServer, free_port, needs_grantors

IMPATIENT = Timeouts(connect=1, lock=0.3, statement=0.5, silence=1)


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    with people_on(postgres):
        yield postgres


@pytest.fixture
def connector(server: PostgresServer) -> PostgresqlMembershipConnector:
    return a_membership_connector(server.port)


@pytest.fixture
def line(server: PostgresServer) -> Iterator[FailingLine]:
    with FailingLine(server.port).running() as running:
        yield running


def an_intent(*roles: str, person: str = "usr_maya", permission: str = "member") -> GrantIntent:
    entitlements = tuple(
        Entitlement(resource_type="role", resource_id=role, permission=permission) for role in roles or ("role1",)
    )
    return GrantIntent(
        grant_id="req_a1", holder_id=person, holder="Maya Cohen", entitlements=entitlements, ends_at=ENDS_AT
    )


def a_handle(*roles: str, person: str = "usr_maya") -> Handle:
    return Handle(grant_id="req_a1", session_user=person, entitlements=an_intent(*roles).entitlements)


@contextmanager
def a_role(
    server: PostgresServer, name: str, *, options: str = "NOLOGIN", comment: str = "", is_lent: bool = False
) -> Iterator[str]:
    """Make a role for one test, and remove it with whatever was given of it."""
    server.run(f"CREATE ROLE {identifier(name)} {options}")
    try:
        server.run(f"COMMENT ON ROLE {identifier(name)} IS '{comment}'")
        if is_lent:
            server.run(f"GRANT {identifier(name)} TO lender WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")
        yield name
    finally:
        server.run(f"DROP ROLE IF EXISTS {identifier(name)}")


@contextmanager
def mayas_session(server: PostgresServer, user: str = "maya") -> Iterator[pg8000.native.Connection]:
    """Sign in as Maya; a session that was ended meanwhile need not say goodbye."""
    connection = server.connect("orders", user=user, password=MAYA_PASSWORD)
    try:
        yield connection
    finally:
        with suppress(pg8000.native.Error, OSError):
            connection.close()


def is_alive(session: pg8000.native.Connection) -> bool:
    try:
        session.run("SELECT 1")
    except (pg8000.native.Error, OSError):
        return False
    return True


def grantors(server: PostgresServer, member: str, role: str) -> set[str]:
    rows = server.run(
        "SELECT CAST(grantor::regrole AS text) FROM pg_auth_members "
        f"WHERE member = '{member}'::regrole AND roleid = '{role}'::regrole"
    )
    return {str(grantor) for (grantor,) in rows}


# --- whose role is whose ---


def test_it_is_the_tag_that_says_whose_role_it_is_not_the_name(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    with a_role(server, "usr_noa", options="LOGIN"), a_role(server, "x17", options="LOGIN", comment="#person:usr_noa"):
        connector.grant(an_intent(person="usr_noa"))

        assert ("x17", "role1") in memberships(server)
        assert ("usr_noa", "role1") not in memberships(server)


@pytest.mark.parametrize(
    "comment", ["", "usr_noa", "#usr_noa", "#person:usr_noah", "#person:usr_no", "#Person:usr_noa", "person:usr_noa"]
)
def test_a_person_without_a_tagged_role_is_given_nothing_and_told_what_to_write(
    server: PostgresServer, connector: PostgresqlMembershipConnector, comment: str
) -> None:
    before = memberships(server)
    with (
        a_role(server, "noa", options="LOGIN", comment=comment),
        pytest.raises(PermanentConnectorError, match="write #person:usr_noa into its COMMENT"),
    ):
        connector.grant(an_intent(person="usr_noa"))

    assert memberships(server) == before


@pytest.mark.parametrize(
    ("options", "comment", "said"),
    [
        ("NOLOGIN", "#person:usr_noa", "no LOGIN role"),
        ("LOGIN", "#person:usr_noa #person:usr_maya", "noa is tagged as more than one person's"),
        ("LOGIN SUPERUSER", "#person:usr_noa", "noa is a superuser"),
    ],
)
def test_a_role_that_cannot_be_one_persons_own_is_given_nothing(
    server: PostgresServer, connector: PostgresqlMembershipConnector, options: str, comment: str, said: str
) -> None:
    before = memberships(server)
    with (
        a_role(server, "noa", options=options, comment=comment),
        pytest.raises(PermanentConnectorError, match=said),
    ):
        connector.grant(an_intent(person="usr_noa"))

    assert memberships(server) == before


def test_a_person_with_two_tagged_roles_is_given_nothing(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    before = memberships(server)
    with (
        a_role(server, "maya_too", options="LOGIN", comment="#person:usr_maya"),
        pytest.raises(PermanentConnectorError, match="maya and maya_too are all tagged #person:usr_maya: leave it"),
    ):
        connector.grant(an_intent())

    assert memberships(server) == before


def test_the_connectors_own_role_is_nobodys(server: PostgresServer, connector: PostgresqlMembershipConnector) -> None:
    server.run("COMMENT ON ROLE lender IS '#person:usr_lender'")

    with pytest.raises(PermanentConnectorError, match="#person:usr_lender"):
        connector.grant(an_intent(person="usr_lender"))

    connector.revoke(a_handle(person="usr_lender"))


# --- what others gave ---


def test_a_membership_that_an_administrator_gave_stays_beside_ours(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    """J4."""
    needs_grantors(server)
    server.run("GRANT role1 TO maya")
    connector.grant(an_intent())
    assert grantors(server, "maya", "role1") == {"postgres", "lender"}

    connector.revoke(a_handle())

    assert grantors(server, "maya", "role1") == {"postgres"}
    assert connector.observe(a_handle()) is Presence.ABSENT


def test_a_membership_that_the_person_gave_themselves_stays(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    """J4: who administers a role may be a member in their own name."""
    needs_grantors(server)
    server.run("GRANT role1 TO maya WITH ADMIN OPTION")
    with mayas_session(server) as session:
        session.run("GRANT role1 TO maya")
    before = grantors(server, "maya", "role1")
    connector.grant(an_intent())

    connector.revoke(a_handle())

    assert grantors(server, "maya", "role1") == before == {"postgres", "maya"}


def test_what_one_has_by_a_group_stays(server: PostgresServer, connector: PostgresqlMembershipConnector) -> None:
    """J4."""
    with a_role(server, "team", options="NOLOGIN IN ROLE role1 ROLE maya"):
        connector.grant(an_intent())

        connector.revoke(a_handle())

        assert server.run("SELECT pg_has_role('maya', 'role1', 'USAGE')") == [[True]]
        assert grantors(server, "maya", "role1") == set()


def test_what_another_integration_gave_stays(server: PostgresServer, connector: PostgresqlMembershipConnector) -> None:
    """J4: two connectors' roles on one server are two grantors."""
    other = a_membership_connector(server.port, user="other", password="other")
    with a_role(server, "other", options="LOGIN PASSWORD 'other' IN ROLE pg_signal_backend"):
        server.run("GRANT role1 TO other WITH ADMIN OPTION")
        other.grant(an_intent())
        connector.grant(an_intent())

        connector.revoke(a_handle())

        assert other.observe(a_handle()) is Presence.PRESENT
        other.revoke(a_handle())
        server.run("REVOKE role1 FROM other CASCADE")


def test_session_users_of_the_other_kind_are_not_taken_for_people(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    with a_role(server, "nl_maya_a1", comment="nightlatch grant req_a1"):
        server.run("GRANT role1 TO nl_maya_a1 GRANTED BY lender")

        assert [*connector.list_managed()] == []
        assert connector.observe(a_handle(person="usr_gone")) is Presence.ABSENT


@pytest.mark.parametrize(("version", "clause"), [(160000, " GRANTED BY CURRENT_USER"), (150012, ""), (140000, "")])
def test_the_grantor_is_named_where_memberships_have_one_each(version: int, clause: str) -> None:
    given = give_membership("role1", "maya", server_version=version)
    taken = take_membership("role1", "maya", server_version=version)

    assert (given, taken) == (f'GRANT "role1" TO "maya"{clause}', f'REVOKE "role1" FROM "maya"{clause}')


# --- what lives on ---


def test_a_session_that_put_on_the_role_is_ended(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    """J5: it would keep the role until it disconnects."""
    connector.grant(an_intent())
    with mayas_session(server) as session:
        session.run("SET ROLE role1")

        connector.revoke(a_handle())

        assert not is_alive(session)


def test_a_session_that_slips_in_before_the_membership_is_gone_is_ended_too(
    server: PostgresServer, line: FailingLine
) -> None:
    """J5."""
    connector = a_membership_connector(line.port)
    connector.grant(an_intent())
    with mayas_session(server) as session:
        line.meanwhile(b"REVOKE", lambda: session.run("SET ROLE role1"))

        connector.revoke(a_handle())

        assert not is_alive(session)


def test_a_revoke_that_stopped_before_the_sessions_ends_them_the_second_time(
    server: PostgresServer, line: FailingLine
) -> None:
    """J5."""
    cut = a_membership_connector(line.port)
    cut.grant(an_intent())
    with mayas_session(server) as session:
        session.run("SET ROLE role1")
        line.fail_on(b"pg_terminate_backend", failure=Failure.BEFORE)
        with pytest.raises(RetryableConnectorError):
            cut.revoke(a_handle())
        assert is_alive(session)

        cut.revoke(a_handle())

        assert not is_alive(session)


def test_an_end_that_takes_nothing_away_ends_no_session(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    connector.grant(an_intent())
    with mayas_session(server) as session:
        connector.revoke(a_handle().narrowed(()))

        assert is_alive(session)
    connector.revoke(a_handle())


def test_sessions_of_others_go_on(server: PostgresServer, connector: PostgresqlMembershipConnector) -> None:
    connector.grant(an_intent())
    with server.connect("orders", user="omar", password="omar") as session:
        connector.revoke(a_handle())

        assert is_alive(session)


def test_the_person_goes_on_logging_in_as_themselves(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    connector.grant(an_intent())
    connector.revoke(a_handle())

    with mayas_session(server) as session, pytest.raises(pg8000.native.DatabaseError) as refusal:
        session.run("SET ROLE role1")

    assert refusal.value.args[0]["C"] == "42501"


# --- when the tags change meanwhile ---


def test_a_person_whose_role_was_dropped_has_no_access(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    with a_role(server, "noa", options="LOGIN", comment="#person:usr_noa"):
        connector.grant(an_intent(person="usr_noa"))

    connector.revoke(a_handle(person="usr_noa"))

    assert connector.observe(a_handle(person="usr_noa")) is Presence.ABSENT


def test_access_under_a_role_that_lost_its_tag_does_not_pass_for_gone(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    connector.grant(an_intent())
    server.run("COMMENT ON ROLE maya IS 'Maya Cohen'")
    with pytest.raises(PermanentConnectorError, match="maya is a member of role1 by Nightlatch and tagged as nobody's"):
        connector.revoke(a_handle())
    assert connector.observe(a_handle()) is Presence.UNKNOWN
    (listed,) = connector.list_managed()
    assert (listed.session_user, listed.details) == ("", {"role": "maya"})

    server.run("COMMENT ON ROLE maya IS '#person:usr_maya'")
    connector.revoke(a_handle())

    assert connector.observe(a_handle()) is Presence.ABSENT


def test_a_lost_tag_holds_up_nobody_elses_end(server: PostgresServer, connector: PostgresqlMembershipConnector) -> None:
    connector.grant(an_intent("role3"))
    connector.grant(an_intent("role3", person="usr_omar"))
    server.run("COMMENT ON ROLE maya IS NULL")

    connector.revoke(a_handle("role3", person="usr_omar"))
    connector.revoke(a_handle("role3", person="usr_omar"))

    assert connector.observe(a_handle("role3", person="usr_omar")) is Presence.ABSENT


@pytest.mark.parametrize(
    "change",
    ["ALTER ROLE maya NOLOGIN", "COMMENT ON ROLE maya IS '#person:usr_maya #person:usr_noa'"],
    ids=["locked", "tagged as somebody else's too"],
)
def test_access_ends_even_if_it_could_not_be_given_any_more(
    server: PostgresServer, connector: PostgresqlMembershipConnector, change: str
) -> None:
    connector.grant(an_intent())
    with mayas_session(server) as session:
        session.run("SET ROLE role1")
        server.run(change)

        connector.revoke(a_handle())

        assert not is_alive(session)
    assert ("maya", "role1") not in memberships(server)


def test_a_second_tagged_role_does_not_hold_up_the_end(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    connector.grant(an_intent())
    with a_role(server, "maya_too", options="LOGIN", comment="#person:usr_maya"):
        connector.revoke(a_handle())

        assert connector.observe(a_handle()) is Presence.ABSENT
    assert ("maya", "role1") not in memberships(server)


def test_a_role_that_is_dropped_meanwhile_is_looked_at_again(server: PostgresServer, line: FailingLine) -> None:
    connector = a_membership_connector(line.port)

    def drop() -> None:
        server.run("DROP ROLE brief")

    with a_role(server, "brief", is_lent=True), mayas_session(server) as session:
        connector.grant(an_intent("brief"))
        session.run("SET ROLE brief")
        line.meanwhile(b"REVOKE", drop)
        with pytest.raises(RetryableConnectorError):
            connector.revoke(a_handle("brief"))

        connector.revoke(a_handle("brief"))

        assert not is_alive(session)


# --- what may be granted ---


@pytest.mark.parametrize("role", ["dba", "omar", "postgres", "pg_read_all_data", "lender", "maya"])
def test_a_role_that_was_not_put_at_our_disposal_cannot_be_granted(
    server: PostgresServer, connector: PostgresqlMembershipConnector, role: str
) -> None:
    before = memberships(server)

    with pytest.raises(PermanentConnectorError, match=role):
        connector.grant(an_intent("role1", role))

    assert memberships(server) == before


def test_somebodys_log_in_is_not_granted_even_if_it_could_be(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    before = memberships(server)
    with (
        a_role(server, "not_for_you", options="LOGIN", is_lent=True),
        pytest.raises(PermanentConnectorError, match="not_for_you is not one that Nightlatch may grant"),
    ):
        connector.grant(an_intent("not_for_you"))

    assert memberships(server) == before


def test_only_membership_can_be_granted(connector: PostgresqlMembershipConnector) -> None:
    with pytest.raises(PermanentConnectorError, match="admin of role role1"):
        connector.grant(an_intent(permission="admin"))


def test_the_person_cannot_pass_it_on(server: PostgresServer, connector: PostgresqlMembershipConnector) -> None:
    connector.grant(an_intent())

    with mayas_session(server) as session, pytest.raises(pg8000.native.DatabaseError) as refusal:
        session.run("GRANT role1 TO omar")

    assert refusal.value.args[0]["C"] == "42501"


def test_a_scan_offers_membership_of_each_role_that_can_be_granted(connector: PostgresqlMembershipConnector) -> None:
    page = connector.discover(None)

    assert page.resources == (
        Resource(
            type="role",
            id="role1",
            name="role1",
            description="Reads orders #read",
            tags=("read",),
            permissions=(Permission(name="member"),),
        ),
        Resource(
            type="role",
            id="role3",
            name="role3",
            description="Writes invoices #prod #owner:billing",
            tags=("prod", "owner:billing"),
            permissions=(Permission(name="member"),),
        ),
    )


# --- cut off, and at the same time ---


def test_a_grant_cut_off_at_any_message_can_be_repeated_and_ended(server: PostgresServer, line: FailingLine) -> None:
    """J1."""
    cut, sound = a_membership_connector(line.port), a_membership_connector(server.port)
    before = memberships(server)
    for _ in each_cut(line, lambda: cut.grant(an_intent("role1", "role3"))):
        sound.grant(an_intent("role1", "role3"))
        assert {("maya", "role1"), ("maya", "role3")} <= memberships(server)
        sound.revoke(a_handle("role1", "role3"))
        assert memberships(server) == before


def test_a_revoke_cut_off_at_any_message_can_be_repeated(server: PostgresServer, line: FailingLine) -> None:
    """J1: with an open session that put on the role."""
    cut, sound = a_membership_connector(line.port), a_membership_connector(server.port)
    before = memberships(server)
    sessions: list[pg8000.native.Connection] = []

    def begin_and_revoke() -> None:
        sound.grant(an_intent("role1", "role3"))
        session = server.connect("orders", user="maya", password=MAYA_PASSWORD)
        session.run("SET ROLE role1")
        sessions.append(session)
        cut.revoke(a_handle("role1", "role3"))

    for _ in each_cut(line, begin_and_revoke):
        sound.revoke(a_handle("role1", "role3"))
        assert memberships(server) == before
        assert not is_alive(sessions[-1])
    for session in sessions:
        with suppress(pg8000.native.Error, OSError):
            session.close()


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


def test_a_grant_cannot_come_between_the_steps_of_a_revoke(server: PostgresServer) -> None:
    """J6."""
    impatient = a_membership_connector(server.port, timeouts=IMPATIENT)
    impatient.grant(an_intent())
    calls: list[Callable[[], object]] = [
        lambda: impatient.grant(an_intent()),
        lambda: impatient.revoke(a_handle()),
    ]
    with server.connect() as holder:
        holder.run("SELECT pg_advisory_lock(hashtextextended('usr_maya', 0))")

        for call in calls:
            with pytest.raises(RetryableConnectorError, match="55P03"):
                call()

    impatient.revoke(a_handle())
    assert impatient.observe(a_handle()) is Presence.ABSENT


# --- names ---

STRANGE_NAMES = [
    'a"b', 'a""b', '"', "a'b", "a;b", 'x"; DROP ROLE role1; --', "a b", "A", "a\\b", "a\nb", "%s", ":name", "$1", "a.b",
    "日本", "x" * 63, "é" * 31 + "x",
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_a_role_of_any_name_is_given_and_taken(
    server: PostgresServer, connector: PostgresqlMembershipConnector, name: str
) -> None:
    """F4: names that the server accepts."""
    with a_role(server, name, is_lent=True):
        connector.grant(an_intent(name))
        with mayas_session(server) as session:
            assert session.run("SELECT pg_has_role(:name, 'USAGE')", name=name) == [[True]]

        connector.revoke(a_handle(name))

        assert connector.observe(a_handle(name)) is Presence.ABSENT


# The driver prepares user names as SASL says, which knows no line breaks: nobody could log in to be ended.
@pytest.mark.parametrize("name", [name for name in STRANGE_NAMES if "\n" not in name])
def test_a_person_whose_role_has_any_name_gains_and_loses(
    server: PostgresServer, connector: PostgresqlMembershipConnector, name: str
) -> None:
    """F4."""
    options = f"LOGIN PASSWORD '{MAYA_PASSWORD}'"
    with a_role(server, name, options=options, comment="#person:usr_noa"):
        connector.grant(an_intent(person="usr_noa"))
        with mayas_session(server, name) as session:
            session.run("SET ROLE role1")

            connector.revoke(a_handle(person="usr_noa"))

            assert not is_alive(session)
        assert connector.observe(a_handle(person="usr_noa")) is Presence.ABSENT


@pytest.mark.parametrize("name", ["x" * 64, "é" * 32])
def test_a_name_that_is_too_long_is_not_cut_to_somebody_elses(
    server: PostgresServer, connector: PostgresqlMembershipConnector, name: str
) -> None:
    """F4: the server would cut 64 bytes to 63 in silence."""
    cut = name.encode()[:63].decode(errors="ignore")
    with a_role(server, cut, is_lent=True):
        with pytest.raises(PermanentConnectorError, match="1 to 63 bytes"):
            connector.grant(an_intent(name))
        connector.grant(an_intent(cut))

        connector.revoke(a_handle(name))

        assert connector.observe(a_handle(cut)) is Presence.PRESENT
        connector.revoke(a_handle(cut))


@pytest.mark.parametrize("name", [*STRANGE_NAMES, "x" * 64, "a\0b", "", "\ud800"])
def test_a_handle_with_strange_names_ends_nothing_else(
    server: PostgresServer, connector: PostgresqlMembershipConnector, name: str
) -> None:
    """F4: in a revoke, of the role and of the person."""
    connector.grant(an_intent())
    before = memberships(server)

    for handle in (a_handle(name), a_handle(person=name)):
        for call in (connector.revoke, connector.observe):
            with suppress(PermanentConnectorError):
                call(handle)

    assert memberships(server) == before
    connector.revoke(a_handle())


# --- the check, and what goes wrong ---


def test_a_check_counts_what_can_be_granted(connector: PostgresqlMembershipConnector) -> None:
    assert connector.check().message == "connected as lender; 2 roles can be granted"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "clerk lacks the rights of pg_signal_backend"),
        ("NOINHERIT IN ROLE pg_signal_backend", "clerk lacks the rights of pg_signal_backend"),
        ("IN ROLE pg_signal_backend", "clerk has ADMIN OPTION on no role"),
        ("SUPERUSER", "clerk is a superuser"),
    ],
)
def test_a_check_says_what_is_missing_and_nothing_is_granted_without_it(
    server: PostgresServer, options: str, said: str
) -> None:
    before = memberships(server)
    with a_role(server, "clerk", options=f"LOGIN PASSWORD 'clerk' {options}"):
        clerk = a_membership_connector(server.port, user="clerk", password="clerk")

        result = clerk.check()

        assert not result.ok
        assert said in result.message
        with pytest.raises(PermanentConnectorError):
            clerk.grant(an_intent())
    assert memberships(server) == before


def test_the_servers_owner_cannot_be_the_connector(server: PostgresServer) -> None:
    """J4: what it gave could not be told from what it had given before."""
    owner = a_membership_connector(server.port, user=SUPERUSER, password=PASSWORD)

    with pytest.raises(PermanentConnectorError, match="cannot be told"):
        owner.grant(an_intent())


def test_a_right_to_end_sessions_that_was_withdrawn_does_not_pass_for_success(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    connector.grant(an_intent())
    server.run("REVOKE pg_signal_backend FROM lender")
    with mayas_session(server), pytest.raises(PermanentConnectorError, match="42501"):
        connector.revoke(a_handle())
    assert ("maya", "role1") not in memberships(server)

    server.run("GRANT pg_signal_backend TO lender WITH INHERIT TRUE")
    connector.revoke(a_handle())


def test_a_server_that_is_down_is_worth_another_try() -> None:
    port = free_port()
    connector = a_membership_connector(port)
    calls: list[Callable[[], object]] = [
        lambda: connector.discover(None),
        lambda: connector.grant(an_intent()),
        lambda: connector.revoke(a_handle()),
        lambda: connector.observe(a_handle()),
        lambda: [*connector.list_managed()],
    ]

    for call in calls:
        with pytest.raises(RetryableConnectorError, match=str(port)):
            call()
    assert not connector.check().ok


def test_a_refused_password_is_final(server: PostgresServer) -> None:
    connector = a_membership_connector(server.port, password="wrong-password")

    with pytest.raises(ConnectorError, match="28P01") as refusal:
        connector.observe(a_handle())

    assert "wrong-password" not in str(refusal.value)


# --- what the person is shown ---


def test_the_person_is_told_where_to_connect_and_what_to_put_on(
    server: PostgresServer, connector: PostgresqlMembershipConnector
) -> None:
    shown = connector.credentials(a_handle("role1", "role3"), None)

    assert shown == {
        "host": "127.0.0.1",
        "port": str(server.port),
        "database": "postgres",
        "roles": "role1, role3",
        "psql": f"psql 'host=127.0.0.1 port={server.port} dbname=postgres sslmode=disable'",
    }
    assert LENDER_PASSWORD not in str(shown)
