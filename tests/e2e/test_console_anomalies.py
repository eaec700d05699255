"""Anomalies and approvals in a real browser: what a real request gives rise to, and what people make of it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import LOOKS, NEEDS_CHROMIUM, PATIENCE, Reading, faults_of
from tests.e2e.person import JsonObject, Person, until
from tests.e2e.places import SOON

pytestmark = NEEDS_CHROMIUM

ANOMALIES = "/oversight/anomalies"


@pytest.fixture
def found(newcomer: Person, person: Callable[[str], Person]) -> JsonObject:
    """Grant somebody's first request, and wait until it stands out."""
    request_id = newcomer.ask("role1")
    person("noa").command(request_id, "approve")
    newcomer.wait_for(request_id, "GRANTED")
    listed = until(
        lambda: person("ivo").get("/v1/anomalies", request_id=request_id, type="inactive_user"),
        lambda page: bool(page["anomalies"]),
        within=SOON,
    )
    return dict(listed["anomalies"][0])


def opened(page: Page, anomaly: JsonObject) -> Page:
    """Open an anomaly from the list."""
    page.locator(f"#row-{anomaly['id']} a.cover").click()
    expect(page.locator("#panel").get_by_role("heading", name="Inactive user detected")).to_be_visible()
    return page


def test_what_a_request_gave_rise_to_is_opened_revoked_and_resolved(
    reading: Reading, found: JsonObject, newcomer: Person
) -> None:
    ada = reading("Ada Berg")
    expect(ada.page.locator("nav .count .urgent")).to_be_visible()
    ada.page.get_by_role("link", name="Anomalies").click()
    page = opened(ada.page, found)
    expect(page.locator("#panel")).to_contain_text("the first time ever")
    expect(page.locator("#panel .measures")).to_contain_text("Days")

    page.get_by_label("Why the access ends").fill("nobody knows her")
    page.get_by_role("button", name="Revoke access").click()
    newcomer.wait_for(found["request_id"], "REVOKED")
    expect(page.get_by_role("button", name="Revoke access")).to_have_count(0)
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what came of it")
    [refused] = ada.complaints  # of a form that is shown again, a browser says so
    assert "400 (Bad Request)" in refused
    ada.complaints.clear()
    page.get_by_label("Note").fill("she begins on Monday")
    page.get_by_role("button", name="Resolve").click()

    expect(page.locator("#panel .marks")).to_contain_text("Resolved")
    expect(page.locator("#panel")).to_contain_text("she begins on Monday")


def test_an_auditor_looks_without_scripts(reading: Reading, found: JsonObject, newcomer: Person) -> None:
    ivo = reading("Ivo Marin", java_script_enabled=False)
    page = opened(ivo.open(f"{ANOMALIES}?type=inactive_user&state=open"), found)
    newcomer.command(found["request_id"], "return")

    expect(page.get_by_role("button", name="Resolve")).to_have_count(0)
    page.get_by_role("link", name="Open as a page").click()
    expect(page.get_by_text("Recommended")).to_be_visible()
    page.get_by_role("link", name="To the anomalies").click()
    expect(page.get_by_role("heading", name="Anomalies")).to_be_visible()


def test_who_reads_approvals_is_told_of_more_and_keeps_what_they_typed(reading: Reading, newcomer: Person) -> None:
    first = newcomer.ask("role1")
    noa = reading("Noa Levi")
    page = noa.open("/approvals")
    reason = page.locator(f"#{first}").get_by_role("textbox")
    reason.fill("half a reason")
    second = newcomer.ask("role3")

    expect(page.locator("#news")).to_contain_text("more", timeout=PATIENCE)
    page.get_by_role("link", name="Show what waits now").click()

    expect(page.locator(f"#{second}")).to_be_visible()
    expect(reason).to_have_value("half a reason")
    for request_id in (first, second):
        newcomer.command(request_id, "cancel")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_is_accessible_and_fits(
    reading: Reading, found: JsonObject, newcomer: Person, scheme: str, width: int
) -> None:
    newcomer.command(found["request_id"], "return")
    ada = reading("Ada Berg", color_scheme=scheme, viewport={"width": width, "height": 844})
    paths = (ANOMALIES, f"{ANOMALIES}?open={found['id']}", f"{ANOMALIES}/{found['id']}", "/approvals")

    faults = {path: faults_of(ada, path) for path in paths}

    assert {path: said for path, said in faults.items() if said} == {}
