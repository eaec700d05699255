"""AWS fails at any one call, or for a while: the request ends where it should, or fails with nothing at the target.

The whole path, submit to end, on the real functions. `tests/e2e/test_faults.py` shows some of it on the running stack.
"""

from collections.abc import Callable
from itertools import product

import pytest

from nightlatch.bootstrap import aws, targets
from nightlatch.bootstrap.provisioning import provisioning
from nightlatch.bootstrap.secrets import secrets
from nightlatch.domain.access_request import Status
from nightlatch.domain.audit_event import Source
from nightlatch.domain.errors import StoreUnavailableError
from tests.builders import ADA, HOUR, MAYA, NOA, NOON
from tests.integration.aws.deployed import Deployed
from tests.integration.aws.outbound import FOR_EVER, SERVICES, Failing, Fault

LONGEST_WAY = 100
TOLD = [
    "access.requested",
    "access.role.approved",
    "access.approved",
    "access.granted",
    "access.revoking",
    "access.expired",
]
ALIKE = {("dynamodb", fault) for fault in (Fault.BROKEN, Fault.THROTTLED, Fault.SLOW)}
"""To the callers these are the same as REFUSED: `test_store_unavailable` shows that one error tells of all."""

CELLS = [cell for cell in product(SERVICES, Fault) if cell not in ALIKE]
CLEAN = {409, 503}
"""What a person may hear instead of success: try again."""


def insisting(nightlatch: Deployed) -> str:
    """Ask and approve as a client does: once more under the same key when it did not work."""
    submitted = nightlatch.submit(key="ask")
    if submitted.status != 201:
        assert submitted.status in CLEAN, submitted.text
        submitted = nightlatch.submit(key="ask")
    request_id = str(submitted.json["id"])
    approved = nightlatch.command(request_id, "approve", by=NOA, key="yes")
    if approved.status != 200:
        assert approved.status in CLEAN, approved.text
        approved = nightlatch.command(request_id, "approve", by=NOA, key="yes")
    assert approved.status == 200
    return request_id


def whole_way(nightlatch: Deployed) -> str:
    """Ask, approve, ring once, and leave the rest to the sweeps: three minutes, and then past the end."""
    request_id = insisting(nightlatch)
    nightlatch.ring(request_id)
    nightlatch.sweep(minutes=3)
    nightlatch.clock.advance(HOUR)
    nightlatch.sweep(minutes=3)
    return request_id


@pytest.mark.parametrize(("service", "fault"), CELLS)
def test_one_call_that_fails_changes_nothing_of_the_outcome(nightlatch: Deployed, service: str, fault: Fault) -> None:
    """J1. J2: whichever call of provisioning, of the sweep or of the API it is."""
    for number in range(LONGEST_WAY):
        nightlatch.reset()
        plan = nightlatch.outbound.arrange(Failing(fault), at=number, of=f"{service}.")
        request_id = whole_way(nightlatch)
        nightlatch.outbound.plans.clear()
        nightlatch.sweep()
        assert nightlatch.request(request_id).status is Status.EXPIRED, number
        assert nightlatch.connector.accesses == {}, number
        assert nightlatch.told(request_id) == TOLD, number
        if not plan.was_reached:
            assert number > 0
            return
    raise AssertionError("there is no end to the calls")


OUTAGE = 10
"""Minutes."""


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("service", SERVICES)
def test_an_outage_when_access_begins_ends_in_access_or_in_a_clean_failure(
    nightlatch: Deployed, service: str, fault: Fault
) -> None:
    """J2: ten minutes."""
    request_id = nightlatch.approved()
    outage = nightlatch.outbound.arrange(Failing(fault), of=f"{service}.", times=FOR_EVER)

    nightlatch.ring(request_id)
    nightlatch.sweep(minutes=OUTAGE)
    nightlatch.outbound.plans.clear()
    nightlatch.sweep(minutes=2)

    request = nightlatch.request(request_id)
    assert outage.was_reached
    assert request.status in {Status.GRANTED, Status.FAILED}
    assert list(nightlatch.connector.accesses) == ([request.session_user] if request.status is Status.GRANTED else [])
    assert nightlatch.told(request_id)[3:] == (
        TOLD[3:4] if request.status is Status.GRANTED else ["access.grant.failed"]
    )


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("service", SERVICES)
def test_an_outage_when_access_ends_leaves_nothing_behind(nightlatch: Deployed, service: str, fault: Fault) -> None:
    """J2: ten minutes; the target is reached all the same, where its access can be read of."""
    request_id = nightlatch.granted()
    nightlatch.clock.advance(HOUR)
    nightlatch.outbound.arrange(Failing(fault), of=f"{service}.", times=FOR_EVER)

    nightlatch.wake(request_id)
    nightlatch.sweep(minutes=OUTAGE)
    nightlatch.outbound.plans.clear()
    nightlatch.sweep(minutes=2)

    assert nightlatch.request(request_id).status is Status.EXPIRED
    assert nightlatch.connector.accesses == {}
    assert nightlatch.told(request_id) == TOLD


@pytest.mark.parametrize("fault", Fault)
def test_who_looks_at_credentials_while_the_key_cannot_be_used_is_told_to_try_again(
    nightlatch: Deployed, fault: Fault
) -> None:
    """J2."""
    request_id = nightlatch.granted()
    nightlatch.outbound.arrange(Failing(fault), of="kms.Decrypt")

    refused = nightlatch.command(request_id, "credentials", by=MAYA)
    again = nightlatch.command(request_id, "credentials", by=MAYA)

    assert (refused.status, refused.json["type"]) == (503, "/problems/store-unavailable")
    assert again.json["user"] == nightlatch.request(request_id).session_user


@pytest.mark.parametrize("fault", Fault)
def test_an_integration_whose_secret_cannot_be_kept_is_not_added(nightlatch: Deployed, fault: Fault) -> None:
    """J2."""
    body = {"id": "other-db", "name": "Other", "kind": "fake", "settings": {}, "secret": "s3cret"}
    nightlatch.outbound.arrange(Failing(fault), of="secretsmanager.")

    refused = nightlatch.call("integrations", "POST", "/v1/integrations", body, by=ADA)
    again = nightlatch.call("integrations", "POST", "/v1/integrations", body, by=ADA)

    assert (refused.status, refused.json["type"]) == (503, "/problems/store-unavailable")
    assert again.status == 201


USES: dict[str, tuple[str, Callable[[], object]]] = {
    "seal": ("kms.", lambda: targets.vault().seal("s3cret", request_id="req_1")),
    "open": ("kms.", lambda: targets.vault().open("AAAA", request_id="req_1")),
    "wake": ("scheduler.", lambda: provisioning(Source.SYSTEM)._granting._timer.wake("req_1", at=NOON)),
    "put": ("secretsmanager.", lambda: secrets().put("orders-db", "s3cret")),
    "get": ("secretsmanager.", lambda: secrets().get("orders-db")),
}


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("use", USES)
def test_a_service_that_does_not_take_part_is_an_unavailable_store(
    nightlatch: Deployed, use: str, fault: Fault
) -> None:
    """J2."""
    service, call = USES[use]
    nightlatch.outbound.arrange(Failing(fault), of=service)

    with pytest.raises(StoreUnavailableError):
        call()


@pytest.mark.parametrize("service", ["kms", "scheduler", "secretsmanager"])
@pytest.mark.usefixtures("nightlatch")
def test_no_service_is_waited_for_longer_than_a_function_has(service: str) -> None:
    """J2: a sweep that waits for one request ends the access of nobody else."""
    config = aws.client(service).meta.config

    attempts = config.retries["total_max_attempts"]
    assert attempts * (config.connect_timeout + config.read_timeout) < 15
