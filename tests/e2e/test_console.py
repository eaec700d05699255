"""The console in a real browser, on the running stack: every page, the worked example by clicks, and no fault said."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from nightlatch.entrypoints.local.accounts import ACCOUNTS, PASSWORD
from nightlatch.entrypoints.local.facts import StackFacts

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")

PAGES = ("/", "/request", "/approvals", "/account/sessions", "/auth/signed-out", "/nowhere")
LOOKS = tuple(product(("light", "dark"), (1440, 390)))
PATIENCE = 30_000
STRICT = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@dataclass
class Reader:
    """Somebody before the console, and what their browser complained of."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open a page."""
        self.page.goto(f"{self.address}{path}")
        return self.page

    def sign_in(self, name: str) -> None:
        """Sign in with one click, as the local stack lets one."""
        self.open("/").get_by_role("link", name="Sign in").click()
        self.page.get_by_role("button", name=name).click()
        self.page.wait_for_url(f"{self.address}/")


Reading = Callable[..., Reader]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def reading(chromium: Browser, facts: StackFacts) -> Iterator[Reading]:
    """Give browsers to people; none of them may complain of anything."""
    with ExitStack() as readers:
        yield lambda name="", **look: readers.enter_context(_reading(chromium, facts, name, **look))


@contextmanager
def _reading(chromium: Browser, facts: StackFacts, name: str, **look: object) -> Iterator[Reader]:
    context = chromium.new_context(**look)  # type: ignore[arg-type]  # Playwright's own names
    reader = Reader(context.new_page(), facts.browser_url)
    reader.page.set_default_timeout(PATIENCE)
    reader.page.on("console", lambda message: _note(reader, message.type, message.text))
    reader.page.on("pageerror", lambda error: reader.complaints.append(str(error)))
    if name:
        reader.sign_in(name)
    yield reader
    context.close()
    assert reader.complaints == []


def _note(reader: Reader, kind: str, text: str) -> None:
    if kind in {"error", "warning"} and "404 (Not Found)" not in text:
        reader.complaints.append(text)


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
    faults = {path: _faults(reader, path) for reader, path in [*seen, (noa, "/approvals")]}
    maya.open(request).get_by_role("button", name="Withdraw").click()

    assert {path: found for path, found in faults.items() if found} == {}


def _ask_at_once(reader: Reader) -> None:
    page = reader.open("/request?item=orders-db/database/orders/role1")
    page.get_by_label("Why you need it").fill("INC-2293")
    expect(page.locator("#outcome .told-good, #outcome .told-bad")).to_be_visible()
    former = page.get_by_role("link", name="look at it")
    (former if former.count() else page.get_by_role("button", name="Send the request")).click()
    page.wait_for_url("**/requests/*")


def _faults(reader: Reader, path: str) -> list[str]:
    page = reader.open(path)
    found = Axe().run(page, options=STRICT).response["violations"]
    faults = [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append("is wider than the screen")
    return faults


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
