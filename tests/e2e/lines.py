"""Lines to the demo's database that can fail, each an integration of its own."""

from dataclasses import dataclass
from pathlib import Path

from nightlatch.entrypoints.local.database import Passwords
from nightlatch.entrypoints.local.facts import StackFacts
from nightlatch.entrypoints.local.layout import layout
from tests.e2e.person import JsonObject, Person
from tests.integration.failing_line import FailingLine


@dataclass(frozen=True)
class Resisted:
    """Access whose database was away: as it was then, alone in its list, and when it was closed."""

    resisting: JsonObject
    listed: list[str]
    ended: JsonObject
    told: list[str]


def connect(ada: Person, line: FailingLine, facts: StackFacts, home: Path) -> str:
    """Add an integration whose access needs no approval, and return its id."""
    passwords = Passwords.model_validate_json(layout(home).secrets.read_text())
    name = f"line-{line.port}"
    settings = {"host": "127.0.0.1", "port": line.port, "database": facts.database.name, "user": "nightlatch"}
    ada.post(
        "/v1/integrations",
        {"id": name, "name": name, "kind": "postgresql", "secret": passwords.connector}
        | {"settings": {**settings, "tls": "disable"}},
    ).raise_for_status()
    ada.post(f"/v1/integrations/{name}/scan").raise_for_status()
    flow = {
        "name": name,
        "who": {"conditions": [{"attribute": "group", "operator": "is", "values": ["developers"]}]},
        "what": {"integration": name, "names": ["*"], "permissions": ["role1"]},
        "grant": {"default": "PT1H", "maximum": "PT1H"},
        "approve": {"steps": []},
    }
    ada.api.put(f"/v1/flows/{name}", json=flow).raise_for_status()
    return name
