"""Integrations and destinations in a real browser, on the running stack: checked, scanned, added, tested, removed."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import LOOKS, NEEDS_CHROMIUM, PATIENCE, Reader, Reading, faults_of
from tests.e2e.person import Person
from tests.e2e.places import Inbox, destination, reached
from tests.fakes.receiver import Receiver, answering, listening

pytestmark = NEEDS_CHROMIUM

ADMINISTRATOR = "Ada Berg"
INTEGRATIONS, DESTINATIONS = "/configuration/integrations", "/configuration/destinations"


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_system_is_checked_and_scanned(reading: Reading, has_scripts: bool) -> None:
    page = reading(ADMINISTRATOR, java_script_enabled=has_scripts).page
    page.get_by_role("link", name="Integrations").click()
    page.get_by_role("link", name="Orders").click()

    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("It answers, and lets Nightlatch do what it needs.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Scan").click()

    expect(page.get_by_text("permissions in all, in")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Ready", exact=True)).to_be_visible()


def test_a_system_that_is_not_there_is_added_and_says_so(reading: Reading) -> None:
    reader, name = reading(ADMINISTRATOR), f"nowhere-{uuid4().hex[:8]}"
    page = reader.open(INTEGRATIONS)
    page.get_by_role("link", name="Add an integration").click()
    page.get_by_role("link", name="PostgreSQL", exact=True).click()
    for label, text in {"Name": "Nowhere", "Id": name, "Host": "nowhere.invalid", "Database": "postgres"}.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Connector's role", exact=True).fill("nightlatch")
    page.get_by_label("Password of the connector's role").fill("no-password-at-all")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("It is added.")).to_be_visible()

    page.get_by_role("button", name="Check").click()

    expect(page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Failing", exact=True)).to_be_visible()


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_webhook_is_added_tested_given_a_new_key_and_removed(reading: Reading, has_scripts: bool) -> None:
    page = reading(ADMINISTRATOR, java_script_enabled=has_scripts).page
    inbox = Inbox()
    with listening(answering(inbox.take), "localhost") as receiver:
        page.get_by_role("link", name="Destinations").click()
        inbox.key = _added(page, receiver)
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("The test was taken (204)")).to_be_visible(timeout=PATIENCE)

        page.get_by_text("Give it a new secret").click()
        page.get_by_role("button", name="Use it from now on").click()
        first, inbox.key = inbox.key, page.locator(".secret code").inner_text()
        page.get_by_role("link", name="I have it").click()
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("The test was taken (204)")).to_be_visible(timeout=PATIENCE)

        page.get_by_role("link", name="Remove it").click()
        page.get_by_role("button", name="Remove it").click()

    expect(page.get_by_role("heading", name="Destinations")).to_be_visible()
    assert [message["event_type"] for _, message in inbox.messages] == ["destination.test"] * 2
    assert inbox.key != first
    assert not inbox.refused


def _added(page: Page, receiver: Receiver) -> str:
    """Add a webhook that is sent nothing but tests, and read the key that is shown once."""
    there = reached(receiver)
    page.get_by_role("link", name="Add a destination").click()
    page.get_by_role("link", name="Webhook").click()
    page.get_by_label("Name", exact=True).fill("From the browser")
    page.get_by_label("Id", exact=True).fill(f"browser-{uuid4().hex[:8]}")
    page.get_by_label("Address", exact=True).fill(str(there["url"]))
    page.get_by_label("Certificate authority").fill(str(there["ca_certificate"]))
    page.get_by_label("Names, one a line").fill("nothing.is.called.so")
    page.get_by_role("button", name="Add it").click()
    key = page.locator(".secret code").inner_text()
    page.get_by_role("link", name="I have it").click()
    return key


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_is_accessible_and_fits(
    reading: Reading, person: Callable[[str], Person], scheme: str, width: int
) -> None:
    reader: Reader = reading(ADMINISTRATOR, color_scheme=scheme, viewport={"width": width, "height": 844})
    with destination(person("ada"), "webhook", {"url": "https://localhost/events"}, "access.*") as name:
        one = f"{DESTINATIONS}/{name}"
        paths = (
            INTEGRATIONS,
            f"{INTEGRATIONS}/orders-db",
            f"{INTEGRATIONS}/-/new",
            f"{INTEGRATIONS}/-/new?kind=postgresql",
            DESTINATIONS,
            one,
            f"{one}/edit",
            f"{one}/remove",
            f"{DESTINATIONS}/-/new",
            f"{DESTINATIONS}/-/new?kind=webhook",
            f"{DESTINATIONS}/-/new?kind=slack",
        )
        faults = {path: faults_of(reader, path) for path in paths}

    assert {path: found for path, found in faults.items() if found} == {}
