"""Changing the settings of the audit trail on the running stack."""

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from nightlatch.domain.ledger import LedgerEntry
from tests.e2e.person import JsonObject, Person

SETTINGS = "/v1/settings/audit"
KEPT = timedelta(days=45)
"""What the retention is changed to for a while."""

Times = tuple[datetime, datetime]
"""When an entry was recorded, to the second, and when it expires."""


def choose(ada: Person, **choices: Any) -> JsonObject:
    """Change settings, and return those of before."""
    before = ada.api.get(SETTINGS)
    kept = {name: value for name, value in before.json().items() if name != "version"}
    chosen = ada.api.put(SETTINGS, json=kept | choices, headers={"If-Match": before.headers["ETag"]})
    chosen.raise_for_status()
    return kept


def times_of(item: Any) -> Times:
    """Read the times of a stored entry."""
    entry = LedgerEntry.model_validate_json(zlib.decompress(item["body"]["B"]))
    return entry.recorded_at.replace(microsecond=0), datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC)


def all_follow(found: JsonObject) -> bool:
    """Whether all stored entries are kept as long as was chosen."""
    return {expires_at - recorded_at for recorded_at, expires_at in found["times"]} == {KEPT}
