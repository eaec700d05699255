"""docs/events.md names every event that Nightlatch writes, with its severity."""

import re
from pathlib import Path

from nightlatch.domain.audit_event import SEVERITIES, EventType, Severity

PAGE = Path(__file__).parents[3] / "docs" / "events.md"
ROW = re.compile(r"^\| `(?P<name>[a-z.]+)` \| (?P<severity>\w+) \|", re.MULTILINE)


def test_the_page_lists_exactly_the_events_of_the_catalogue_with_their_severities() -> None:
    listed = {row["name"]: row["severity"] for row in ROW.finditer(PAGE.read_text())}

    assert listed == {event.value: SEVERITIES.get(event, Severity.INFO).value for event in EventType}
