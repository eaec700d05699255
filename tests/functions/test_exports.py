"""Taking the trail with you."""

import csv
import hashlib
import json
from base64 import b64encode
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from nightlatch.domain import export as domain
from nightlatch.domain.ledger import GENESIS, Head, LedgerEntry, first_break
from nightlatch.services import exports as service
from tests.builders import ADA, EVE, IVO, MAYA, NOA, ROBOT, World, a_call, a_chain
from tests.functions.client import Answer, Client

A_DAY = "start_date=2026-11-22&end_date=2026-11-22"


@pytest.fixture
def trail(world: World) -> list[LedgerEntry]:
    """Two requests, the second approved."""
    world.submitted()
    world.approvals.approve(world.submitted("role3").id, a_call(NOA))
    world.events()
    return list(world.store.ledger.values())


def manifest_of(client: Client, answer: Answer) -> dict[str, Any]:
    address = answer.headers["Link"].partition(">")[0].removeprefix("<")
    manifest: dict[str, Any] = client.get(address, by=IVO).json["manifest"]
    return manifest


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize(
    ("format_", "content_type", "ending"),
    [
        ("json", "application/json", ".json"),
        ("jsonl", "application/x-ndjson", ".jsonl"),
        ("csv", "text/csv; charset=utf-8", ".csv"),
        ("ocsf", "application/x-ndjson", ".ocsf.jsonl"),
    ],
)
def test_a_small_export_is_the_answer_with_its_hash_and_a_manifest_to_keep(
    client: Client, format_: str, content_type: str, ending: str
) -> None:
    answer = client.get(f"/v1/audit/export?format={format_}&{A_DAY}", by=IVO)

    sha256 = hashlib.sha256(answer.text.encode())
    manifest = manifest_of(client, answer)
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.headers["Content-Disposition"].endswith(f'{ending}"')
    assert answer.headers["Repr-Digest"] == f"sha-256=:{b64encode(sha256.digest()).decode()}:"
    assert (manifest["sha256"], manifest["size"]) == (sha256.hexdigest(), len(answer.text.encode()))
    assert manifest["file_name"] in answer.headers["Content-Disposition"]


def test_json_holds_the_entries_as_they_are_hashed_and_says_what_it_is(
    client: Client, trail: list[LedgerEntry]
) -> None:
    answer = client.get(f"/v1/audit/export?format=json&{A_DAY}", by=IVO).json

    entries = [LedgerEntry.model_validate(entry) for entry in answer["entries"]]
    assert first_break(entries, after=Head(hash=GENESIS)) is None
    assert (answer["manifest"]["first_seq"], answer["manifest"]["last_seq"]) == (1, len(trail))
    assert (answer["manifest"]["prev_hash"], answer["manifest"]["last_hash"]) == (GENESIS, trail[-1].hash)
    assert (answer["manifest"]["rows"], answer["manifest"]["complete"]) == (len(trail), True)


@pytest.mark.parametrize("query", ["format=json&start_date=2025-01-01&end_date=2025-01-31", "format=jsonl&last=1h"])
def test_the_documented_example_is_answered_also_when_there_is_nothing(client: Client, query: str) -> None:
    assert client.get(f"/v1/audit/export?{query}", by=IVO).status == 200


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("start_date=2026-11-22&end_date=2026-11-22", 5),
        ("start_date=2026-11-21&end_date=2026-11-21", 0),
        ("start_date=2026-11-23", 0),
        ("end_date=2026-11-21", 0),
        ("end_date=2026-11-22", 5),
        ("start_date=2026-11-22&end_date=2026-11-22&zone=Pacific/Kiritimati", 0),
        ("start_date=2026-11-23&end_date=2026-11-23&zone=Pacific/Kiritimati", 5),
    ],
)
@pytest.mark.usefixtures("trail")
def test_a_date_is_the_whole_day_of_the_zone(client: Client, query: str, rows: int) -> None:
    """D2: an end that is a date is in the export; Kiritimati is 14 hours ahead."""
    exported = client.get(f"/v1/audit/export?format=jsonl&{query}", by=IVO)
    listed = client.get(f"/v1/audit/entries?{query}", by=IVO)

    assert len(exported.text.splitlines()) == len(listed.json["entries"]) == rows


def test_filters_apply_only_when_they_are_included(client: Client, trail: list[LedgerEntry]) -> None:
    query = "format=jsonl&event_type=access.approved"

    everything = client.get(f"/v1/audit/export?{query}", by=IVO)
    filtered = client.get(f"/v1/audit/export?{query}&include_filters=true", by=IVO)

    assert len(everything.text.splitlines()) == len(trail)
    assert [json.loads(line)["event_type"] for line in filtered.text.splitlines()] == ["access.approved"]
    assert manifest_of(client, everything)["covers"] == "all entries of the time"
    assert manifest_of(client, filtered)["filter"]["event_types"] == ["access.approved"]
    assert (manifest_of(client, filtered)["rows"], manifest_of(client, filtered)["last_seq"]) == (1, len(trail))


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (f"actor={NOA.id}", 2),
        ("severity=error", 0),
        ("integration=orders-db", 4),
        ("source=api&severity=info", 5),
        ("q=MAYA+asked", 2),
        (f"resource={MAYA.id}", 1),
        ("request_id=req_1", 0),
    ],
)
@pytest.mark.usefixtures("trail")
def test_every_filter_of_entries_can_be_included(client: Client, query: str, rows: int) -> None:
    answer = client.get(f"/v1/audit/export?format=jsonl&include_filters=true&{query}", by=IVO)

    assert len(answer.text.splitlines()) == rows


def test_csv_is_in_the_deployments_zone(client: Client, world: World, trail: list[LedgerEntry]) -> None:
    world.zone = "Europe/Berlin"

    text = client.get(f"/v1/audit/export?format=csv&{A_DAY}", by=IVO).text

    rows = list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row["Number"] for row in rows] == [str(entry.seq) for entry in trail]
    assert rows[0]["Timestamp (UTC+01:00)"].startswith("2026-11-22 13:00")


@pytest.mark.usefixtures("trail")
def test_who_took_what_is_told_before_it_is_handed_out(client: Client, world: World) -> None:
    answer = client.get(f"/v1/audit/export?format=jsonl&{A_DAY}&actor={NOA.id}&include_filters=true", by=ADA)

    told = world.events()[-1]
    assert (told.event_type, told.actor, told.ip_address) == ("audit.exported", ADA.as_actor(), "192.0.2.50")
    assert told.details["sha256"] == hashlib.sha256(answer.text.encode()).hexdigest()
    assert told.details["filter"] == {
        "actors": [NOA.id],
        "since": "2026-11-22T00:00:00.000Z",
        "until": "2026-11-23T00:00:00.000Z",
    }
    assert (told.details["rows"], told.details["first_seq"], told.details["last_seq"]) == (2, 1, 5)


@pytest.mark.usefixtures("trail")
def test_nothing_is_handed_out_when_it_cannot_be_told(client: Client, world: World) -> None:
    world.store.refused_commits = 1

    answer = client.get("/v1/audit/export?format=jsonl", by=IVO)

    assert answer.status == 503
    assert "access.requested" not in answer.text


@pytest.mark.usefixtures("trail")
def test_an_export_holds_what_there_was_when_it_was_asked_for(client: Client, world: World) -> None:
    first = client.get("/v1/audit/export?format=jsonl", by=IVO)
    world.events()
    second = client.get("/v1/audit/export?format=jsonl", by=IVO)

    assert second.text.startswith(first.text)
    assert json.loads(second.text.splitlines()[-1])["event_type"] == "audit.exported"


def test_an_export_ends_before_a_number_that_is_missing(client: Client, world: World, trail: list[LedgerEntry]) -> None:
    """I3: no hole, and it is said."""
    del world.store.ledger[4]

    answer = client.get("/v1/audit/export?format=jsonl", by=IVO)

    manifest = manifest_of(client, answer)
    assert [json.loads(line)["seq"] for line in answer.text.splitlines()] == [1, 2, 3]
    assert (manifest["last_seq"], manifest["last_hash"], manifest["complete"]) == (3, trail[2].hash, False)


def test_what_is_no_longer_kept_is_not_exported(client: Client, world: World, trail: list[LedgerEntry]) -> None:
    """D5: an item past its TTL but still there."""
    world.clock.advance(timedelta(days=91))
    world.submitted()
    world.events()

    answer = client.get("/v1/audit/export?format=json", by=IVO).json

    assert answer["entries"][0]["seq"] == answer["manifest"]["first_seq"] == len(trail) + 1
    assert answer["manifest"]["prev_hash"] == trail[-1].hash


@pytest.mark.parametrize("person", [MAYA, NOA, EVE, ROBOT])
def test_a_requester_does_not_export_the_trail(client: Client, person: Any) -> None:
    """C5: a requester exports the trail."""
    assert client.get("/v1/audit/export?format=csv", by=person).status == 403


@pytest.mark.usefixtures("trail")
def test_an_export_of_somebody_else_is_as_one_that_does_not_exist(client: Client) -> None:
    """C1: other people's objects, byte for byte."""
    address = client.get("/v1/audit/export?format=csv", by=IVO).headers["Link"].partition(">")[0].removeprefix("<")

    others, unknown = client.get(address, by=ADA), client.get("/v1/audit/exports/exp_unknown", by=ADA)

    assert (others.status, others.headers) == (404, unknown.headers)
    assert others.text.replace(address.rpartition("/")[2], "exp_unknown") == unknown.text
    assert client.get(address, by=IVO).status == 200


@pytest.mark.usefixtures("trail")
def test_an_export_is_forgotten_after_a_week(client: Client, world: World) -> None:
    """D5: an item past its TTL but still there."""
    address = client.get("/v1/audit/export?format=csv", by=IVO).headers["Link"].partition(">")[0].removeprefix("<")

    world.clock.advance(timedelta(days=7))

    assert client.get(address, by=IVO).status == 404


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("format=xml", "?format"),
        ("", "?format"),
        ("format=csv&include_filters=perhaps", "?include_filters"),
        ("format=csv&start_date=2026-13-01", "?start_date"),
        ("format=csv&start_date=2026-11-22&end_date=2026-11-20", "?start_date"),
        ("format=csv&end_date=9999-12-31", "?end_date"),
        ("format=csv&limit=5", "?limit"),
        ("format=csv&q=+", "?q"),
    ],
)
def test_a_wrong_parameter_is_named(client: Client, query: str, parameter: str) -> None:
    assert set(client.get(f"/v1/audit/export?{query}", by=IVO).faults) == {parameter}


@pytest.fixture
def small_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_ROWS_INLINE", 2)


@pytest.mark.usefixtures("trail", "small_answers")
def test_a_large_export_is_written_by_a_worker_and_fetched_from_a_link(client: Client, world: World) -> None:
    accepted = client.get("/v1/audit/export?format=jsonl", by=IVO)
    queued = client.get(accepted.headers["Location"], by=IVO).json
    [(person, export)] = world.export_workers.woken
    world.export_jobs.work_on(person, export, has_time=lambda: True)
    done = client.get(accepted.headers["Location"], by=IVO).json

    assert (accepted.status, accepted.json["state"], queued["state"]) == (202, "queued", "queued")
    assert queued["progress"] == {"read": 0, "total": 5, "rows": 0}
    assert set(queued["_links"]) == {"self"}
    assert done["progress"] == {"read": 5, "total": 5, "rows": 5}
    assert (done["state"], done["manifest"]["rows"], done["failure"]) == ("done", 5, None)
    assert set(done["_links"]) == {"self", "download", "manifest"}
    assert world.events()[-1].event_type == "audit.exported"


LAMBDA_ANSWERS_AT_MOST = 6 * 1024**2
"""Bytes."""


@pytest.fixture(scope="module")
def long_trail() -> list[LedgerEntry]:
    """One row more than an answer has."""
    return a_chain(service.MOST_ROWS_INLINE + 1)


def keep(entries: list[LedgerEntry], *, in_: World) -> None:
    in_.store.ledger = {entry.seq: entry for entry in entries}
    in_.store.chain = in_.store.chain.model_copy(update={"seq": entries[-1].seq, "hash": entries[-1].hash})


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_as_many_rows_as_an_answer_has_are_the_answer(
    client: Client, world: World, long_trail: list[LedgerEntry], format_: str
) -> None:
    keep(long_trail[:-1], in_=world)

    answer = client.get(f"/v1/audit/export?format={format_}", by=IVO)

    manifest = manifest_of(client, answer)
    assert (answer.status, manifest["rows"], manifest["last_seq"], manifest["complete"]) == (200, 5_000, 5_000, True)
    assert answer.text.count(long_trail[0].event_type) == 5_000


@pytest.mark.parametrize("format_", ["csv", "json"])
@pytest.mark.parametrize("filters", ["", "&include_filters=true&severity=info"], ids=["everything", "filtered"])
def test_one_row_more_is_left_to_a_worker(
    client: Client, world: World, long_trail: list[LedgerEntry], format_: str, filters: str
) -> None:
    keep(long_trail, in_=world)

    answer = client.get(f"/v1/audit/export?format={format_}{filters}", by=IVO)

    assert (answer.status, answer.json["progress"]["total"]) == (202, 5_001)
    assert len(world.export_workers.woken) == 1


@pytest.mark.parametrize(("rows", "status"), [(1_000, 200), (1_050, 202)])
def test_fewer_rows_are_an_answer_only_if_lambda_can_pass_it_on(
    client: Client, world: World, long_trail: list[LedgerEntry], rows: int, status: int
) -> None:
    """Each is of some 5,300 bytes as JSON: an answer is JSON within JSON."""
    keep([entry.model_copy(update={"description": "ä" * 766}) for entry in long_trail[:rows]], in_=world)

    answer = client.get("/v1/audit/export?format=jsonl", by=IVO)

    assert answer.status == status
    assert len(json.dumps({"headers": answer.headers, "body": answer.text})) < LAMBDA_ANSWERS_AT_MOST


@pytest.mark.usefixtures("trail", "small_answers")
def test_a_person_has_only_so_many_exports_under_way(client: Client) -> None:
    """H2: one person keeps all workers busy."""
    answers = [client.get("/v1/audit/export?format=jsonl", by=IVO).status for _ in range(service.MOST_UNDER_WAY + 1)]

    assert answers == [202] * service.MOST_UNDER_WAY + [429]
    assert client.get("/v1/audit/export?format=jsonl", by=ADA).status == 202


@pytest.mark.usefixtures("trail")
def test_more_than_is_ever_exported_is_refused_clearly(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: never cut silently."""
    monkeypatch.setattr(domain, "MOST_ROWS", 4)

    assert client.get("/v1/audit/export?format=csv", by=IVO).faults == {
        "?start_date": "5 entries are more than 4 at once"
    }


def test_a_call_that_only_looks_is_named_in_the_event(client: Client, world: World) -> None:
    client.get("/v1/audit/export?format=csv&last=1h", by=IVO)

    [told] = world.events()
    assert told.details["call"] == {
        "method": "GET",
        "path": "/v1/audit/export",
        "query": "format=csv&last=1h",
    }
