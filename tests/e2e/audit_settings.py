"""Changing the settings of the audit trail on the running stack."""

from datetime import timedelta
from typing import Any

from tests.e2e.person import JsonObject, Person

SETTINGS = "/v1/settings/audit"
KEPT = timedelta(days=45)
"""What the retention is changed to for a while."""


def choose(ada: Person, **choices: Any) -> JsonObject:
    """Change settings, and return those of before."""
    before = ada.api.get(SETTINGS)
    kept = {name: value for name, value in before.json().items() if name != "version"}
    chosen = ada.api.put(SETTINGS, json=kept | choices, headers={"If-Match": before.headers["ETag"]})
    chosen.raise_for_status()
    return kept
