"""Two at one request, in every way in which they can meet: there is one outcome, and the loser is told what won.

`tests/e2e/test_races.py` lets some of them meet on the running stack.
"""

from datetime import timedelta

import pytest

from nightlatch.domain.access_request import EndReason, Status
from nightlatch.domain.errors import RetryableConnectorError
from tests.builders import ADA, HOUR, MAYA, SECOND
from tests.functions.client import FLOW, Answer
from tests.integration.aws.deployed import Deployed
from tests.integration.aws.meetings import (
    APPROVE,
    CANCEL,
    OTHER_APPROVE,
    REJECT,
    RETURN,
    REVOKE,
    Act,
    RequestMeeting,
    Start,
    approved,
    command,
    granted,
    lost,
    meetings,
    ring,
    submitted,
    timer,
    won,
)

SOMEBODY_ELSE = {"conditions": [{"attribute": "group", "operator": "is", "values": ["somebody-else"]}]}
TWO_APPROVALS = {"steps": [{"needed": 2, "groups": ["approvers"]}]}
EXTENDABLE = {"default": "PT1H", "maximum": "PT8H", "extensions": {"count": 1, "longest": "PT1H"}}
EXTEND, CLOSE = command("extend", MAYA, duration="PT30M"), command("close", ADA, reason="seen to")


def stop(nightlatch: Deployed, request_id: str) -> Answer:  # noqa: ARG001  (it is everything that she has)
    """Stop the requester."""
    return nightlatch.call("access_requests", "POST", f"/v1/people/{MAYA.id}/stop", {"reason": "left"}, by=ADA)


def at_the_end(nightlatch: Deployed) -> str:
    """Grant, and let the time of the access be over."""
    request_id = nightlatch.granted()
    nightlatch.clock.advance(HOUR)
    return request_id


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
        return change_flow(nightlatch, who=SOMEBODY_ELSE)

    for met in meetings(nightlatch, approved, ring, tighten):
        assert won(met.second)
        began = seen.pop() is not Status.APPROVED
        assert met.request.status is (Status.GRANTED if began else Status.FAILED)
        assert ("grant" in nightlatch.connector.calls) == began


def change_flow(nightlatch: Deployed, **changes: object) -> Answer:
    """Write the flow anew, as it was but for this."""
    body = {**FLOW, **changes}
    return nightlatch.call("access_flows", "PUT", "/v1/flows/orders-roles", body, by=ADA, **{"if-match": '"1"'})


@pytest.mark.parametrize("changes", [{"who": SOMEBODY_ELSE}, {"approve": TWO_APPROVALS}], ids=["who", "approve"])
@pytest.mark.parametrize("approval_first", [True, False], ids=["approve", "tighten"])
def test_what_is_approved_while_its_flow_is_tightened_does_not_begin(
    nightlatch: Deployed, changes: dict[str, object], *, approval_first: bool
) -> None:
    """A9: the vote counts, and the flow in force is asked before anything is done at the target."""

    def tighten(nightlatch: Deployed, request_id: str) -> Answer:  # noqa: ARG001  (a flow is of nobody's request)
        return change_flow(nightlatch, **changes)

    first, second = (APPROVE, tighten) if approval_first else (tighten, APPROVE)
    for met in meetings(nightlatch, submitted, first, second):
        assert won(met.first)
        assert won(met.second)
        assert met.request.status is Status.FAILED
        assert "grant" not in nightlatch.connector.calls


@pytest.mark.parametrize(("first", "second"), [(CANCEL, REJECT), (REJECT, CANCEL)], ids=["cancel", "reject"])
def test_cancel_and_reject_have_one_outcome(nightlatch: Deployed, first: Act, second: Act) -> None:
    """A6: the loser is told what won."""
    for met in meetings(nightlatch, submitted, first, second):
        withdrawal, rejection = in_order(met, first is CANCEL)
        assert won(withdrawal) != won(rejection)
        assert lost(withdrawal, to="is REJECTED") or lost(rejection, to="is CANCELED")
        assert met.request.status is (Status.CANCELED if won(withdrawal) else Status.REJECTED)


@pytest.mark.parametrize(("first", "second"), [(RETURN, REVOKE), (REVOKE, RETURN)], ids=["return", "revoke"])
def test_who_ends_access_first_is_why_it_ended(nightlatch: Deployed, first: Act, second: Act) -> None:
    """A6: the other is told that it is ending."""
    for met in meetings(nightlatch, granted, first, second):
        returned, revoked = in_order(met, first is RETURN)
        assert won(returned) != won(revoked)
        assert lost(returned, to="is REVOKING") or lost(revoked, to="is REVOKING")
        assert met.request.end_reason is (EndReason.CANCELED if won(returned) else EndReason.REVOKED)
        assert met.request.ended_by == (MAYA if won(returned) else ADA).as_actor()


def extendable(nightlatch: Deployed) -> str:
    """Begin with access that may be extended once."""
    assert won(change_flow(nightlatch, grant=EXTENDABLE))
    return nightlatch.granted()


@pytest.mark.parametrize(("first", "second"), [(EXTEND, REVOKE), (REVOKE, EXTEND)], ids=["extend", "revoke"])
def test_what_is_revoked_ends_whether_it_was_extended_or_not(nightlatch: Deployed, first: Act, second: Act) -> None:
    """A6. D3."""
    for met in meetings(nightlatch, extendable, first, second):
        extension, revocation = in_order(met, first is EXTEND)
        assert won(revocation)
        assert won(extension) or lost(extension, to="is REVOKING")
        assert met.request.status is Status.REVOKED
        assert_extended_once_or_never(met, extension)


@pytest.mark.parametrize(("first", "second"), [(EXTEND, EXTEND), (EXTEND, ring), (ring, EXTEND)])
def test_an_extension_counts_once_and_the_target_is_told(nightlatch: Deployed, first: Act, second: Act) -> None:
    """D3: the flow lets it be extended once."""
    for met in meetings(nightlatch, extendable, first, second):
        answers = [answer for answer in (met.first, met.second) if answer]
        assert [won(answer) for answer in answers].count(True) == 1
        assert {answer.status for answer in answers} <= {200, 400}
        assert met.request.status is Status.GRANTED
        assert met.request.extensions == met.told.count("access.extended") == 1
        assert met.request.due_at == met.request.ends_at


@pytest.mark.parametrize("first", [EXTEND, timer], ids=["extend", "end"])
def test_extension_and_end_have_one_outcome(nightlatch: Deployed, first: Act) -> None:
    """A6. D3: on machines whose clocks do not agree on whether the access is over."""

    def ending(nightlatch: Deployed, request_id: str) -> None:
        nightlatch.clock.advance(SECOND)
        nightlatch.wake(request_id)

    def extending(nightlatch: Deployed, request_id: str) -> Answer | None:
        nightlatch.clock.advance(-SECOND)
        return EXTEND(nightlatch, request_id)

    second = ending if first is EXTEND else extending
    for met in meetings(nightlatch, lasting_until_now(over=first is timer), first, second):
        extension = met.first if first is EXTEND else met.second
        assert met.request.status is (Status.GRANTED if won(extension) else Status.EXPIRED)
        assert any((won(extension), lost(extension, to="is REVOKING"), lost(extension, to="is EXPIRED")))
        assert_extended_once_or_never(met, extension)


def lasting_until_now(*, over: bool) -> Start:
    """Grant, and let the clock stand half a second before or after the end of the access."""

    def start(nightlatch: Deployed) -> str:
        request_id = extendable(nightlatch)
        ends_at = nightlatch.request(request_id).ends_at
        assert ends_at
        nightlatch.clock.at(ends_at + timedelta(milliseconds=500 if over else -500))
        return request_id

    return start


def assert_extended_once_or_never(met: RequestMeeting, extension: Answer | None) -> None:
    """See that record, ledger and answer agree on whether it was extended."""
    assert met.request.extensions == met.told.count("access.extended") == int(won(extension))
    assert met.request.granted_at
    assert met.request.ends_at == met.request.granted_at + HOUR + (HOUR / 2 if won(extension) else timedelta())


def quarantined(nightlatch: Deployed) -> str:
    """Begin with access that resisted its end until now."""
    request_id = nightlatch.granted()
    nightlatch.connector.fail_next(RetryableConnectorError("down"), times=5)
    assert won(RETURN(nightlatch, request_id))
    nightlatch.ring(request_id)
    while not nightlatch.request(request_id).quarantined:
        nightlatch.clock.advance(HOUR)
        nightlatch.ring(request_id)
    nightlatch.clock.advance(HOUR)
    return request_id


@pytest.mark.parametrize(("first", "second"), [(CLOSE, ring), (ring, CLOSE)], ids=["close", "worker"])
def test_what_is_closed_by_hand_while_a_worker_ends_it_is_closed_once(
    nightlatch: Deployed, first: Act, second: Act
) -> None:
    """A6: the ledger says whether somebody's word was taken for it."""
    for met in meetings(nightlatch, quarantined, first, second):
        closing = met.first if first is CLOSE else met.second
        assert met.request.status is Status.CANCELED
        assert won(closing) or lost(closing, to="is CANCELED and not quarantined")
        assert met.told.count("access.quarantine.closed") == int(won(closing))
        assert met.request.ended_by == MAYA.as_actor()


def in_order(met: RequestMeeting, as_they_came: bool) -> tuple[Answer | None, Answer | None]:
    """Name the answers by who gave them, whoever came first."""
    return (met.first, met.second) if as_they_came else (met.second, met.first)
