"""The console's Activity on the running stack: filters by clicks, the panel, several revoked at once, a report."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import LOOKS, NEEDS_CHROMIUM, PATIENCE, Reader, Reading, faults_of

pytestmark = NEEDS_CHROMIUM

HERE = "/oversight/activity"
NOTED = "INC-7100 looked at in Activity"


@pytest.fixture
def granted(reading: Reading) -> Iterator[list[str]]:
    """Let Maya hold two things, and name both requests. What is left of them afterwards is given back."""
    maya, noa = reading("Maya Cohen"), reading("Noa Levi")
    requests = [_asked(maya, role) for role in ("role1", "role3")]
    for request in requests:
        noa.open(f"/requests/{request}").get_by_role("button", name="Approve").click()
        expect(noa.open(f"/requests/{request}").get_by_text("Granted", exact=True).first).to_be_visible(
            timeout=PATIENCE
        )
    yield requests
    for request in requests:
        back = maya.open(f"/requests/{request}").get_by_role("button", name="Give back")
        if back.count():
            back.click()


def _asked(maya: Reader, role: str) -> str:
    page = maya.open(f"/request?item=orders-db/database/orders/{role}")
    page.get_by_label("Why you need it").fill(NOTED)
    page.get_by_role("button", name="Send the request").click()
    page.wait_for_url("**/requests/*")
    return page.url.rpartition("/")[2]


def test_requests_are_filtered_opened_and_revoked_several_at_once(
    reading: Reading, granted: list[str], tmp_path: Path
) -> None:
    ada = reading("Ada Berg")
    page = ada.open(HERE)
    expect(page.get_by_text("Median time to access")).to_be_visible()

    page.get_by_role("button", name="Status").click()
    page.locator("#filter-status").get_by_text("Granted").click()
    page.get_by_role("button", name="Requester").click()
    page.locator("#filter-requester").get_by_role("searchbox").fill("maya")
    page.locator("#filter-requester").get_by_role("checkbox", name="Maya Cohen").check()
    page.locator("#filter-requester").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name="Requester Maya Cohen")).to_be_visible()
    assert "status=GRANTED" in page.url

    page.locator(f"#row-{granted[0]} a.cover").click()
    expect(page.locator("#panel").get_by_text(NOTED)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#panel .panel-in")).to_have_count(0)

    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export").click()
        page.get_by_role("button", name="Download").click()
    downloading.value.save_as(tmp_path / "report.csv")
    rows = csv.DictReader(StringIO((tmp_path / "report.csv").read_text("utf-8-sig")))
    assert {row["Request"] for row in rows} >= set(granted)

    page.get_by_role("link", name="Back to the list").click()
    for request in granted:
        page.locator(f"#row-{request} input").check()
    page.get_by_label("Why the chosen access ends").fill("the incident is over")
    page.get_by_role("button", name="Revoke what is chosen").click()
    expect(page.get_by_text("Ending")).to_have_count(2)
    for request in granted:
        expect(ada.open(f"/requests/{request}").get_by_text("Revoked", exact=True)).to_be_visible(timeout=PATIENCE)


FILTERS = ("status", "resource_type", "requester", "integration", "resource", "permission", "flow", "source")


def test_every_filter_is_chosen_by_clicks(reading: Reading) -> None:
    page = reading("Ada Berg").open(f"{HERE}?amount=all")
    for name in FILTERS:
        pill = page.locator(f"[popovertarget=filter-{name}]")
        if not pill.is_visible():
            page.get_by_text("More filters").click()
        pill.click()
        page.locator(f"#filter-{name} input[type=checkbox]").first.check()
        page.locator(f"#filter-{name}").get_by_role("button", name="Apply").click()
        page.wait_for_url(f"**{name}=*")
        expect(page.locator(f"[popovertarget=filter-{name}].on")).to_be_visible()

    page.get_by_role("link", name="Clear", exact=True).first.click()
    page.get_by_role("button", name="Last 7 days").click()
    page.get_by_label("Last", exact=True).fill("3")
    page.get_by_label("Unit").select_option("weeks")
    page.get_by_label("Round to the hour").check()
    page.locator("#filter-time").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name="Last 3 weeks")).to_be_visible()
    assert "round=hour" in page.url

    page.get_by_role("button", name="Last 3 weeks").click()
    page.get_by_text("Absolute").click()
    page.get_by_label("From").fill("2026-01-01T00:00")
    page.get_by_label("Read as").select_option("UTC")
    page.locator("#filter-time").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name="2026-01-01 00:00 to now")).to_be_visible()
    assert "amount" not in page.url


def test_every_filter_is_there_without_scripts(reading: Reading) -> None:
    ada = reading("Ada Berg", java_script_enabled=False)

    page = ada.open(f"{HERE}?amount=all")
    page.get_by_role("button", name="Status").click()
    page.locator("#filter-status").get_by_text("Rejected").click()
    page.locator("#filter-status").get_by_role("button", name="Apply").click()

    assert "status=REJECTED" in page.url
    expect(page.get_by_role("button", name="Status Rejected")).to_be_visible()
    expect(ada.open(f"{HERE}/figures").get_by_text("Median time to access")).to_be_visible()


def test_a_view_is_kept(reading: Reading) -> None:
    ada = reading("Ada Berg")
    page = ada.open(f"{HERE}?status=FAILED&amount=30&unit=d")
    page.get_by_role("button", name="view").first.click()
    page.get_by_label("Keep what is shown now as").fill("What failed")
    page.get_by_role("button", name="Save", exact=True).click()

    page = ada.open(HERE)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("link", name="What failed").click()
    assert "status=FAILED" in page.url

    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Remove the view What failed").click()
    expect(page.get_by_role("button", name="Save view")).to_be_visible()


def test_the_search_is_a_key_away_and_rows_are_walked_with_keys(reading: Reading) -> None:
    page = reading("Ada Berg").open(f"{HERE}?amount=all")
    page.keyboard.press("j")
    expect(page.locator("a.cover").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search by ID")).to_be_focused()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_its_pages_are_accessible_and_fit(reading: Reading, scheme: str, width: int) -> None:
    ada = reading("Ada Berg", color_scheme=scheme, viewport={"width": width, "height": 844})
    newest = ada.open(f"{HERE}?amount=all").locator("tbody tr").first.get_attribute("id") or ""
    paths = (
        HERE,
        f"{HERE}?open={newest.removeprefix('row-')}",
        f"{HERE}?q=nothing-so-called",
        f"{HERE}/export",
        f"{HERE}/figures",
    )

    faults = {path: faults_of(ada, path) for path in paths}

    assert {path: found for path, found in faults.items() if found} == {}
