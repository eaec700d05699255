"""Two who ask for the same, and two who write one flow, in every way in which they can meet."""

from collections import Counter
from typing import Any

import pytest

from nightlatch.bootstrap import state
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import ADA, MAYA, NOA
from tests.functions.client import FLOW, Answer
from tests.integration.aws.deployed import Deployed
from tests.integration.aws.meetings import Act, encounters

FLOW_PATH = "/v1/flows/orders-roles"
GONE = {"conditions": [{"attribute": "group", "operator": "is", "values": ["somebody-else"]}]}
TWO = {"steps": [{"needed": 2, "groups": ["approvers"]}]}


def nothing(nightlatch: Deployed) -> str:  # noqa: ARG001  (there is a flow, and nobody has asked)
    return ""


def submit(*, key: str = "") -> Act:
    """Build how Maya asks for role1."""
    return lambda nightlatch, _: nightlatch.submit("role1", key=key)


def put(if_match: int | None = None, *, path: str = FLOW_PATH, **changes: object) -> Act:
    """Build how Ada writes a flow."""
    headers = {"if-match": f'"{if_match}"'} if if_match else {}
    return lambda nightlatch, _: nightlatch.call("access_flows", "PUT", path, {**FLOW, **changes}, by=ADA, **headers)


def requests() -> list[AccessRequest]:
    """Read all that was asked for."""
    return [*state.requests().find(RequestFilter())]


def told(nightlatch: Deployed) -> Counter[str]:
    """Count the events of everything."""
    nightlatch.sweep()
    return Counter(entry.event_type for entry in nightlatch.trail())


def only(answer: Answer | None) -> Answer:
    assert answer
    return answer


def test_of_two_who_ask_for_the_same_one_does_and_the_other_is_told_which(nightlatch: Deployed) -> None:
    """With no key, or each with a key of its own."""
    for first, second in ((submit(), submit()), (submit(key="one"), submit(key="two"))):
        for met in encounters(nightlatch, nothing, first, second):
            answers = sorted((only(met.first), only(met.second)), key=lambda answer: answer.status)
            [request] = requests()
            assert [answer.status for answer in answers] == [201, 409]
            assert answers[0].json["id"] == request.id
            assert request.id in answers[1].text
            assert state.requests().open_of(MAYA.id) == {request.content_key: request.id}
            assert told(nightlatch)["access.requested"] == 1


def test_one_call_that_is_made_twice_at_once_asks_once_and_is_answered_twice(nightlatch: Deployed) -> None:
    """E1."""
    for met in encounters(nightlatch, nothing, submit(key="ask"), submit(key="ask")):
        answers = only(met.first), only(met.second)
        [request] = requests()
        assert {answer.status for answer in answers} == {201}
        assert {answer.json["id"] for answer in answers} == {request.id}
        assert told(nightlatch)["access.requested"] == 1


@pytest.mark.parametrize("changes", [{"who": GONE}, {"approve": TWO}], ids=["who", "approve"])
@pytest.mark.parametrize("asked_first", [True, False], ids=["submit", "change"])
def test_what_is_asked_while_its_flow_changes_is_under_one_version_and_begins_under_the_new(
    nightlatch: Deployed, changes: dict[str, Any], *, asked_first: bool
) -> None:
    """A9."""
    change = put(1, **changes)
    first, second = (submit(), change) if asked_first else (change, submit())
    for met in encounters(nightlatch, nothing, first, second):
        asked, changed = (met.first, met.second) if asked_first else (met.second, met.first)
        assert only(changed).status == 200
        found = requests()
        assert [only(asked).status] == ([201] if found else [403])
        assert told(nightlatch)["access.requested"] == len(found)
        for request in found:
            assert request.flow.version in {1, 2}
            assert (request.approvals_needed == 2) == (request.flow.version == 2)
            nightlatch.command(request.id, "approve", by=NOA)
            nightlatch.ring(request.id)
            expected = Status.PENDING if request.flow.version == 2 else Status.FAILED
            assert nightlatch.request(request.id).status is expected
        assert "grant" not in nightlatch.connector.calls


@pytest.mark.parametrize("same", [False, True], ids=["different", "the same"])
def test_of_two_who_change_one_version_of_a_flow_one_does(nightlatch: Deployed, *, same: bool) -> None:
    """The other hears 412, or that it is so already."""
    other = put(1, name="Mine" if same else "Theirs")
    for met in encounters(nightlatch, nothing, put(1, name="Mine"), other):
        answers = only(met.first), only(met.second)
        assert sorted(answer.status for answer in answers) == ([200, 200] if same else [200, 412])
        flow = state.flows().one("orders-roles")
        assert flow
        assert flow.version == 2
        winner = next(answer for answer in answers if answer.status == 200)
        assert (flow.definition.name, '"2"') == (winner.json["definition"]["name"], winner.headers["ETag"])
        assert len(state.flows().versions("orders-roles")) == 2
        assert told(nightlatch)["flow.updated"] == 1


def test_of_two_who_make_one_flow_one_does(nightlatch: Deployed) -> None:
    """The other hears that it is there, and that a version must be named to change it."""
    path = "/v1/flows/new"
    for met in encounters(nightlatch, nothing, put(path=path, name="Mine"), put(path=path, name="Theirs")):
        answers = only(met.first), only(met.second)
        assert sorted(answer.status for answer in answers) == [201, 428]
        assert len(state.flows().versions("new")) == 1
        assert told(nightlatch)["flow.created"] == 1


def test_two_who_change_two_flows_both_do(nightlatch: Deployed) -> None:
    """The register, which both change, counts both."""
    for met in encounters(nightlatch, nothing, put(1, name="Mine"), put(path="/v1/flows/new")):
        assert (only(met.first).status, only(met.second).status) == (200, 201)
        assert state.flows().in_force().register.version == 3
        assert told(nightlatch)["flow.updated"] == told(nightlatch)["flow.created"] == 1
