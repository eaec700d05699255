"""A request that begins later, and access that is extended, on the running stack."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
