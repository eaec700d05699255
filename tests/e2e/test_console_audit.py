"""The audit log in a real browser, on the running stack: read, filtered, checked again and taken along."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import LOOKS, NEEDS_CHROMIUM, Reader, Reading, faults_of
from tests.e2e.person import Person

pytestmark = NEEDS_CHROMIUM

AUDIT = "/oversight/audit"
AUDITOR = "Ivo Marin"


@pytest.fixture(scope="module")
def asked(person: Callable[[str], Person]) -> str:
    """Somebody has asked for something and withdrawn it: the id of the request."""
    maya = person("maya")
    request_id = maya.ask("role3")
    maya.command(request_id, "cancel", {"reason": "not needed"})
    maya.timeline(request_id, count=2)
    return request_id


def rows(reader: Reader) -> int:
    return reader.page.locator("table.audit tbody tr").count()


def test_an_auditor_follows_a_request_through_the_trail(reading: Reading, asked: str) -> None:
    ivo = reading(AUDITOR)
    page = ivo.open(f"{AUDIT}?request_id={asked}")
    expect(page.get_by_role("table").get_by_text("Canceled", exact=True)).to_be_visible()

    page.locator("a.session").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("INC-2291 duplicate charges")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()

    page.locator("a.cover").first.click()
    expect(page.get_by_text("Its content gives its hash")).to_be_visible()
    expect(page.locator("#panel").get_by_text("reason", exact=True)).to_be_visible()
    page.get_by_role("link", name="Close").click()
    expect(page.get_by_text("Its content gives its hash")).to_have_count(0)


def test_filters_are_chosen_by_clicks(reading: Reading, asked: str) -> None:
    ivo = reading(AUDITOR)
    page = ivo.open(f"{AUDIT}?request_id={asked}")

    page.get_by_role("button", name="State").click()
    page.get_by_label("Search state").fill("cancel")
    page.get_by_role("checkbox", name="Canceled").check()
    page.keyboard.press("Escape")

    expect(page).to_have_url(f"{ivo.address}{AUDIT}?state=Canceled&request_id={asked}")
    assert rows(ivo) == 1


def test_the_switch_moves_the_times_of_the_filter_too(reading: Reading) -> None:
    ivo = reading(AUDITOR, timezone_id="Asia/Tokyo")
    page = ivo.open(f"{AUDIT}?since=2026-01-01T00:00&zone=UTC")

    page.get_by_text("Local time").click()
    expect(page.get_by_label("Since")).to_have_value("2026-01-01T09:00")
    expect(page.get_by_role("columnheader", name="Time (Asia/Tokyo)")).to_be_visible()
    page.get_by_role("button", name="Apply").last.click()

    expect(page).to_have_url(f"{ivo.address}{AUDIT}?since=2026-01-01T09%3A00&zone=Asia%2FTokyo")
    expect(page.get_by_label("Since")).to_have_value("2026-01-01T09:00")


def test_the_newest_records_are_checked_again(reading: Reading) -> None:
    ivo = reading(AUDITOR)
    page = ivo.open(AUDIT)

    page.get_by_role("button", name="Verify again").click()

    expect(page.locator("#proof")).to_contain_text("were hashed again just now, and each follows from the one before")
    assert page.url == f"{ivo.address}{AUDIT}"


def test_an_export_is_downloaded_and_read(reading: Reading, asked: str, tmp_path: Path) -> None:
    ivo = reading(AUDITOR)
    page = ivo.open(f"{AUDIT}?request_id={asked}")

    page.get_by_role("button", name="Export").first.click()
    page.get_by_label("JSON Lines").check()
    page.get_by_label("Include filters").check()
    with page.expect_download() as downloading:
        page.locator("#export").get_by_role("button", name="Export").click()

    downloading.value.save_as(tmp_path / "export.jsonl")
    entries = [json.loads(line) for line in (tmp_path / "export.jsonl").read_text().splitlines()]
    assert [entry["event_type"] for entry in entries][:2] == ["access.requested", "access.canceled"]
    assert {entry["request_id"] for entry in entries} == {asked}


def test_all_of_it_works_without_scripts(reading: Reading, asked: str) -> None:
    ivo = reading(AUDITOR, java_script_enabled=False)
    page = ivo.open(f"{AUDIT}?request_id={asked}")

    page.get_by_role("button", name="State").click()
    page.get_by_role("checkbox", name="Created").check()
    page.locator("#filter-state").get_by_role("button", name="Apply").click()
    assert rows(ivo) == 1
    page.locator("a.cover").first.click()
    expect(page.get_by_text("Its content gives its hash")).to_be_visible()
    page.get_by_role("button", name="Verify again").click()
    expect(page.locator("#proof")).to_contain_text("were hashed again just now")
    page.get_by_role("link", name="All records").click()
    with page.expect_download():
        page.get_by_role("button", name="Export").first.click()
        page.locator("#export").get_by_role("button", name="Export").click()


def test_a_pdf_is_a_job_with_a_link_in_the_end(reading: Reading, asked: str) -> None:
    ivo = reading(AUDITOR)
    page = ivo.open(f"{AUDIT}/export?request_id={asked}")

    page.get_by_label("PDF").check()
    page.get_by_label("Include filters").check()
    page.get_by_role("button", name="Export").click()

    expect(page.get_by_role("link", name="Download the file")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_is_accessible_and_fits(reading: Reading, asked: str, scheme: str, width: int) -> None:
    ivo = reading(AUDITOR, color_scheme=scheme, viewport={"width": width, "height": 844})
    page = ivo.open(f"{AUDIT}?request_id={asked}")
    entry = str(page.locator("tbody tr").first.get_attribute("id")).removeprefix("row-")

    paths = (AUDIT, f"{AUDIT}?open={entry}", f"{AUDIT}/{entry}", f"{AUDIT}/export?state=Denied")
    faults = {path: faults_of(ivo, path) for path in paths}

    assert {path: found for path, found in faults.items() if found} == {}
