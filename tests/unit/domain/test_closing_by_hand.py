"""What resists is closed on an administrator's word; the ledger says that nobody looked."""

import pytest

from nightlatch.domain.access_request import AccessRequest, EndReason, Status
from nightlatch.domain.errors import ConflictError, NotAllowedError
from nightlatch.domain.identity import Principal
from tests.builders import ADA, HOUR, IVO, MAYA, NOA, NOON, a_failure, a_history, a_request

HISTORY = a_history(a_request())
LATER = NOON + 5 * HOUR


def quarantined(status: Status = Status.REVOKING) -> AccessRequest:
    working = HISTORY[status].state
    return working.postpone_end(a_failure("locked", attempts=5), quarantine=True, at=NOON, due_at=NOON + HOUR).state


@pytest.mark.parametrize(
    ("end_reason", "status", "event"),
    [
        (EndReason.EXPIRED, Status.EXPIRED, "access.expired"),
        (EndReason.REVOKED, Status.REVOKED, "access.revoked"),
        (EndReason.CANCELED, Status.CANCELED, "access.returned"),
    ],
)
def test_access_that_resists_ends_as_it_was_to_end(end_reason: EndReason, status: Status, event: str) -> None:
    resisting = quarantined().model_copy(update={"end_reason": end_reason})

    change = resisting.close_by_hand(by=ADA, reason="dropped it myself", at=LATER)

    assert (change.state.status, change.state.closed_at, change.state.due_at) == (status, LATER, None)
    assert not change.state.quarantined
    assert change.state.has_just_closed
    assert [one.event_type for one in change.events] == ["access.quarantine.closed", event]
    assert all(one.actor == ADA.as_actor() and one.details["reason"] == "dropped it myself" for one in change.events)


def test_the_end_says_that_nobody_has_seen_the_target() -> None:
    *_, ended = quarantined().close_by_hand(by=ADA, reason="dropped it myself", at=LATER).events

    assert ended.details["read_back"] == "not seen"


def test_what_could_not_be_granted_nor_taken_back_is_closed_as_failed() -> None:
    change = quarantined(Status.GRANTING).close_by_hand(by=ADA, reason="dropped it myself", at=LATER)

    assert change.state.status is Status.FAILED
    assert [one.event_type for one in change.events] == ["access.quarantine.closed", "access.grant.failed"]


def test_access_that_was_found_after_its_end_is_looked_at_no_more() -> None:
    """J6."""
    found = HISTORY[Status.EXPIRED].state.drifted(at=NOON + 2 * HOUR, due_at=NOON + 3 * HOUR).state

    change = found.close_by_hand(by=ADA, reason="dropped it myself", at=LATER)

    assert (change.state.status, change.state.due_at, change.state.quarantined) == (Status.EXPIRED, None, False)
    assert change.state.closed_at == found.closed_at
    assert [one.event_type for one in change.events] == ["access.quarantine.closed"]


@pytest.mark.parametrize("status", HISTORY)
def test_what_is_not_quarantined_is_not_closed_by_hand(status: Status) -> None:
    with pytest.raises(ConflictError, match=f"is {status} and not quarantined"):
        HISTORY[status].state.close_by_hand(by=ADA, reason="dropped it myself", at=NOON)


@pytest.mark.parametrize("somebody", [MAYA, NOA, IVO], ids=lambda somebody: str(somebody.subject))
def test_only_an_administrator_closes_by_hand(somebody: Principal) -> None:
    """C5."""
    with pytest.raises(NotAllowedError):
        quarantined().close_by_hand(by=somebody, reason="dropped it myself", at=NOON)


def test_its_events_come_after_all_others_whatever_the_clock_says() -> None:
    """D4."""
    resisting = quarantined()

    told = resisting.close_by_hand(by=ADA, reason="dropped it myself", at=NOON - HOUR).events

    assert all(one.timestamp > resisting.updated_at for one in told)
