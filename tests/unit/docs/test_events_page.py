"""docs/events.md names every event that Nightlatch writes, with its severity. What they hold, their writers show."""

from nightlatch.domain.audit_event import SEVERITIES, EventType, Severity
from tests.documented_events import documented


def test_the_page_lists_exactly_the_events_of_the_catalogue_with_their_severities() -> None:
    listed = {name: row.severity for name, row in documented().items()}

    assert listed == {event.value: SEVERITIES.get(event, Severity.INFO).value for event in EventType}
