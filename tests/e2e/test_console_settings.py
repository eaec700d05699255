"""Settings and people in a real browser, on the running stack: changed, tried on the past, and stopped, by clicks."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import LOOKS, NEEDS_CHROMIUM, PATIENCE, Reader, Reading, faults_of

pytestmark = NEEDS_CHROMIUM

ADMINISTRATOR = "Ada Berg"
SETTINGS = "/configuration/settings"
PAGES = (
    SETTINGS,
    f"{SETTINGS}/audit",
    f"{SETTINGS}/deployment",
    f"{SETTINGS}/detectors",
    f"{SETTINGS}/detectors/access_automation",
    f"{SETTINGS}/detectors/words",
    f"{SETTINGS}/rules",
    f"{SETTINGS}/rules/settings-out-of-hours",
    f"{SETTINGS}/new-rule",
    "/configuration/people",
)


def test_a_detector_is_tried_on_the_past_and_then_switched_on(reading: Reading) -> None:
    page = reading(ADMINISTRATOR).page
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Detectors").click()
    page.get_by_role("link", name="Reciprocal approvals").click()

    page.get_by_label("Days remembered").fill("60")
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=PATIENCE)  # without loading again
    page.get_by_role("link", name="Go on with these settings").click()
    expect(page.get_by_role("switch", name="It looks")).to_be_checked()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Days remembered")).to_have_value("60")
    page.get_by_role("button", name="As it was at first").click()
    expect(page.get_by_label("Days remembered")).to_have_value("30")
    page.get_by_text("It looks", exact=True).click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("switch", name="It looks")).not_to_be_checked()


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_rule_is_made_and_taken_away(reading: Reading, has_scripts: bool) -> None:
    reader = reading(ADMINISTRATOR, java_script_enabled=has_scripts)
    page = reader.open(f"{SETTINGS}/rules")
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Name", exact=True).fill("Rejections in a row")
    page.get_by_label("Id", exact=True).fill("Rejections!")
    page.get_by_label("Names, one a line").fill("access.rejected")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("Must be lower case letters, digits and inner hyphens")).to_be_visible()
    reader.complaints[:] = [one for one in reader.complaints if "400 (Bad Request)" not in one]
    page.get_by_label("Id", exact=True).fill("rejections")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove it").click()

    expect(page.get_by_role("heading", name="Alert rules")).to_be_visible()
    expect(page.get_by_text("Rejections in a row")).to_have_count(0)


def test_a_shorter_retention_is_asked_about_first(reading: Reading) -> None:
    page = reading(ADMINISTRATOR, java_script_enabled=False).open(f"{SETTINGS}/audit")
    before = page.get_by_label("Days that events are kept").input_value()

    page.get_by_label("Days that events are kept").fill("30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="would be gone")).to_be_visible()
    page.get_by_role("link", name="Leave it as it is").click()

    expect(page.get_by_label("Days that events are kept")).to_have_value(before)


def test_everything_of_somebody_is_stopped(reading: Reading) -> None:
    maya, ada = reading("Maya Cohen"), reading(ADMINISTRATOR)
    _ask(maya)
    page = ada.open("/configuration/people?q=maya")
    page.get_by_role("link", name="Maya Cohen").click()
    page.get_by_role("link", name="Stop everything").click()
    page.get_by_label("Reason").fill("laptop stolen")
    page.get_by_role("button", name="Stop everything").click()

    expect(page.get_by_role("heading", name="What came of each request of Maya Cohen")).to_be_visible()
    expect(page.get_by_text("Canceled", exact=True).first).to_be_visible()


def _ask(reader: Reader) -> None:
    page = reader.open("/request?item=orders-db/database/orders/role1")
    page.get_by_label("Why you need it").fill("INC-2294")
    expect(page.locator("#outcome .told-good, #outcome .told-bad")).to_be_visible()
    former = page.get_by_role("link", name="look at it")
    (former if former.count() else page.get_by_role("button", name="Send the request")).click()
    page.wait_for_url("**/requests/*")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_settings_and_people_are_accessible_and_fit(reading: Reading, scheme: str, width: int) -> None:
    ada = reading(ADMINISTRATOR, color_scheme=scheme, viewport={"width": width, "height": 844})
    person = ada.open("/configuration/people").locator("a.cover").first.get_attribute("href")

    faults = {path: faults_of(ada, path) for path in (*PAGES, str(person), f"{person}/stop")}

    assert {path: found for path, found in faults.items() if found} == {}
