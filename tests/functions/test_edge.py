"""The outermost edge: what nobody expected, and what is logged."""

import pytest

from nightlatch.bootstrap.requests import access_requests
from nightlatch.domain.identity import Principal
from tests.builders import ADA, MAYA, World
from tests.functions.client import Client
from tests.functions.conftest import Lines


def broken() -> None:
    raise RuntimeError("password=hunter2")


def test_an_unexpected_error_tells_the_caller_nothing_and_the_log_everything(client: Client, log: Lines) -> None:
    client.apps["access_requests"].api.dependency_overrides[access_requests] = broken

    answer = client.get("/v1/requests")

    assert answer.status == 500
    assert answer.json == {
        "type": "/problems/internal-error",
        "title": "Something broke on our side",
        "status": 500,
    }
    failed = next(line for line in log() if line["message"] == "call failed")
    assert "hunter2" in str(failed["exception"])
    assert failed["correlation_id"] == "Ucx9LjIvFiAEMaA="
    assert failed["principal"] == MAYA.id


def test_a_store_that_is_down_is_said_to_be(client: Client, world: World) -> None:
    request = world.submitted()
    world.store.refused_commits = 1

    answer = client.post(f"/v1/requests/{request.id}/cancel")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(
    ("method", "path", "by", "status", "problem"),
    [
        ("GET", "/v1/whoami", MAYA, 200, None),
        ("GET", "/healthz", None, 200, None),
        ("GET", "/v1/audit", MAYA, 403, "not-allowed"),
        ("GET", "/v1/whoami", None, 401, "unauthenticated"),
        ("GET", "/v1/nothing", ADA, 404, "not-found"),
        ("GET", "/v1/requests?x=1", ADA, 400, "invalid-input"),
    ],
)
def test_every_call_leaves_a_line_of_facts(
    client: Client, log: Lines, *, method: str, path: str, by: Principal | None, status: int, problem: str | None
) -> None:
    client.call(method, path, by=by)

    line = log()[-1]
    assert line["message"] == "call answered"
    assert (line["method"], line["path"], line["status"]) == (method, path.partition("?")[0], status)
    assert line.get("problem") == problem
    assert line["correlation_id"] == "Ucx9LjIvFiAEMaA="
    assert line.get("principal") == (by.id if by and problem != "not-found" else None)


def test_one_call_leaves_nothing_in_the_lines_of_the_next(client: Client, log: Lines) -> None:
    client.get("/v1/audit", by=MAYA)
    client.get("/healthz", by=None)

    assert {"problem", "principal"}.isdisjoint(log()[-1])


def test_no_token_and_no_body_is_logged(client: Client, log: Lines) -> None:
    client.post("/v1/requests", {"justification": "my-justification"}, headers={"authorization": "Bearer my-token"})

    assert "my-justification" not in str(log())
    assert "my-token" not in str(log())


def test_what_is_logged_stays_on_its_line(client: Client, log: Lines) -> None:
    """F3: CR, LF and ANSI in logged fields."""
    forged = '/v1/x\r\n{"message": "call answered", "status": 200}\x1b[31m'

    client.get(forged)

    assert len(log()) == 1
    assert log()[0]["path"] == forged


def test_an_answer_without_content_has_an_empty_body(client: Client) -> None:
    """Null is no text: a gateway that puts every body on the wire would answer 500."""
    answer = client.post("/v1/sign-out")

    assert (answer.status, answer.text) == (204, "")
