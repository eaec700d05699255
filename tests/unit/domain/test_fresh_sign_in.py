"""Fresh sign-ins: how recent is recent, and which `auth_time` says so."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from nightlatch.domain.access_flow import FlowSnapshot, Requirements
from nightlatch.domain.fresh_sign_in import is_fresh, read_auth_time
from nightlatch.domain.session import Session
from tests.builders import HOUR, NOON, SECOND, a_definition, a_flow

QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize("claim", [1795313400, 1795313400.0, "1795313400"])
def test_a_time_is_read_as_number_and_as_the_text_that_api_gateway_makes_of_it(claim: object) -> None:
    assert read_auth_time(claim) == datetime.fromtimestamp(1795313400, UTC)


@pytest.mark.parametrize("claim", [None, "", "yesterday", "nan", "inf", 1e300, 1795313400000, [1795313400], {}])
def test_what_says_no_time_is_no_time(claim: object) -> None:
    assert read_auth_time(claim) is None


@pytest.mark.parametrize(
    ("signed_in_at", "fresh"),
    [(NOON, True), (NOON - QUARTER, True), (NOON - QUARTER - SECOND, False), (None, False)],
)
def test_fresh_is_what_is_no_older_than_wanted_and_known(signed_in_at: datetime | None, fresh: bool) -> None:
    assert is_fresh(signed_in_at, within=QUARTER, at=NOON) is fresh


@pytest.mark.parametrize("duration", ["PT1M", "PT15M", "PT24H", None])
def test_a_flow_may_want_a_sign_in_of_the_last_minute_to_the_last_day(duration: str | None) -> None:
    assert Requirements.model_validate({"fresh_sign_in": duration}).model_dump(mode="json")["fresh_sign_in"] == (
        duration
    )


@pytest.mark.parametrize("duration", ["PT59S", "PT24H1S", "PT0S", 900, "soon"])
def test_a_flow_cannot_want_anything_else(duration: object) -> None:
    with pytest.raises(ValidationError, match="fresh_sign_in"):
        Requirements.model_validate({"fresh_sign_in": duration})


def test_a_request_remembers_what_its_flow_wants() -> None:
    flow = a_flow(definition=a_definition(require=Requirements(fresh_sign_in=QUARTER)))

    assert FlowSnapshot.of(flow).fresh_sign_in == QUARTER


def test_what_was_stored_before_is_read_and_asks_for_nothing() -> None:
    stored = FlowSnapshot.of(a_flow()).model_dump(mode="json", exclude={"fresh_sign_in"})

    assert FlowSnapshot.model_validate(stored).fresh_sign_in is None


def test_a_session_of_before_says_no_time() -> None:
    stored = {
        "id": "s",
        "person_id": "usr_1",
        "issuer": "i",
        "subject": "noa",
        "name": "Noa",
        "form_token": "f",
        "began_at": NOON,
        "seen_at": NOON + HOUR,
    }

    assert Session.model_validate(stored).principal(frozenset()).signed_in_at is None
