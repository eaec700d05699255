"""The bases of every domain object."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.value import Instant, Seconds, rfc3339
from tests.builders import NOON, a_history, a_request

INSTANTS: TypeAdapter[datetime] = TypeAdapter(Instant)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1), timezones=OFFSETS)  # noqa: DTZ001


@given(at=TIMES)
def test_a_time_of_any_offset_is_kept_in_utc_to_the_millisecond(at: datetime) -> None:
    """D2."""
    kept = INSTANTS.validate_python(at)

    assert kept.tzinfo is UTC
    assert timedelta() <= at - kept < timedelta(milliseconds=1)
    assert kept.microsecond % 1000 == 0


@given(at=TIMES)
def test_json_carries_a_time_there_and_back(at: datetime) -> None:
    kept = INSTANTS.validate_python(at)

    assert INSTANTS.validate_json(INSTANTS.dump_json(kept)) == kept


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    at = datetime(2026, 11, 22, 3, 12, 5, 123999, tzinfo=timezone(timedelta(hours=1)))

    assert rfc3339(at) == "2026-11-22T02:12:05.123Z"


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ValidationError):
        INSTANTS.validate_python(NOON.replace(tzinfo=None))


def test_a_span_is_whole_seconds_in_json() -> None:
    spans: TypeAdapter[timedelta] = TypeAdapter(Seconds)

    assert (spans.dump_json(timedelta(hours=1)), spans.validate_json("3600")) == (b"3600", timedelta(hours=1))


def test_unknown_fields_are_refused() -> None:
    """A1."""
    with pytest.raises(ValidationError, match="ends_by_itself"):
        AccessRequest.model_validate({**dict(a_request()), "ends_by_itself": False})


def test_nothing_is_changed_in_place() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        a_request().justification = "another"  # type: ignore[misc]  # that is the point


def test_a_change_of_fields_is_validated() -> None:
    with pytest.raises(ValidationError):
        a_request().changed(status="ALMOST")


@pytest.mark.parametrize("request_now", [change.state for change in a_history(a_request("role1", "role3")).values()])
def test_json_carries_a_request_in_any_state_there_and_back(request_now: AccessRequest) -> None:
    assert AccessRequest.model_validate_json(request_now.model_dump_json()) == request_now
