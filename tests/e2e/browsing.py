"""People before the console, in a real browser, and what can be held against a page."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

from nightlatch.entrypoints.local.facts import StackFacts

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")

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


@contextmanager
def somebody_reading(chromium: Browser, facts: StackFacts, name: str, **look: object) -> Iterator[Reader]:
    """Give somebody a browser. It may not complain of anything."""
    context = chromium.new_context(**look)  # type: ignore[arg-type]  # Playwright's own names
    reader = Reader(context.new_page(), facts.browser_url)
    reader.page.set_default_timeout(PATIENCE)
    reader.page.on("console", lambda message: _note(reader, message))
    reader.page.on("pageerror", lambda error: reader.complaints.append(f"{reader.page.url}: {error}"))
    if name:
        reader.sign_in(name)
    yield reader
    context.close()
    assert not reader.complaints, reader.complaints


def _note(reader: Reader, message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"} and "404 (Not Found)" not in message.text:
        reader.complaints.append(f"{reader.page.url}: {message.text} ({message.location['url']})")


def faults_of(reader: Reader, path: str) -> list[str]:
    """Open a page, and list what keeps somebody from reading it."""
    page = reader.open(path)
    found = Axe().run(page, options=STRICT).response["violations"]
    faults = [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append("is wider than the screen")
    return faults
