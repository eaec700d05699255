"""Taking the trail with you as a PDF: from the query to the file, with the typesetter as it is."""

import hashlib
import json
from io import BytesIO
from types import ModuleType
from typing import Any

import pytest
from pypdf import PdfReader

from nightlatch.adapters.pdf.evidence_pdf import evidence_pdf
from nightlatch.domain import export as domain
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.entrypoints.api.openapi import load_function
from nightlatch.services.reports import Reports
from tests.builders import EVE, IVO, MAYA, World
from tests.functions.client import ROOT, Answer, Client, Context

A_PDF = "/v1/audit/export?format=pdf&start_date=2026-11-22&end_date=2026-11-22"


@pytest.fixture
def reports_app(world: World, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function, with the files of the world; the printer of the world calls it."""
    app = load_function("reports")
    monkeypatch.setattr(app, "reports", lambda: Reports(files=world.files, typeset=evidence_pdf, table="ledger"))
    return app


@pytest.fixture
def _printing(world: World, reports_app: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def print_records(records: str, *, to: str) -> None:
        assert reports_app.handler({"records": records, "target": to}, Context()) == {"refusal": ""}

    monkeypatch.setattr(world.report_printer, "print_records", print_records)


def worked_on(client: Client, world: World, accepted: Answer) -> dict[str, Any]:
    """Let a worker do what it was woken for, and look at the export."""
    [(person, export)] = world.export_workers.woken
    world.export_jobs.work_on(person, export, has_time=lambda: True)
    job: dict[str, Any] = client.get(accepted.headers["Location"], by=IVO).json
    return job


@pytest.mark.usefixtures("_printing")
def test_a_pdf_is_made_by_a_worker_however_small_and_holds_the_trail(client: Client, world: World) -> None:
    world.submitted()
    world.events()
    hashes = [entry.hash for entry in world.store.ledger.values()]

    accepted = client.get(A_PDF, by=IVO)
    job = worked_on(client, world, accepted)

    [name] = [name for name in world.files.kept if name.endswith(".pdf")]
    pdf = world.files.kept[name]
    reader = PdfReader(BytesIO(pdf))
    [records] = reader.attachments["records.json"]
    assert (accepted.status, job["state"], job["format"]) == (202, "done", "pdf")
    assert (job["manifest"]["sha256"], job["manifest"]["size"]) == (hashlib.sha256(pdf).hexdigest(), len(pdf))
    assert job["manifest"]["content_type"] == "application/pdf"
    assert records == world.files.kept[f"{name}.records.json"]
    assert [entry["hash"] for entry in json.loads(records)["entries"]] == hashes
    assert "DynamoDB table ledger, eu-central-1, account 123456789012" in reader.pages[0].extract_text()
    assert "22 November 2026" in reader.pages[0].extract_text()
    assert set(job["_links"]) == {"self", "download", "manifest"}


def test_what_cannot_be_printed_fails_with_the_reason_and_nothing_is_handed_out(client: Client, world: World) -> None:
    world.submitted()
    world.report_printer.refusal = "2,100,000 characters are more than 2,000,000, the most of a PDF"

    job = worked_on(client, world, client.get(A_PDF, by=IVO))

    assert (job["state"], job["failure"], job["manifest"]) == ("failed", world.report_printer.refusal, None)
    assert set(job["_links"]) == {"self"}
    assert "audit.exported" not in [event.event_type for event in world.events()]


def test_while_nothing_can_be_printed_the_export_waits_for_the_next_worker(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = client.get(A_PDF, by=IVO)
    with monkeypatch.context() as patch:
        patch.setattr(world.report_printer, "print_records", unavailable)
        with pytest.raises(StoreUnavailableError):
            worked_on(client, world, accepted)
    waiting = client.get(accepted.headers["Location"], by=IVO).json

    done = worked_on(client, world, accepted)

    assert (waiting["state"], done["state"]) == ("running", "done")


def unavailable(records: str, *, to: str) -> None:  # noqa: ARG001  # the names are the port's
    raise StoreUnavailableError("no PDF can be made just now")


def test_more_than_a_pdf_is_made_of_is_refused_at_once(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H1: never cut silently."""
    world.submitted()
    trail = world.events()
    monkeypatch.setattr(domain, "MOST_PRINTED_ROWS", len(trail) - 1)

    refused = client.get(A_PDF, by=IVO)

    assert refused.faults == {"?start_date": f"{len(trail)} entries are more than {len(trail) - 1} at once"}
    assert client.get(A_PDF.replace("pdf", "jsonl"), by=IVO).status == 200


def test_more_wanted_entries_than_a_pdf_is_made_of_are_refused_when_they_are_found(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H1: never cut silently."""
    world.submitted()
    world.events()
    monkeypatch.setattr(domain, "MOST_PRINTED_ROWS", 1)

    job = worked_on(client, world, client.get(f"{A_PDF}&include_filters=true&severity=info", by=IVO))

    assert job["state"] == "failed"
    assert "more than 1 entries" in job["failure"]


@pytest.mark.parametrize("person", [MAYA, EVE])
def test_a_requester_makes_no_pdf_of_the_trail(client: Client, person: Any) -> None:
    """C5: a requester exports the trail."""
    assert client.get(A_PDF, by=person).status == 403


def test_the_recorded_event_is_refused_where_its_records_are_no_export(world: World, reports_app: ModuleType) -> None:
    event = json.loads((ROOT / "events" / "reports_make.json").read_text())
    world.files.kept[event["records"]] = b"{}"

    answer = reports_app.handler(event, Context())

    assert answer == {"refusal": "the records are not an export as JSON"}
    assert event["target"] not in world.files.kept
