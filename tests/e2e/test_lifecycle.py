"""A request that begins later, access that is extended, and grants that share access, on the running stack."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pg8000.native import Connection  # type: ignore[import-untyped]  # it ships no types

from nightlatch.entrypoints.local import database
from nightlatch.entrypoints.local.database import Passwords
from nightlatch.entrypoints.local.facts import StackFacts
from nightlatch.entrypoints.local.layout import layout
from tests.e2e.person import Person, until


def test_access_begins_at_its_start_and_not_before(person: Callable[[str], Person]) -> None:
    """D4."""
    maya, noa, starts_at = person("maya"), person("noa"), datetime.now(UTC) + timedelta(seconds=10)
    request_id = maya.ask("role1", starts_at=starts_at)

    approved = noa.command(request_id, "approve")
    granted = maya.wait_for(request_id, "GRANTED", within=100)
    maya.command(request_id, "return")

    assert approved["status"] == "APPROVED"
    assert datetime.fromisoformat(granted["granted_at"]) >= datetime.fromisoformat(granted["starts_at"])


def test_the_database_is_told_of_an_extension(facts: StackFacts, home: Path, person: Callable[[str], Person]) -> None:
    """D3: the end moves, and what the server holds by itself comes after it."""
    maya, noa = person("maya"), person("noa")
    request_id = maya.ask("role1", "role3")
    noa.command(request_id, "approve")
    granted = maya.wait_for(request_id, "GRANTED")

    extended = maya.command(request_id, "extend", {"duration": "PT30M"})
    server = database.connect(facts.database.port, Passwords.model_validate_json(layout(home).secrets.read_text()))
    end = datetime.fromisoformat(extended["ends_at"])
    told = "SELECT rolvaliduntil > :end FROM pg_roles WHERE rolname = :user"
    until(
        lambda: {"is told": server.run(told, end=end, user=granted["session_user"])},
        lambda seen: seen["is told"] == [[True]],
        within=60,
    )
    server.close()
    maya.command(request_id, "return")

    assert end - datetime.fromisoformat(granted["ends_at"]) == timedelta(minutes=30)


@pytest.fixture
def server(facts: StackFacts, home: Path) -> Iterator[Connection]:
    """Sign in at the demo's database as the superuser."""
    passwords = Passwords.model_validate_json(layout(home).secrets.read_text())
    with database.connect(facts.database.port, passwords) as connection:
        yield connection


@pytest.fixture
def people_db(facts: StackFacts, server: Connection, person: Callable[[str], Person]) -> Iterator[str]:
    """Give Maya a role of her own, let two others be lent, and connect the server a second time for that."""
    name, who, ada = f"people-{uuid4().hex[:8]}", person("maya").get("/v1/whoami")["id"], person("ada")
    lender, maya, roles = f"{name}-lender", f"{name}-maya", [f"{name}-read", f"{name}-write"]
    for role in roles:
        server.run(f'CREATE ROLE "{role}" NOLOGIN')
    server.run(f"CREATE ROLE \"{lender}\" LOGIN NOINHERIT PASSWORD '{name}'")
    server.run(f'GRANT "{roles[0]}", "{roles[1]}" TO "{lender}" WITH ADMIN OPTION, INHERIT FALSE, SET FALSE')
    server.run(f'GRANT pg_signal_backend TO "{lender}" WITH INHERIT TRUE, SET FALSE')
    server.run(f'CREATE ROLE "{maya}" LOGIN')
    server.run(f"COMMENT ON ROLE \"{maya}\" IS '#person:{who}'")
    connect_people(ada, facts, name, lender)
    yield name
    server.run(f'DROP ROLE "{maya}"')  # the others stay: the server is looked at once more, minutes after the end


def connect_people(ada: Person, facts: StackFacts, name: str, lender: str) -> None:
    """Add the integration, and a flow under which nobody is asked."""
    settings = {"host": "127.0.0.1", "port": facts.database.port, "database": facts.database.name, "user": lender}
    integration = {"id": name, "name": name, "kind": "postgresql-membership", "secret": name}
    body = {**integration, "settings": {**settings, "tls": "disable"}}
    ada.post("/v1/integrations", body).raise_for_status()
    ada.post(f"/v1/integrations/{name}/scan").raise_for_status()
    flow = {
        "name": name,
        "who": {"conditions": [{"attribute": "group", "operator": "is", "values": ["developers"]}]},
        "what": {"integration": name, "names": ["*"], "permissions": ["member"]},
        "grant": {"default": "PT1H", "maximum": "PT1H"},
        "approve": {"steps": []},
    }
    ada.api.put(f"/v1/flows/{name}", json=flow).raise_for_status()


def test_membership_lasts_until_the_last_of_two_grants_ends(
    people_db: str, server: Connection, person: Callable[[str], Person]
) -> None:
    """J3: the second covers the role of the first, and one more."""
    maya, (read, write) = person("maya"), (f"{people_db}-read", f"{people_db}-write")

    def granted(*roles: str) -> str:
        items = [{"resource_type": "role", "resource": role, "permission": "member"} for role in roles]
        body = {"integration": people_db, "items": items, "justification": "INC-2291 duplicate charges"}
        request_id = str(maya.post("/v1/requests", body).raise_for_status().json()["id"])
        maya.wait_for(request_id, "GRANTED")
        return request_id

    def roles() -> set[str]:
        told = "SELECT CAST(roleid AS regrole)::text FROM pg_auth_members WHERE CAST(member AS regrole)::text = :who"
        return {name.strip('"') for (name,) in server.run(told, who=f'"{people_db}-maya"')}

    def ended(request_id: str) -> set[str]:
        maya.command(request_id, "return")
        maya.wait_for(request_id, "CANCELED")
        return roles()

    first, second = granted(read), granted(read, write)
    during = roles()

    assert during == {read, write}
    assert ended(first) == {read, write}
    assert ended(second) == set()
