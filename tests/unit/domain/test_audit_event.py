"""The catalogue of events: names and severities."""

import re

import pytest

from nightlatch.domain.audit_event import SEVERITIES, EventType, Severity
from tests.builders import an_event


@pytest.mark.parametrize("event_type", EventType)
def test_names_are_lower_case_and_dotted(event_type: EventType) -> None:
    assert re.fullmatch(r"[a-z]+(\.[a-z]+)+", event_type.value)


SOMEBODY_FAILED = {EventType.LOGIN_FAILED, EventType.DELIVERY_FAILED}
"""Not the system, but a person or a receiver: that calls for attention, and for no repair of ours."""


@pytest.mark.parametrize(
    "event_type",
    [name for name in EventType if name.value.endswith((".failed", ".quarantined")) and name not in SOMEBODY_FAILED],
)
def test_what_failed_is_an_error(event_type: EventType) -> None:
    assert an_event(event_type).severity is Severity.ERROR


@pytest.mark.parametrize("event_type", [name for name in EventType if name.value.endswith((".rejected", ".refused"))])
def test_what_was_refused_is_a_warning(event_type: EventType) -> None:
    assert an_event(event_type).severity is Severity.WARNING


def test_access_where_none_should_be_is_a_warning() -> None:
    assert an_event(EventType.DRIFT_DETECTED).severity is Severity.WARNING


@pytest.mark.parametrize("event_type", [EventType.ACCESS_CANCELED, EventType.ACCESS_RETURNED])
def test_what_somebody_gives_up_of_their_own_is_information(event_type: EventType) -> None:
    assert an_event(event_type).severity is Severity.INFO


@pytest.mark.parametrize("event_type", [name for name in EventType if name not in SEVERITIES])
def test_everything_else_is_information(event_type: EventType) -> None:
    assert an_event(event_type).severity is Severity.INFO
