"""Exports on the running stack: one that is an answer, and one that a worker writes."""

import csv
import hashlib
import json
import os
import zlib
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import httpx

from nightlatch.domain.ledger import Head, LedgerEntry, OutboxRow, first_break
from nightlatch.entrypoints.local.facts import StackFacts
from tests.builders import a_pending_event, an_event
from tests.e2e.person import Person, until

RUNNING = {"queued", "running"}
FEW = {"last": "1d", "event_type": "user.created", "include_filters": "true"}
LARGE = 40
KILOBYTES = 300


def record_large_events(dynamodb: Any, table: str) -> str:
    """Put events into the outbox that are together too large for an answer; return whose they are."""
    name = f"usr_{os.urandom(4).hex()}"
    for number in range(LARGE):
        event = an_event(at=datetime.now(UTC)).model_copy(update={"details": {"text": f"{number}" * KILOBYTES * 500}})
        event = event.model_copy(update={"actor": event.actor.model_copy(update={"id": name})})
        pending = a_pending_event(int.from_bytes(os.urandom(7)), event)
        row = OutboxRow(events=(pending,))
        body = zlib.compress(row.model_dump_json().encode())
        item = {"pk": {"S": "OUTBOX#0"}, "sk": {"S": row.key}, "body": {"B": body}}
        dynamodb.put_item(TableName=table, Item=item)
    return name


def listed(ivo: Person, whose: str) -> dict[str, int]:
    """Count the entries of somebody, page by page: large ones make short pages."""
    query: dict[str, Any] = {"actor": whose, "limit": 100}
    page = ivo.get("/v1/audit/entries", **query)
    count = len(page["entries"])
    while page["next_cursor"]:
        page = ivo.get("/v1/audit/entries", **query, cursor=page["next_cursor"])
        count += len(page["entries"])
    return {"entries": count}


def test_a_small_export_is_the_answer(person: Callable[[str], Person]) -> None:
    ivo = person("ivo")
    person("maya").get("/v1/whoami")

    answer = ivo.api.get("/v1/audit/export", params={"format": "csv", **FEW})

    digest = b64encode(hashlib.sha256(answer.content).digest()).decode()
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline="")))
    manifest = ivo.get(answer.headers["link"].partition(">")[0].removeprefix("<"))["manifest"]
    assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert set(rows[0]) > {"Timestamp (UTC+00:00)", "Recorded (UTC+00:00)"}
    assert len(rows) == manifest["rows"] > 0
    assert {row["Event"] for row in rows} == {"user.created"}


def test_a_large_export_is_written_meanwhile_and_fetched(
    person: Callable[[str], Person], client: Callable[[str], Any], facts: StackFacts
) -> None:
    ivo = person("ivo")
    whose = record_large_events(client("dynamodb"), facts.state_table)
    until(lambda: listed(ivo, whose), lambda found: found["entries"] == LARGE, within=90)

    accepted = ivo.api.get("/v1/audit/export", params={"format": "jsonl", "last": "1d"})
    assert accepted.status_code == httpx.codes.ACCEPTED, accepted.text
    done = until(lambda: ivo.get(accepted.headers["location"]), lambda job: job["state"] not in RUNNING, within=120)
    content = httpx.get(done["_links"]["download"]["href"], trust_env=False).raise_for_status().content
    manifest = httpx.get(done["_links"]["manifest"]["href"], trust_env=False).raise_for_status().json()

    entries = [LedgerEntry.model_validate(json.loads(line)) for line in content.splitlines()]
    assert manifest == done["manifest"]
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (manifest["sha256"], manifest["size"])
    assert len(entries) == manifest["rows"] == manifest["last_seq"] - manifest["first_seq"] + 1
    assert first_break(entries, after=Head(seq=entries[0].seq - 1, hash=manifest["prev_hash"])) is None
    told = {"event_type": "audit.exported", "limit": 1}
    until(
        lambda: ivo.get("/v1/audit/entries", **told),
        lambda page: page["entries"][0]["details"]["sha256"] == manifest["sha256"],
        within=90,  # it waits behind whatever else is large
    )


def test_a_file_is_for_nobody_without_a_link_and_a_job_for_nobody_else(
    person: Callable[[str], Person], client: Callable[[str], Any], facts: StackFacts
) -> None:
    """C1, C5: what was exported is its owner's alone."""
    answer = person("ivo").api.get("/v1/audit/export", params={"format": "csv", **FEW})
    address = answer.headers["link"].partition(">")[0].removeprefix("<")
    [bucket] = [b["Name"] for b in client("s3").list_buckets()["Buckets"] if "export" in b["Name"].lower()]
    files = [each["Key"] for each in client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]

    assert person("ada").api.get(address).status_code == httpx.codes.NOT_FOUND
    assert person("maya").api.get(address).status_code == httpx.codes.FORBIDDEN
    assert files
    for name in files:
        assert httpx.get(f"{facts.emulator_url}/{bucket}/{name}", trust_env=False).status_code in {400, 403}
