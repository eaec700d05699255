"""Two at one request: the second acts before each of the first one's calls to DynamoDB, and there is one outcome.

Each transaction is one call, so these are all the ways in which two can meet. The real functions decide; moto is
DynamoDB. `tests/e2e/test_races.py` lets some of them meet on the running stack.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest

from nightlatch.domain.access_request import AccessRequest, Status
from tests.builders import ADA, HOUR, MAYA, NOA, OMAR, SECOND
from tests.functions.client import FLOW, Answer
from tests.integration.aws.deployed import Deployed
from tests.integration.aws.outbound import Meanwhile

Start = Callable[[Deployed], str]
Act = Callable[[Deployed, str], Answer | None]

SOMEBODY_ELSE = {"conditions": [{"attribute": "group", "operator": "is", "values": ["somebody-else"]}]}
ASKED = ["access.requested"]
APPROVED = [*ASKED, "access.role.approved", "access.approved"]
GRANTED = [*APPROVED, "access.granted"]
TELLS = {
    Status.GRANTED: [GRANTED],
    Status.REJECTED: [[*ASKED, "access.role.rejected", "access.rejected"]],
    Status.CANCELED: [
        [*ASKED, "access.canceled"],
        [*APPROVED, "access.canceled"],
        [*GRANTED, "access.revoking", "access.returned"],
    ],
    Status.LAPSED: [[*ASKED, "access.lapsed"]],
    Status.FAILED: [[*APPROVED, "access.grant.failed"]],
    Status.EXPIRED: [[*GRANTED, "access.revoking", "access.expired"]],
    Status.REVOKED: [
        [*GRANTED, "access.revoking", "access.revoked"],
        [*APPROVED, "access.revoking", "access.revoked"],
    ],
}
"""What the ledger may say of a request that came to be so, and nothing else."""


@dataclass(frozen=True)
class Meeting:
    """What came of two that met: their answers (a worker gives none), and the request when all was done."""

    first: Answer | None
    second: Answer | None
    request: AccessRequest


def meetings(nightlatch: Deployed, start: Start, first: Act, second: Act) -> Iterator[Meeting]:
    """Let the second act before each call of the first in turn, and at last after all of them."""
    for number in count():
        nightlatch.reset()
        request_id = start(nightlatch)
        answers: list[Answer | None] = []
        rival = Meanwhile(lambda: answers.append(second(nightlatch, request_id)))  # noqa: B023  (it is called at once)
        plan = nightlatch.outbound.arrange(rival, at=number, of="dynamodb.")
        answer = first(nightlatch, request_id)
        nightlatch.outbound.plans.clear()
        if not plan.was_reached:
            answers.append(second(nightlatch, request_id))
        yield Meeting(answer, answers[0], settled(nightlatch, request_id))
        if not plan.was_reached:
            return


def settled(nightlatch: Deployed, request_id: str) -> AccessRequest:
    """Let the workers finish, and see that target, record and ledger agree."""
    nightlatch.ring(request_id)
    nightlatch.sweep(minutes=2)
    request = nightlatch.request(request_id)
    has_access = [request.session_user] if request.status is Status.GRANTED else []
    assert list(nightlatch.connector.accesses) == has_access
    assert nightlatch.told(request_id) in TELLS[request.status]
    return request


def command(verb: str, by: object, **body: str) -> Act:
    """Build what somebody does."""
    return lambda nightlatch, request_id: nightlatch.command(request_id, verb, by=by, **body)  # type: ignore[arg-type]


APPROVE, OTHER_APPROVE, REJECT = command("approve", NOA), command("approve", OMAR), command("reject", OMAR)
CANCEL, RETURN, REVOKE = command("cancel", MAYA), command("return", MAYA), command("revoke", ADA, reason="leak")


def stop(nightlatch: Deployed, request_id: str) -> Answer:  # noqa: ARG001  (it is everything that she has)
    """Stop the requester."""
    return nightlatch.call("access_requests", "POST", f"/v1/people/{MAYA.id}/stop", {"reason": "left"}, by=ADA)


def lost(answer: Answer | None, *, to: str) -> bool:
    """Say whether somebody lost, and was told to what."""
    return answer is not None and answer.status == 409 and to in answer.json["detail"]


def won(answer: Answer | None) -> bool:
    """Say whether somebody had their way."""
    return answer is not None and answer.status == 200


def submitted(nightlatch: Deployed) -> str:
    return nightlatch.submitted()


def approved(nightlatch: Deployed) -> str:
    return nightlatch.approved()


def at_the_end(nightlatch: Deployed) -> str:
    """Grant, and let the time of the access be over."""
    request_id = nightlatch.granted()
    nightlatch.clock.advance(HOUR)
    return request_id


def ring(nightlatch: Deployed, request_id: str) -> None:
    nightlatch.ring(request_id)


def timer(nightlatch: Deployed, request_id: str) -> None:
    nightlatch.wake(request_id)


def sweep(nightlatch: Deployed, request_id: str) -> None:  # noqa: ARG001  (a sweep is told of none)
    nightlatch.sweep()


def test_of_two_approvals_where_one_is_needed_one_counts(nightlatch: Deployed) -> None:
    """A5: there is one grant, and the second approver is told that it is approved."""
    for met in meetings(nightlatch, submitted, APPROVE, OTHER_APPROVE):
        winner, loser = (met.first, met.second) if won(met.first) else (met.second, met.first)
        assert won(winner)
        assert lost(loser, to="is APPROVED")
        assert met.request.status is Status.GRANTED
        assert sum(len(item.votes) for item in met.request.items) == 1


@pytest.mark.parametrize(("first", "second"), [(APPROVE, REJECT), (REJECT, APPROVE)], ids=["approve", "reject"])
def test_approve_and_reject_have_one_outcome(nightlatch: Deployed, first: Act, second: Act) -> None:
    """A6: the loser is told what won."""
    outcome = {True: Status.GRANTED, False: Status.REJECTED}
    for met in meetings(nightlatch, submitted, first, second):
        approval, rejection = (met.first, met.second) if first is APPROVE else (met.second, met.first)
        assert won(approval) != won(rejection)
        assert met.request.status is outcome[won(approval)]
        assert lost(rejection, to="is APPROVED") or lost(approval, to="is REJECTED")


@pytest.mark.parametrize(("first", "second"), [(APPROVE, CANCEL), (CANCEL, APPROVE)], ids=["approve", "cancel"])
def test_what_is_withdrawn_is_not_granted_whenever_it_is_approved(
    nightlatch: Deployed, first: Act, second: Act
) -> None:
    """A6: a withdrawal is possible before and after the approval."""
    for met in meetings(nightlatch, submitted, first, second):
        approval, withdrawal = (met.first, met.second) if first is APPROVE else (met.second, met.first)
        assert won(withdrawal)
        assert won(approval) or lost(approval, to="is CANCELED")
        assert met.request.status is Status.CANCELED


@pytest.mark.parametrize("first", [APPROVE, timer], ids=["approve", "lapse"])
def test_approve_and_lapse_have_one_outcome(nightlatch: Deployed, first: Act) -> None:
    """A6: on machines whose clocks do not agree on whether the approval window is over."""

    def lapsing(nightlatch: Deployed, request_id: str) -> None:
        nightlatch.clock.advance(SECOND)
        nightlatch.wake(request_id)

    def approving(nightlatch: Deployed, request_id: str) -> Answer | None:
        nightlatch.clock.advance(-SECOND)
        return APPROVE(nightlatch, request_id)

    second = lapsing if first is APPROVE else approving
    for met in meetings(nightlatch, open_until_now(over=first is timer), first, second):
        approval = met.first if first is APPROVE else met.second
        assert met.request.status is (Status.GRANTED if won(approval) else Status.LAPSED)
        assert won(approval) or lost(approval, to="is LAPSED")


def open_until_now(*, over: bool) -> Start:
    """Ask, and let the clock stand half a second before or after the end of the approval window."""

    def start(nightlatch: Deployed) -> str:
        request_id = nightlatch.submitted()
        lapses_at = nightlatch.request(request_id).lapses_at
        assert lapses_at
        nightlatch.clock.at(lapses_at + timedelta(milliseconds=500 if over else -500))
        return request_id

    return start


@pytest.mark.parametrize(("first", "second"), [(ring, CANCEL), (CANCEL, ring)], ids=["grant", "cancel"])
def test_grant_and_cancel_have_one_outcome(nightlatch: Deployed, first: Act, second: Act) -> None:
    """A6: what was withdrawn is never given; what is being given must be given back."""
    for met in meetings(nightlatch, approved, first, second):
        withdrawal = met.first if first is CANCEL else met.second
        assert met.request.status is (Status.CANCELED if won(withdrawal) else Status.GRANTED)
        assert won(withdrawal) or lost(withdrawal, to="is GRANTING") or lost(withdrawal, to="is GRANTED")


@pytest.mark.parametrize("first", [ring, REVOKE], ids=["grant", "revoke"])
def test_grant_and_revoke_have_one_outcome(nightlatch: Deployed, first: Act) -> None:
    """A6: from the moment at which granting has begun it can be revoked, and is not granted after that."""
    seen = set[tuple[bool, bool]]()
    for met in meetings(nightlatch, approved, first, REVOKE if first is ring else ring):
        revocation = met.first if first is REVOKE else met.second
        assert met.request.status is (Status.REVOKED if won(revocation) else Status.GRANTED)
        assert won(revocation) or lost(revocation, to="is APPROVED")
        seen.add((won(revocation), met.request.granted_at is None))
    assert first is REVOKE or seen == {(False, False), (True, True), (True, False)}


@pytest.mark.parametrize("first", [ring, stop], ids=["grant", "stop"])
def test_who_is_stopped_while_something_is_granted_has_nothing(nightlatch: Deployed, first: Act) -> None:
    """A6: whenever that is."""
    for met in meetings(nightlatch, approved, first, stop if first is ring else ring):
        stopped = met.first if first is stop else met.second
        assert stopped is not None
        assert [result["problem"] for result in stopped.json["results"]] == [None]
        assert met.request.status in {Status.CANCELED, Status.REVOKED}


@pytest.mark.parametrize("person", [RETURN, REVOKE], ids=["give back", "revoke"])
@pytest.mark.parametrize("person_first", [True, False])
def test_an_end_has_one_reason(nightlatch: Deployed, person: Act, *, person_first: bool) -> None:
    """A6: the person who comes too late is told what the access became."""
    early = Status.CANCELED if person is RETURN else Status.REVOKED
    first, second = (person, timer) if person_first else (timer, person)
    for met in meetings(nightlatch, at_the_end, first, second):
        answer = met.first if person_first else met.second
        assert met.request.status is (early if won(answer) else Status.EXPIRED)
        assert won(answer) or lost(answer, to="is REVOKING") or lost(answer, to="is EXPIRED")


@pytest.mark.parametrize(("first", "second"), [(sweep, timer), (timer, sweep), (timer, timer)])
def test_sweep_and_timer_end_access_once(nightlatch: Deployed, first: Act, second: Act) -> None:
    """D4: fired twice, or while the sweep is at it."""
    for met in meetings(nightlatch, at_the_end, first, second):
        assert met.request.status is Status.EXPIRED


def test_a_flow_that_was_changed_before_granting_began_is_what_counts(nightlatch: Deployed) -> None:
    """A9: no access begins that the flow in force does not allow."""
    seen: list[Status] = []

    def tighten(nightlatch: Deployed, request_id: str) -> Answer:
        seen.append(nightlatch.request(request_id).status)
        body = {**FLOW, "who": SOMEBODY_ELSE}
        headers = {"if-match": '"1"'}
        return nightlatch.call("access_flows", "PUT", "/v1/flows/orders-roles", body, by=ADA, **headers)

    for met in meetings(nightlatch, approved, ring, tighten):
        assert won(met.second)
        began = seen.pop() is not Status.APPROVED
        assert met.request.status is (Status.GRANTED if began else Status.FAILED)
        assert ("grant" in nightlatch.connector.calls) == began
