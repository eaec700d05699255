"""Two at one thing: the second acts before each of the first one's calls to DynamoDB, and at last after all of them.

Each transaction is one call, so these are all the ways in which two can meet. The real functions decide; moto is
DynamoDB.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.records import StateRecord
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.identity import Principal
from tests.builders import ADA, MAYA, NOA, OMAR
from tests.functions.client import Answer
from tests.integration.aws.deployed import Deployed
from tests.integration.aws.event_source_mapping import Changes
from tests.integration.aws.outbound import Meanwhile

Start = Callable[[Deployed], str]
Act = Callable[[Deployed, str], Answer | None]

ASKED = ["access.requested"]
APPROVED = [*ASKED, "access.role.approved", "access.approved"]
GRANTED = [*APPROVED, "access.granted"]
TELLS = {
    Status.PENDING: [ASKED],
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
"""What the ledger may say of a request that came to be so, and nothing else but what is BESIDE."""

BESIDE = {
    "access.extended",
    "access.extension.refused",
    "access.revoke.failed",
    "access.quarantined",
    "access.quarantine.closed",
}
"""Events that change nothing of where a request stands. The tests that bring them about count them."""


@dataclass(frozen=True)
class Meeting:
    """What came of two that met: their answers (a worker gives none), and about what it was."""

    first: Answer | None
    second: Answer | None
    about: str


@dataclass(frozen=True)
class RequestMeeting(Meeting):
    """The request on top, when all was done, and the names of its events."""

    request: AccessRequest
    told: list[str]


def encounters(nightlatch: Deployed, start: Start, first: Act, second: Act) -> Iterator[Meeting]:
    """Let two meet in every way, each time from the same start; what is written follows on what was there."""
    for number in count():
        with versions_follow(nightlatch):
            nightlatch.reset()
            about = start(nightlatch)
            answers: list[Answer | None] = []
            rival = Meanwhile(lambda: answers.append(second(nightlatch, about)))  # noqa: B023  (it is called at once)
            plan = nightlatch.outbound.arrange(rival, at=number, of="dynamodb.")
            answer = first(nightlatch, about)
            nightlatch.outbound.plans.clear()
            if not plan.was_reached:
                answers.append(second(nightlatch, about))
            yield Meeting(answer, answers[0], about)
        if not plan.was_reached:
            return


def meetings(nightlatch: Deployed, start: Start, first: Act, second: Act) -> Iterator[RequestMeeting]:
    """Let two meet at a request, and everything settle."""
    for met in encounters(nightlatch, start, first, second):
        request = settled(nightlatch, met.about)
        yield RequestMeeting(met.first, met.second, met.about, request, nightlatch.told(met.about))


@contextmanager
def versions_follow(nightlatch: Deployed) -> Iterator[None]:
    """See that each version of anything is written once, and follows on the one before."""
    changes, events = Changes("state", nightlatch.clock), table_of(StateRecord).connection.client.meta.events
    changes.watch(events)
    try:
        yield
    finally:
        changes.ignore(events)
    written: dict[tuple[str, str], list[int]] = {}
    for image in (record["dynamodb"].get("NewImage", {}) for record in changes.records):
        if "version" in image and not image["pk"]["S"].startswith("FLOW#"):  # of a flow, each version has its own key
            written.setdefault((image["pk"]["S"], image["sk"]["S"]), []).append(int(image["version"]["N"]))
    assert written
    assert all(versions == list(range(1, len(versions) + 1)) for versions in written.values()), written


def settled(nightlatch: Deployed, request_id: str) -> AccessRequest:
    """Let the workers finish, and see that target, record and ledger agree."""
    nightlatch.ring(request_id)
    nightlatch.sweep(minutes=2)
    request, told = nightlatch.request(request_id), nightlatch.told(request_id)
    if "access.quarantine.closed" not in told:  # somebody's word is taken then, and nobody looks
        has_access = [request.session_user] if request.status is Status.GRANTED else []
        accesses = nightlatch.connector.accesses
        assert list(accesses) == has_access
        assert all(request.ends_at and each.ends_at >= request.ends_at for each in accesses.values())
    assert [name for name in told if name not in BESIDE] in TELLS[request.status]
    return request


def command(verb: str, by: Principal, **body: str) -> Act:
    """Build what somebody does."""
    return lambda nightlatch, request_id: nightlatch.command(request_id, verb, by=by, **body)


APPROVE, OTHER_APPROVE, REJECT = command("approve", NOA), command("approve", OMAR), command("reject", OMAR)
CANCEL, RETURN, REVOKE = command("cancel", MAYA), command("return", MAYA), command("revoke", ADA, reason="leak")


def lost(answer: Answer | None, *, to: str) -> bool:
    """Say whether somebody lost, and was told to what."""
    return answer is not None and answer.status == 409 and to in answer.json["detail"]


def won(answer: Answer | None) -> bool:
    """Say whether somebody had their way."""
    return answer is not None and answer.status == 200


def submitted(nightlatch: Deployed) -> str:
    """Begin with a request that is to be decided."""
    return nightlatch.submitted()


def approved(nightlatch: Deployed) -> str:
    """Begin with a request that is approved."""
    return nightlatch.approved()


def granted(nightlatch: Deployed) -> str:
    """Begin with access."""
    return nightlatch.granted()


def ring(nightlatch: Deployed, request_id: str) -> None:
    """Let a worker do what is due."""
    nightlatch.ring(request_id)


def timer(nightlatch: Deployed, request_id: str) -> None:
    """Let the request's timer go off."""
    nightlatch.wake(request_id)
