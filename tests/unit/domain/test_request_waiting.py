"""A request that waits: for what another grant is leaving, or for a target that does not take a later end."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.errors import ConflictError
from tests.builders import HOUR, MAYA, NOON, SECOND, a_history, a_request

HISTORY = {status: change.state for status, change in a_history(a_request()).items()}


def extended() -> AccessRequest:
    granted = HISTORY[Status.GRANTED]
    return granted.extend(HOUR, by=MAYA, at=granted.updated_at).state


def test_an_approved_request_that_is_held_back_is_still_approved_and_tells_nothing() -> None:
    """J3."""
    change = HISTORY[Status.APPROVED].hold_back(at=NOON, due_at=NOON + 15 * SECOND)

    assert (change.state.status, change.state.due_at, change.events) == (Status.APPROVED, NOON + 15 * SECOND, ())
    assert change.state.is_withdrawable


@pytest.mark.parametrize("status", [status for status in HISTORY if status is not Status.APPROVED])
def test_nothing_but_an_approved_request_is_held_back(status: Status) -> None:
    with pytest.raises(ConflictError, match="not APPROVED"):
        HISTORY[status].hold_back(at=NOON, due_at=NOON)


@pytest.mark.parametrize("pause", [SECOND, HOUR])
def test_a_target_is_told_later_and_nothing_but_that_changes(pause: timedelta) -> None:
    """D3."""
    before = extended()

    after = before.tell_later(at=NOON, due_at=NOON + pause).state

    assert after.due_at == NOON + pause
    assert (after.status, after.ends_at, after.extensions) == (Status.GRANTED, before.ends_at, 1)


def test_telling_never_comes_after_the_end() -> None:
    """D3."""
    assert extended().tell_later(at=NOON, due_at=NOON + 99 * HOUR).state.due_at == extended().ends_at


def test_access_that_is_missing_is_told_as_drift_and_keeps_its_end() -> None:
    """D3."""
    change = extended().missed(at=NOON)

    (event,) = change.events
    assert (event.event_type, event.details["found"], event.details["expected"]) == (
        "access.drift.detected",
        "absent",
        "present",
    )
    assert change.state.due_at == change.state.ends_at == extended().ends_at
