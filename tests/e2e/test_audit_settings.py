"""The settings of the audit trail on the running stack: whoever reads is told of, and what is stored follows them.

A window of reads is told when it is over, and stored times are moved when nobody can be writing by the settings of
before any more: five minutes each, which pass at once.
"""

import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.local.facts import StackFacts
from tests.e2e.audit_settings import KEPT, SETTINGS, choose
from tests.e2e.person import JsonObject, Person, until

SWEEP = (Path(__file__).parents[2] / "events" / "retention_sweep.json").read_bytes()
ENOUGH = 600


def test_a_retention_that_was_chosen_is_in_force_for_the_next_reader_and_told(person: Callable[[str], Person]) -> None:
    """D5."""
    ada, ivo, since = person("ada"), person("ivo"), datetime.now(UTC)
    days = 365 if ada.get(SETTINGS)["retention_days"] != 365 else 364

    before = choose(ada, retention_days=days)
    page = ivo.get("/v1/audit?limit=1")
    choose(ada, **before)

    kept = datetime.now(UTC) - datetime.fromisoformat(page["kept_since"])
    assert round(kept / timedelta(days=1), 1) == days
    told = until(
        lambda: ivo.get("/v1/audit/entries", event_type="settings.updated", start_date=since.isoformat()),
        lambda found: len(found["entries"]) == 2,
        within=60,
    )["entries"]
    assert told[0]["details"]["after"] == {"retention_days": before["retention_days"]}


def test_reads_are_told_of_many_in_one_event(chosen: datetime, person: Callable[[str], Person]) -> None:
    ivo, noa = person("ivo"), person("noa")
    who = noa.get("/v1/whoami")["id"]

    def told() -> JsonObject:
        for _ in range(2):  # a function that runs may not know of the choice for a minute
            noa.get("/v1/requests", limit=1)
        page = ivo.get("/v1/audit/entries", actor=who, event_type="audit.read", start_date=chosen.isoformat())
        listed = [event for event in page["entries"] if event["resource"]["id"] == "/v1/requests"]
        return {"events": [event for event in listed if datetime.fromisoformat(event["details"]["since"]) > chosen]}

    [event] = until(told, lambda found: bool(found["events"]), within=ENOUGH)["events"]

    assert event["details"]["reads"] > 2
    assert event["description"] == "Noa Levi read /v1/requests"


def test_stored_events_come_to_follow_another_retention(
    chosen: datetime, facts: StackFacts, client: Callable[[str], Any]
) -> None:
    def stored() -> JsonObject:
        ran = client("lambda").invoke(FunctionName=f"{facts.stack}-retention", Payload=SWEEP)
        assert "FunctionError" not in ran, ran["Payload"].read()
        pages = client("dynamodb").get_paginator("scan").paginate(TableName=facts.ledger_table)
        return {"times": [times_of(item) for page in pages for item in page["Items"]]}

    times = until(
        stored,
        lambda found: {expires_at - recorded_at for recorded_at, expires_at in found["times"]} == {KEPT},
        within=ENOUGH,
    )["times"]

    assert min(recorded_at for recorded_at, _ in times) < chosen


def times_of(item: Any) -> tuple[datetime, datetime]:
    """Read when an entry was recorded, to the second, and when it expires."""
    entry = LedgerEntry.model_validate_json(zlib.decompress(item["body"]["B"]))
    return entry.recorded_at.replace(microsecond=0), datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC)
