"""The console in a real browser, on the running stack: every page, the worked example by clicks, and no fault said."""

import time

import pytest
from playwright.sync_api import Route, expect

from nightlatch.entrypoints.local.accounts import ACCOUNTS, PASSWORD
from tests.e2e.browsing import LOOKS, NEEDS_CHROMIUM, PATIENCE, Reader, Reading, faults_of

pytestmark = NEEDS_CHROMIUM

PAGES = ("/", "/request", "/approvals", "/account/sessions", "/auth/signed-out", "/nowhere")


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.username)
def test_each_demo_account_signs_in_with_one_click_and_out_again(reading: Reading, account: object) -> None:
    name = account.name  # type: ignore[attr-defined]
    reader = reading(name)
    expect(reader.page.get_by_role("heading", name="My access")).to_be_visible()

    reader.page.get_by_role("button", name=name).click()
    reader.page.get_by_role("button", name="Sign out").click()

    expect(reader.page.get_by_role("heading", name="You are signed out")).to_be_visible()
    expect(reader.open("/").get_by_role("heading", name="Sign in to go on")).to_be_visible()


def test_somebody_else_signs_in_with_a_password(reading: Reading) -> None:
    reader = reading()
    reader.open("/request").get_by_role("link", name="Sign in").click()
    reader.page.get_by_role("link", name="Somebody else").click()
    reader.page.get_by_label("Username").fill("maya")
    reader.page.get_by_label("Password").fill(PASSWORD)
    reader.page.get_by_role("button", name="Sign in").click()

    expect(reader.page.get_by_role("heading", name="Request access")).to_be_visible()


def test_the_worked_example_by_clicks(reading: Reading) -> None:
    maya, noa, omar = reading("Maya Cohen"), reading("Noa Levi"), reading("Omar Haddad")

    _ask(maya, "role1", "role3")
    request = maya.page.url.removeprefix(maya.address)
    _approve(noa, request, leaving="role1")
    _approve(omar, request)
    expect(maya.page.get_by_text("Granted", exact=True)).to_be_visible(timeout=PATIENCE)  # without loading again
    maya.page.get_by_role("button", name="Show how to connect").click()
    expect(maya.page.get_by_role("button", name="Copy password")).to_be_visible()
    maya.open(request).get_by_role("button", name="Give back").click()

    expect(maya.page.get_by_text("Canceled", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(maya.page.get_by_text("Given back, and gone from the target")).to_be_visible(timeout=PATIENCE)


def _ask(reader: Reader, *roles: str) -> None:
    page = reader.open("/request")
    page.get_by_role("searchbox").press_sequentially("role", delay=20)
    expect(page.get_by_role("button", name="Pick reporting_read")).to_have_count(0)
    for role in roles:
        page.locator(f"button[value='orders-db/database/orders/{role}']").click()
    page.get_by_label("Why you need it").fill("INC-2291 duplicate charges")
    expect(page.get_by_text("You may ask for this.")).to_be_visible()
    page.get_by_role("button", name="Send the request").click()
    page.wait_for_url("**/requests/*")


def _approve(reader: Reader, request: str, *, leaving: str | None = None) -> None:
    page = reader.open(request)
    if leaving:
        page.get_by_role("checkbox", name=leaving).uncheck()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_load_state()


def test_everything_is_there_without_scripts(reading: Reading) -> None:
    maya, noa = reading("Maya Cohen", java_script_enabled=False), reading("Noa Levi", java_script_enabled=False)
    page = maya.open("/request")
    page.get_by_role("searchbox").fill("role3")
    page.get_by_role("button", name="Find").click()
    page.locator("button[value='orders-db/database/orders/role3']").click()
    page.get_by_label("Why you need it").fill("INC-2292")
    page.get_by_role("button", name="See what would come of it").click()
    expect(page.get_by_text("You may ask for this.")).to_be_visible()
    page.get_by_role("button", name="Send the request").click()
    request = page.url.removeprefix(maya.address)

    waiting = noa.open("/approvals").locator("li", has=noa.page.locator(f'a[href="{request}"]'))
    waiting.get_by_role("textbox").fill("use the replica")
    waiting.get_by_role("button", name="Reject").click()

    expect(maya.open(request).get_by_text("Rejected", exact=True).first).to_be_visible()
    expect(page.get_by_text("Rejected by Noa Levi")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_is_accessible_and_fits(reading: Reading, scheme: str, width: int) -> None:
    maya = reading("Maya Cohen", color_scheme=scheme, viewport={"width": width, "height": 844})
    _ask_at_once(maya)
    noa = reading("Noa Levi", color_scheme=scheme, viewport={"width": width, "height": 844})

    request = maya.page.url.removeprefix(maya.address)
    seen = [(maya, path) for path in (*PAGES, request, "/request?item=orders-db/database/orders/role3")]
    faults = {path: faults_of(reader, path) for reader, path in [*seen, (noa, "/approvals")]}
    maya.open(request).get_by_role("button", name="Withdraw").click()

    assert {path: found for path, found in faults.items() if found} == {}


def _ask_at_once(reader: Reader) -> None:
    page = reader.open("/request?item=orders-db/database/orders/role1")
    page.get_by_label("Why you need it").fill("INC-2293")
    expect(page.locator("#outcome .told-good, #outcome .told-bad")).to_be_visible()
    former = page.get_by_role("link", name="look at it")
    (former if former.count() else page.get_by_role("button", name="Send the request")).click()
    page.wait_for_url("**/requests/*")


def test_nothing_is_asked_for_before_all_scripts_are_there(reading: Reading) -> None:
    noa = reading("Noa Levi")
    noa.page.route("**/static/hx-csp-*", _late)

    with noa.page.expect_response("**/approvals/count") as counted:
        noa.open("/account/sessions")
    noa.page.wait_for_load_state("networkidle")

    assert counted.value.ok


def _late(route: Route) -> None:
    time.sleep(2)
    route.continue_()


def test_the_menu_opens_on_a_phone_and_leads_on(reading: Reading) -> None:
    maya = reading("Maya Cohen", viewport={"width": 390, "height": 844})

    maya.page.get_by_role("button", name="Menu").click()
    maya.page.get_by_role("link", name="Approvals").click()

    expect(maya.page.get_by_role("heading", name="Approvals")).to_be_visible()


def test_times_are_shown_in_the_readers_own_zone_on_a_switch(reading: Reading) -> None:
    maya = reading("Maya Cohen", timezone_id="Asia/Tokyo")
    time = maya.open("/account/sessions").locator("time").first
    before = time.text_content()

    maya.page.get_by_text("Local time").click()

    expect(time).not_to_have_text(before or "")
