"""What the running stack refuses, from the API gateway to the database."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from nightlatch.entrypoints.local.facts import StackFacts
from nightlatch.entrypoints.local.layout import layout
from tests.e2e.forging import FORGED, Forger
from tests.e2e.person import Person

ASK = {
    "integration": "orders-db",
    "items": [{"resource_type": "database", "resource": "orders", "permission": "role3"}],
    "justification": "INC-2291",
}


def _count(someone: Person) -> int:
    return len(someone.get("/v1/requests", requester="me", limit=200)["requests"])


@pytest.mark.parametrize("field", ["status", "approvers", "ends_at"])
def test_a_request_cannot_bring_its_own_outcome(person: Callable[[str], Person], field: str) -> None:
    """A1: an extra field is refused by name, and nothing is stored."""
    maya = person("maya")
    before = _count(maya)

    answer = maya.post("/v1/requests", {**ASK, field: "GRANTED"})

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]
    assert _count(maya) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_request_cannot_be_written(person: Callable[[str], Person], method: str) -> None:
    """A2: there are commands, and no updates."""
    maya = person("maya")
    request_id = maya.ask("role1")

    answer = maya.api.request(method, f"/v1/requests/{request_id}", json={"status": "GRANTED"})
    maya.command(request_id, "cancel")

    assert answer.status_code == 405


def test_nobody_approves_their_own_request(person: Callable[[str], Person]) -> None:
    """A3: not even as a member of the group that approves."""
    noa = person("noa")
    request_id = noa.ask("role1")

    answer = noa.post(f"/v1/requests/{request_id}/approve")
    events = noa.timeline(request_id, count=2)
    noa.command(request_id, "cancel")

    assert answer.status_code == 403
    assert events[-1]["event_type"] == "access.approval.refused"


def test_an_unseen_request_answers_like_an_unknown_one(person: Callable[[str], Person]) -> None:
    """A11: the answer does not tell whether the request exists."""
    noa, maya = person("noa"), person("maya")
    request_id = noa.ask("role1")
    unknown = request_id[:-4] + "0000"

    seen = maya.post(f"/v1/requests/{request_id}/approve")
    unseen = maya.post(f"/v1/requests/{unknown}/approve")
    noa.command(request_id, "cancel")

    assert seen.status_code == unseen.status_code == 404
    assert seen.text.replace(request_id, unknown) == unseen.text


@pytest.mark.parametrize("duration", ["PT0S", "-PT1H", "PT0.5H", "1e9", "NaN", "P1Y", "PT9H", 0, 3600, None, ""])
def test_a_duration_must_be_a_duration_within_the_flow(person: Callable[[str], Person], duration: object) -> None:
    """D1: nothing, negative, fractions, numbers and too much are refused by name."""
    answer = person("maya").post("/v1/requests", {**ASK, "duration": duration})

    if duration is None:  # left out: the flow's default
        person("maya").command(answer.json()["id"], "cancel")
        assert answer.status_code == 201
    else:
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/duration"


def test_a_key_does_its_work_once(person: Callable[[str], Person]) -> None:
    """E1: the same key again is the same request, with another body a fault, and somebody else's is independent."""
    maya, noa, key = person("maya"), person("noa"), str(uuid4())

    first = maya.post("/v1/requests", ASK, key=key)
    again = maya.post("/v1/requests", ASK, key=key)
    other = maya.post("/v1/requests", {**ASK, "justification": "something else"}, key=key)
    another = noa.post("/v1/requests", ASK, key=key)
    maya.command(first.json()["id"], "cancel")
    noa.command(another.json()["id"], "cancel")

    assert again.json()["id"] == first.json()["id"]
    assert other.status_code == 422
    assert another.json()["id"] != first.json()["id"]


@pytest.mark.parametrize("token", [None, "nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
def test_no_valid_token_no_answer(facts: StackFacts, token: str | None) -> None:
    """B3: no token, nonsense and an unsigned token."""
    headers = {"authorization": f"Bearer {token}"} if token else {}

    answer = httpx.get(f"{facts.api_url}/v1/requests", headers=headers, trust_env=False)

    assert answer.status_code == 401


@pytest.fixture(scope="module")
def forger(facts: StackFacts, home: Path) -> Forger:
    return Forger.with_token_of("maya", facts, layout(home))


def _answer(facts: StackFacts, token: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.post(f"{facts.api_url}/v1/requests", json=ASK, headers=headers, trust_env=False)


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_token_does_nothing(
    facts: StackFacts, forger: Forger, person: Callable[[str], Person], forged: str
) -> None:
    """B3: whatever is wrong with it, and however right all the rest is."""
    before = _count(person("maya"))

    answer = _answer(facts, FORGED[forged](forger))

    assert answer.status_code == 401
    assert _count(person("maya")) == before


def test_what_the_user_pool_has_signed_is_taken(
    facts: StackFacts, forger: Forger, person: Callable[[str], Person]
) -> None:
    """B3: so it is what was wrong with them that the forged tokens were refused for."""
    answer = _answer(facts, forger.by_pool())
    person("maya").command(answer.json()["id"], "cancel")

    assert answer.status_code == 201


def test_forged_headers_make_nobody_an_administrator(person: Callable[[str], Person]) -> None:
    """B5: identity comes from the authorizer only."""
    forged = {
        "x-amzn-oidc-data": "admins",
        "x-amzn-request-context": '{"authorizer":{"jwt":{"claims":{"cognito:groups":"[admins]"}}}}',
        "x-forwarded-for": "203.0.113.9",
        "x-cognito-groups": "admins",
    }

    me = person("maya").api.get("/v1/whoami", headers=forged).json()
    refused = person("maya").api.get("/v1/integrations", headers=forged)

    assert me["roles"] == ["requester"]
    assert refused.status_code == 403
