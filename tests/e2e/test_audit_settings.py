"""The settings of the audit trail on the running stack: whoever reads is told of, and what is stored follows them.

A window of reads is told when it is over, and stored times are moved when nobody can be writing by the settings of
before any more: five minutes each, which pass at once.
"""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.audit_settings import SETTINGS, Times, choose
from tests.e2e.person import JsonObject, Person, until

SWEEP = (Path(__file__).parents[2] / "events" / "retention_sweep.json").read_bytes()
ENOUGH = 600


def test_a_retention_that_was_chosen_is_in_force_for_the_next_reader_and_told(person: Callable[[str], Person]) -> None:
    """D5."""
    ada, ivo, since = person("ada"), person("ivo"), datetime.now(UTC)
    days = 60 if ada.get(SETTINGS)["retention_days"] != 60 else 59

    before = choose(ada, retention_days=days)
    page = ivo.get("/v1/audit?limit=1")
    choose(ada, **before)

    kept = datetime.now(UTC) - datetime.fromisoformat(page["kept_since"])
    assert round(kept / timedelta(days=1), 1) <= days
    told = until(
        lambda: ivo.get("/v1/audit/entries", event_type="settings.updated", start_date=since.isoformat()),
        lambda found: len(found["entries"]) == 2,
        within=60,
    )["entries"]
    assert told[0]["details"]["after"] == {"retention_days": before["retention_days"]}


def test_reads_are_told_of_many_in_one_event(told_reads: Future[list[JsonObject]]) -> None:
    [event] = told_reads.result()

    assert event["details"]["reads"] > 2
    assert event["description"] == "Noa Levi read /v1/requests"


def test_stored_events_come_to_follow_another_retention(chosen: datetime, moved_times: Future[list[Times]]) -> None:
    assert min(recorded_at for recorded_at, _ in moved_times.result()) < chosen
