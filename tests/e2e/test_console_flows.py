"""Access flows in a real browser, on the running stack: made, changed, looked back at and deleted, by clicks."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import LOOKS, NEEDS_CHROMIUM, Reading, faults_of

pytestmark = NEEDS_CHROMIUM

ADMINISTRATOR = "Ada Berg"
FLOWS = "/configuration/flows"


def test_a_flow_is_made_with_what_would_come_of_it_beside_the_form_and_changed_and_deleted(reading: Reading) -> None:
    page = reading(ADMINISTRATOR).open(FLOWS)
    page.get_by_role("link", name="New access flow").click()
    preview = page.locator("#preview")
    page.get_by_label("Name", exact=True).fill("Night shift")
    page.get_by_label("Id", exact=True).fill("night-shift")
    _add(page, "condition-0-values", "developers")
    expect(page.get_by_role("checkbox", name="developers")).to_be_checked()
    page.get_by_label("Integration").select_option("orders-db")
    page.get_by_label("Resources by name").fill("orders")
    page.get_by_label("Permissions, one a line").fill("role1")
    expect(preview.get_by_text("Who approves, step 1: must name people or groups.")).to_be_visible()
    _add(page, "step-0-groups", "approvers")
    page.get_by_role("button", name="Add a step").click()
    _add(page, "step-1-groups", "admins")

    expect(preview.get_by_text("This can be saved.")).to_be_visible()
    expect(preview.get_by_text("then 1 of admins")).to_be_visible()
    expect(preview.locator(".rlist code", has_text="role1")).to_be_visible()
    page.get_by_role("button", name="Make the flow").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    page.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Remove step 2").click()
    page.get_by_label("At most", exact=True).fill("4")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Changed, version 2")).to_be_visible()
    expect(page.locator(".diff ins", has_text="4 h")).to_be_visible()

    _delete(page, "Night shift")


def test_a_flow_is_made_without_scripts_and_two_administrators_do_not_overwrite_each_other(reading: Reading) -> None:
    reader = reading(ADMINISTRATOR, java_script_enabled=False)
    mine = reader.open(f"{FLOWS}/_new")
    mine.get_by_label("Name", exact=True).fill("Plain")
    mine.get_by_label("Id", exact=True).fill("plain")
    mine.get_by_label("One of", exact=True).fill("developers")
    mine.get_by_label("Integration").select_option("orders-db")
    mine.get_by_label("Resources by name").fill("orders")
    mine.get_by_label("Permissions, one a line").fill("role1")
    mine.get_by_label("Groups", exact=True).fill("approvers")
    mine.get_by_role("button", name="Add a condition").click()
    mine.get_by_label("One of", exact=True).nth(1).fill("operators")
    mine.get_by_role("main").get_by_role("button", name="See what would come of it").click()
    expect(mine.get_by_text("In developers or in operators")).to_be_visible()
    mine.get_by_role("button", name="Make the flow").click()
    mine.get_by_role("link", name="Edit").click()
    theirs = reading(ADMINISTRATOR, java_script_enabled=False).open(f"{FLOWS}/plain/edit")
    theirs.get_by_label("At most", exact=True).fill("6")
    theirs.get_by_role("button", name="Save").click()

    mine.get_by_label("Name", exact=True).fill("Plain, but mine")
    mine.get_by_role("button", name="Save").click()

    expect(mine.get_by_role("heading", name="changed this flow meanwhile")).to_be_visible()
    reader.complaints[:] = [one for one in reader.complaints if "412 (Precondition Failed)" not in one]
    expect(mine.locator(".diff ins", has_text="6 h")).to_be_visible()
    expect(mine.get_by_label("Name", exact=True)).to_have_value("Plain, but mine")
    mine.get_by_role("button", name="Save over version 2").click()
    expect(mine.get_by_role("heading", name="Plain, but mine").first).to_be_visible()
    _delete(mine, "Plain, but mine")


def _add(page: Page, field: str, name: str) -> None:
    page.locator(f"#{field}").fill(name)
    page.locator(f"#{field}").press("Tab")
    expect(page.locator(f"#field-{field} .pick", has_text=name)).to_be_visible()


def _delete(page: Page, name: str) -> None:
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Access flows")).to_be_visible()
    expect(page.get_by_role("link", name=name)).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_access_flows_are_accessible_and_fit(reading: Reading, scheme: str, width: int) -> None:
    ada = reading(ADMINISTRATOR, color_scheme=scheme, viewport={"width": width, "height": 844})
    flow = str(ada.open(FLOWS).locator("a.cover").first.get_attribute("href"))

    faults = {path: faults_of(ada, path) for path in (FLOWS, f"{FLOWS}/_new", flow, f"{flow}/edit", f"{flow}/delete")}

    assert {path: found for path, found in faults.items() if found} == {}
