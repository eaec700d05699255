"""Make the pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browsing import CHROMIUM
from tests.screenshots.company import MAYA, NOA, OMAR, Company
from tests.screenshots.printing import printed
from tests.screenshots.serving import Pages, served

FOLDER = Path(__file__).parents[2] / "docs" / "images"
PEOPLE = {"noa": NOA, "maya": MAYA, "omar": OMAR}
WIDE = (1440, 900)
PHONE = (390, 844)


@dataclass(frozen=True)
class Picture:
    """One picture: whose page, how it is looked at, and what is clicked before."""

    name: str
    address: str
    who: str = "noa"
    scheme: str = "light"
    size: tuple[int, int] = WIDE
    clicks: tuple[str, ...] = ()


def pictures(company: Company) -> Iterator[Picture]:
    """List the pictures."""
    held = company.held.id
    activity = f"/oversight/activity?open={held}"
    yield Picture("activity", "/oversight/activity")
    yield Picture("activity-panel", activity)
    yield Picture("activity-panel-dark", activity, scheme="dark")
    yield Picture("activity-panel-phone", activity, scheme="dark", size=PHONE)
    yield Picture(
        "activity-filter",
        "/oversight/activity?status=GRANTED&status=PENDING",
        clicks=("[popovertarget=filter-status]",),
    )
    yield Picture("activity-time", "/oversight/activity", clicks=("[popovertarget=filter-time]",))
    yield Picture("activity-empty", "/oversight/activity?q=nothing+of+that+name")
    yield Picture("my-access", "/", who="maya")
    yield Picture("my-access-phone", "/", who="maya", size=PHONE)
    yield Picture(
        "request",
        "/request?item=customer-db/database/customer-exports/export_read&justification=Quarterly+export",
        who="maya",
    )
    yield Picture("approvals", "/approvals", who="omar")
    yield Picture("approvals-phone", "/approvals", who="omar", size=PHONE, scheme="dark")
    yield Picture("audit-log", "/oversight/audit")
    yield Picture("audit-log-dark", "/oversight/audit", scheme="dark")
    yield Picture("audit-log-phone", "/oversight/audit", size=PHONE)
    yield Picture("anomalies", f"/oversight/anomalies?open={company.anomaly.id}")
    yield Picture("one-request", f"/requests/{held}", who="maya")
    yield Picture("sessions", "/account/sessions", who="maya")
    yield Picture("audit-export", "/oversight/audit/export")
    yield Picture("activity-export", "/oversight/activity/export")
    yield Picture("access-flow", "/configuration/flows/customer-data")
    yield Picture("integration", "/configuration/integrations/orders-db")
    yield Picture("destination", "/configuration/destinations/siem")
    yield Picture("person", f"/configuration/people/{MAYA.id}")
    yield Picture("settings", "/configuration/settings")
    yield Picture("settings-audit", "/configuration/settings/audit")
    yield Picture("settings-rules", "/configuration/settings/rules")
    yield Picture("signed-out", "/auth/signed-out")
    yield Picture("access-flows", "/configuration/flows")
    yield Picture("access-flow-edit", "/configuration/flows/customer-data/edit")
    yield Picture("integrations", "/configuration/integrations")
    yield Picture("destinations", "/configuration/destinations")
    yield Picture("people", "/configuration/people")
    yield Picture("settings-detectors", "/configuration/settings/detectors", scheme="dark")


@contextmanager
def looking(browser: Browser, picture: Picture, address: str) -> Iterator[Page]:
    """Open a page as somebody."""
    width, height = picture.size
    context = browser.new_context(
        color_scheme=picture.scheme,  # type: ignore[arg-type]  # one of its two words
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{address}/?who={picture.who}")
    page.goto(f"{address}{picture.address}")
    page.wait_for_load_state("networkidle")
    for click in picture.clicks:
        page.click(click)
    yield page
    context.close()


def main() -> None:
    """Make every picture, and remove what is none any more."""
    company = Company()
    FOLDER.mkdir(exist_ok=True)
    names = set()
    with sync_playwright() as playwright, served(Pages(company.world, PEOPLE)) as address:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for picture in pictures(company):
            with looking(browser, picture, address) as page:
                page.screenshot(path=FOLDER / f"{picture.name}.png", animations="disabled")
            names.add(f"{picture.name}.png")
    for number, image in enumerate(printed(company), start=1):
        image.save(FOLDER / f"pdf-page-{number}.png", optimize=True)
        names.add(f"pdf-page-{number}.png")
    for old in FOLDER.glob("*.png"):
        if old.name not in names:
            old.unlink()


if __name__ == "__main__":
    main()
