"""DynamoDB cancels transactions that meet another: what was asked for happens once, or is refused, never twice."""

from collections import Counter

import pytest

from nightlatch.domain.access_request import Status
from tests.builders import HOUR, MAYA, NOA
from tests.integration.aws.deployed import Deployed
from tests.integration.aws.outbound import Canceled

CONFLICT = Canceled(("TransactionConflict",))
MIXED = Canceled(("None", "ThrottlingError", "TransactionConflict"))
TRANSACTIONS = "dynamodb.TransactWriteItems"

WAITED_OUT = 3
"""A transaction is sent four times before its caller is told."""

TOO_MANY = 20
"""A command is decided five times on the present state, each time in four attempts."""


@pytest.mark.parametrize("reasons", [CONFLICT, MIXED], ids=["conflict", "mixed"])
@pytest.mark.parametrize("times", [1, WAITED_OUT, WAITED_OUT + 1, TOO_MANY - 1])
def test_a_command_that_met_others_for_a_while_is_carried_out_once(
    nightlatch: Deployed, times: int, reasons: Canceled
) -> None:
    """A5. J2."""
    request_id = nightlatch.submitted()
    nightlatch.outbound.arrange(reasons, of=TRANSACTIONS, times=times)

    answer = nightlatch.command(request_id, "approve", by=NOA, key="yes")
    nightlatch.sweep()

    assert answer.status == 200
    assert set(Counter(nightlatch.told(request_id)).values()) == {1}


@pytest.mark.parametrize("reasons", [CONFLICT, MIXED], ids=["conflict", "mixed"])
def test_a_command_that_meets_others_for_too_long_is_refused_and_can_be_sent_again(
    nightlatch: Deployed, reasons: Canceled
) -> None:
    """A5. J2."""
    request_id = nightlatch.submitted()
    nightlatch.outbound.arrange(reasons, of=TRANSACTIONS, times=TOO_MANY)

    refused = nightlatch.command(request_id, "approve", by=NOA, key="yes")
    before = nightlatch.request(request_id)
    again = nightlatch.command(request_id, "approve", by=NOA, key="yes")
    nightlatch.sweep()

    assert refused.status == 409
    assert (before.status, before.items[0].votes) == (Status.PENDING, {})
    assert again.status == 200
    assert set(Counter(nightlatch.told(request_id)).values()) == {1}


@pytest.mark.parametrize("times", [1, WAITED_OUT, WAITED_OUT + 1, 3 * WAITED_OUT])
@pytest.mark.parametrize("number", range(4))
def test_workers_that_meet_others_begin_and_end_access_once(nightlatch: Deployed, number: int, times: int) -> None:
    """A5. J2: at the claim, at the grant, at the end and at its close."""
    request_id = nightlatch.approved()
    nightlatch.outbound.arrange(CONFLICT, at=number, of=TRANSACTIONS, times=times)

    nightlatch.ring(request_id)
    for _ in range(4):
        nightlatch.sweep(minutes=3)
        nightlatch.clock.advance(HOUR)

    assert nightlatch.request(request_id).status is Status.EXPIRED
    assert nightlatch.connector.accesses == {}
    assert set(Counter(nightlatch.told(request_id)).values()) == {1}


@pytest.mark.parametrize("times", [1, 5])
def test_a_sequencer_that_meets_its_rival_takes_every_event_once(nightlatch: Deployed, times: int) -> None:
    """I3."""
    request_id = nightlatch.approved()
    nightlatch.command(request_id, "cancel", by=MAYA)
    nightlatch.outbound.arrange(CONFLICT, of=TRANSACTIONS, times=times)

    nightlatch.invoke("ledger", {"sweep": True})

    assert nightlatch.told(request_id) == [
        "access.requested",
        "access.role.approved",
        "access.approved",
        "access.canceled",
    ]
