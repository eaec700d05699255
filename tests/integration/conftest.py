"""The PostgreSQL server that the tests share: one per worker process, cleared of session users after each test."""

from collections.abc import Iterator

import pytest

from tests.integration.postgres_server import PostgresServer, running_server

CONNECTOR_PASSWORD = "connector-password"

# The least that the connector needs, and the harder case: not a superuser, and NOINHERIT.
SEED = f"""
CREATE ROLE role1 NOLOGIN;
CREATE ROLE role3 NOLOGIN;
CREATE ROLE dba NOLOGIN;
CREATE ROLE omar LOGIN PASSWORD 'omar';
GRANT role1 TO omar;
CREATE ROLE nightlatch LOGIN CREATEROLE NOINHERIT PASSWORD '{CONNECTOR_PASSWORD}';
GRANT role1, role3 TO nightlatch WITH ADMIN OPTION, INHERIT FALSE, SET FALSE;
COMMENT ON ROLE role1 IS 'Reads orders #read';
COMMENT ON ROLE role3 IS 'Writes invoices #prod #owner:billing';
"""


@pytest.fixture(scope="session")
def postgres_process() -> Iterator[PostgresServer]:
    """Start the server and seed it: databases `orders` and `hr`; nobody enters `hr` but through role1."""
    with running_server() as server:
        server.run(SEED, "CREATE DATABASE orders", "CREATE DATABASE hr")
        if not server.has_grantors:
            server.run("ALTER ROLE nightlatch INHERIT")
        server.run(
            "COMMENT ON DATABASE orders IS 'Orders and invoices #prod'",
            "REVOKE CONNECT ON DATABASE hr FROM PUBLIC",
            "GRANT CONNECT ON DATABASE hr TO role1",
        )
        for database in ("orders", "hr"):
            server.run("GRANT CREATE ON SCHEMA public TO role1", database=database)
        yield server


@pytest.fixture
def postgres(postgres_process: PostgresServer) -> Iterator[PostgresServer]:
    """Use the seeded server; session users that a test leaves are removed with all they own."""
    yield postgres_process
    names = [name for (name,) in postgres_process.run("SELECT rolname FROM pg_roles WHERE starts_with(rolname, 'nl_')")]
    for name in names:
        for database in ("orders", "hr", "postgres"):
            postgres_process.run(f'DROP OWNED BY "{name}" CASCADE', database=database)
        postgres_process.run(f'DROP ROLE "{name}"')
