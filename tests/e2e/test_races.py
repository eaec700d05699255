"""Several at one thing at the same moment, on the running stack: one outcome, and the loser is told what won.

Every way in which two can meet: `tests/integration/aws/test_races.py` and `test_asking_races.py`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest

from nightlatch.domain.ledger import Head, LedgerEntry, first_break
from nightlatch.entrypoints.local.facts import StackFacts
from tests.e2e.conftest import ROOT
from tests.e2e.person import JsonObject, Person

ROUNDS = range(5)
REASONS = {"revoke": {"reason": "leak"}}
LEDGER_SWEEP = (ROOT / "events" / "ledger_sweep.json").read_bytes()
SWEEPS = 4
ASKED = {
    "integration": "orders-db",
    "items": [{"resource_type": "database", "resource": "orders", "permission": "role1"}],
    "justification": "INC-2291 duplicate charges",
}
Command = tuple[str, str]


def at_once(person: Callable[[str], Person], request_id: str, *commands: Command) -> dict[Command, httpx.Response]:
    """Let people command something at the same moment."""
    people = [person(username) for username, _ in commands]  # signed in by now
    answers = together(
        *(
            partial(someone.post, f"/v1/requests/{request_id}/{verb}", REASONS.get(verb))
            for someone, (_, verb) in zip(people, commands, strict=True)
        )
    )
    return dict(zip(commands, answers, strict=True))


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Let all of it happen at the same moment."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return [under_way.result() for under_way in [pool.submit(act) for act in acts]]


@pytest.fixture(params=ROUNDS)
def again(request: pytest.FixtureRequest) -> int:
    """Play each race some times over: who is faster is chance."""
    return int(request.param)


@pytest.mark.usefixtures("again")
def test_of_two_approvals_one_counts(person: Callable[[str], Person]) -> None:
    """A5."""
    maya = person("maya")
    request_id = maya.ask("role1")

    answers = at_once(person, request_id, ("noa", "approve"), ("omar", "approve"))
    maya.wait_for(request_id, "GRANTED")
    maya.command(request_id, "return")
    told = [event["event_type"] for event in maya.timeline(request_id, count=6)]

    assert sorted(answer.status_code for answer in answers.values()) == [200, 409]
    loser = next(answer for answer in answers.values() if answer.is_error).json()["detail"]
    assert re.search(r" is (APPROVED|GRANTING|GRANTED), not PENDING", loser), loser
    assert told[:4] == ["access.requested", "access.role.approved", "access.approved", "access.granted"]


@pytest.mark.usefixtures("again")
def test_approve_and_reject_have_one_outcome(person: Callable[[str], Person]) -> None:
    """A6."""
    maya = person("maya")
    request_id = maya.ask("role1")

    answers = at_once(person, request_id, ("noa", "approve"), ("omar", "reject"))
    is_approved = answers["noa", "approve"].is_success
    maya.wait_for(request_id, "GRANTED" if is_approved else "REJECTED")
    if is_approved:
        maya.command(request_id, "return")

    assert sorted(answer.status_code for answer in answers.values()) == [200, 409]


@pytest.mark.usefixtures("again")
def test_what_is_withdrawn_is_not_granted(person: Callable[[str], Person]) -> None:
    """A6."""
    maya = person("maya")
    request_id = maya.ask("role1")

    answers = at_once(person, request_id, ("noa", "approve"), ("maya", "cancel"))
    withdrawn, approved = answers["maya", "cancel"], answers["noa", "approve"]
    ended = maya.wait_for(request_id, "CANCELED" if withdrawn.is_success else "GRANTED")
    if not withdrawn.is_success:
        maya.command(request_id, "return")

    assert withdrawn.is_success or withdrawn.status_code == 409
    assert approved.is_success or "CANCELED" in approved.json()["detail"]
    assert not (withdrawn.is_success and ended["granted_at"])


@pytest.mark.usefixtures("again")
def test_who_ends_access_first_is_why_it_ended(person: Callable[[str], Person]) -> None:
    """A6."""
    maya = person("maya")
    request_id = maya.ask("role1")
    person("noa").command(request_id, "approve")
    maya.wait_for(request_id, "GRANTED")

    answers = at_once(person, request_id, ("maya", "return"), ("ada", "revoke"))
    returned = answers["maya", "return"].is_success
    maya.wait_for(request_id, "CANCELED" if returned else "REVOKED")
    told = [event["event_type"] for event in maya.timeline(request_id, count=6)]

    assert sorted(answer.status_code for answer in answers.values()) == [200, 409]
    assert told[4:] == ["access.revoking", "access.returned" if returned else "access.revoked"]


@pytest.mark.usefixtures("again")
@pytest.mark.parametrize("key", [None, "the same"])
def test_what_is_asked_twice_at_once_is_one_request(person: Callable[[str], Person], key: str | None) -> None:
    """E1: one call that is made twice is answered twice; of two calls one is told what there is."""
    maya, key = person("maya"), key and uuid4().hex
    withdraw(maya, maya.ask("role1"))  # nothing asks for the same then

    answers: list[httpx.Response] = together(*[partial(maya.post, "/v1/requests", ASKED, key=key)] * 2)
    [request_id] = {answer.json()["id"] for answer in answers if answer.is_success}
    withdraw(maya, request_id)

    assert sorted(answer.status_code for answer in answers) == ([201, 201] if key else [201, 409])
    assert all(request_id in answer.text for answer in answers)


def withdraw(maya: Person, request_id: str) -> None:
    """Take back what nobody has decided on."""
    assert maya.command(request_id, "cancel")["status"] == "CANCELED"


@pytest.fixture
def flow(person: Callable[[str], Person]) -> Iterator[JsonObject]:
    """Write a flow that nobody needs, and delete it in the end."""
    ada, path = person("ada"), f"/v1/flows/race-{uuid4().hex[:8]}"
    body = {
        "name": "A race",
        "who": {"conditions": [{"attribute": "group", "operator": "is", "values": ["nobody"]}]},
        "what": {"integration": "orders-db", "names": ["nothing"], "permissions": ["none"]},
        "grant": {"default": "PT1H", "maximum": "PT1H"},
        "approve": {"steps": []},
    }
    ada.api.put(path, json=body).raise_for_status()
    yield {"path": path, "body": body}
    ada.api.delete(path, headers={"if-match": ada.api.get(path).headers["etag"]}).raise_for_status()


def test_of_two_who_change_one_version_of_a_flow_one_does(person: Callable[[str], Person], flow: JsonObject) -> None:
    """The other is told that it is another version by now, each time."""
    ada, path = person("ada"), flow["path"]

    for _ in ROUNDS:
        before = ada.api.get(path).headers["etag"]
        bodies = [{**flow["body"], "name": f"Version {uuid4().hex}"} for _ in range(2)]
        headers = {"if-match": before}
        answers = together(*(partial(ada.api.put, path, json=body, headers=headers) for body in bodies))
        kept = ada.api.get(path)

        assert sorted(answer.status_code for answer in answers) == [200, 412]
        winner = next(body for body, answer in zip(bodies, answers, strict=True) if answer.is_success)
        assert kept.json()["definition"]["name"] == winner["name"]
        assert int(kept.headers["etag"].strip('"')) == int(before.strip('"')) + 1


def test_sequencers_that_run_at_once_number_each_event_once(
    facts: StackFacts, client: Callable[[str], Any], person: Callable[[str], Person]
) -> None:
    """I3: while requests come in, and the stream rings too."""
    maya, functions = person("maya"), client("lambda")
    run = partial(functions.invoke, FunctionName=f"{facts.stack}-ledger", Payload=LEDGER_SWEEP)

    def come_and_go() -> list[str]:
        request_ids = []
        for _ in ROUNDS:
            request_ids.append(maya.ask("role1"))
            withdraw(maya, request_ids[-1])
        return request_ids

    request_ids, *ran = together(come_and_go, *[run] * SWEEPS)
    timelines = [maya.timeline(request_id, count=2) for request_id in request_ids]
    entries = trail(person("ivo"))

    assert not [sweep for sweep in ran if "FunctionError" in sweep]
    assert all([each["event_type"] for each in told] == ["access.requested", "access.canceled"] for told in timelines)
    assert set(Counter(entry.event_id for entry in entries).values()) == {1}
    assert first_break(entries, after=Head()) is None


def trail(ivo: Person) -> list[LedgerEntry]:
    """Read the whole trail, oldest first."""
    entries: list[LedgerEntry] = []
    page: JsonObject = {"has_more": True, "_links": {"next": {"href": "/v1/audit?limit=500"}}}
    while page["has_more"]:
        page = ivo.get(page["_links"]["next"]["href"])
        entries += map(LedgerEntry.model_validate, page["events"])
    return entries
