"""What of a request the stream's filter and the index of what is due go by."""

from datetime import timedelta

import pytest

from nightlatch.adapters.dynamodb.records import DUE_SHARD, QUARANTINE_SHARD, RINGS, record_of
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.value import rfc3339
from tests.builders import ADA, HOUR, MAYA, NOON, a_failure, a_history, a_request

HISTORY = {status: change.state for status, change in a_history(a_request()).items()}
RINGING = {Status.APPROVED, Status.REVOKING}


def attributes(request: AccessRequest) -> dict[str, object]:
    return {name: next(iter(value.values())) for name, value in record_of(request).serialize().items()}


def granted() -> AccessRequest:
    return HISTORY[Status.GRANTED]


@pytest.mark.parametrize("status", [status for status in HISTORY if status is not Status.GRANTING])
def test_only_what_somebody_must_look_at_now_rings(status: Status) -> None:
    """D4."""
    assert ("rings" in attributes(HISTORY[status])) == (status in RINGING)


def test_an_extension_rings_and_what_was_told_does_not() -> None:
    """D3."""
    extended = granted().extend(HOUR, by=MAYA, at=granted().updated_at).state

    assert attributes(extended)["rings"] == RINGS
    assert "rings" not in attributes(extended.told(at=NOON).state)
    assert "rings" not in attributes(extended.tell_later(at=NOON, due_at=NOON + HOUR / 2).state)


def test_what_is_to_begin_later_rings_so_that_its_timer_is_set() -> None:
    """D4."""
    later = a_request(needed=0).model_copy(update={"starts_at": NOON + HOUR}).submitted(by=MAYA).state

    assert (later.due_at, attributes(later)["rings"]) == (NOON + HOUR, RINGS)


def test_a_worker_that_claims_an_end_does_not_ring() -> None:
    claimed = HISTORY[Status.REVOKING].wait(at=NOON, due_at=NOON + timedelta(seconds=90)).state

    assert "rings" not in attributes(claimed)


def test_while_a_first_claim_lasts_a_request_stays_where_it_is_in_the_list() -> None:
    granting = HISTORY[Status.APPROVED].begin_granting(at=NOON + HOUR, due_at=NOON + 2 * HOUR).state
    revoking = granted().expire(at=NOON + 3 * HOUR, due_at=NOON + 4 * HOUR).state

    assert attributes(granting)["due_at"] == attributes(HISTORY[Status.APPROVED])["due_at"]
    assert attributes(revoking)["due_at"] == attributes(granted())["due_at"]
    assert (granting.due_at, revoking.due_at) == (NOON + 2 * HOUR, NOON + 4 * HOUR)


@pytest.mark.parametrize("status", [Status.APPROVED, Status.GRANTED])
def test_what_was_tried_once_is_listed_when_it_is_tried_again(status: Status) -> None:
    """J2."""
    before = HISTORY[status]
    claim = before.begin_granting if status is Status.APPROVED else before.expire
    again = claim(at=NOON + 3 * HOUR, due_at=NOON + 4 * HOUR).state.wait(at=NOON, due_at=NOON + 5 * HOUR).state

    assert (again.claimed_from, attributes(again)["due_at"]) == (None, rfc3339(NOON + 5 * HOUR))


def test_what_is_quarantined_is_due_apart_from_the_others() -> None:
    """J2."""
    revoking = granted().revoke(by=ADA, reason="leak", at=NOON).state
    resisting = revoking.postpone_end(a_failure(), quarantine=True, at=NOON, due_at=NOON + HOUR).state

    assert (attributes(revoking)["due_shard"], attributes(resisting)["due_shard"]) == (DUE_SHARD, QUARANTINE_SHARD)
    assert attributes(resisting)["integration_id"] == "orders-db"


def test_what_is_not_due_is_in_no_shard() -> None:
    assert "due_shard" not in attributes(HISTORY[Status.REJECTED])
