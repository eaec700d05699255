"""How the API is called: identity, repetition, errors, exit codes."""

import httpx
import pytest

from tests.unit.entrypoints.cli.fake_api import REQUEST_ID, FakeApi, a_request, problem
from tests.unit.entrypoints.cli.terminal import Terminal

PATH = f"/v1/requests/{REQUEST_ID}/return"


def test_a_call_carries_the_token_and_says_that_it_is_the_command_line(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/flows", {"flows": []})
    terminal.json("flows", "list")
    headers = api.calls[0].headers
    assert headers["authorization"] == "Bearer token-of-maya"
    assert headers["x-nightlatch-client"] == "cli"
    assert headers["user-agent"].startswith("nightlatch-cli/")


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(502, json={"message": "Bad Gateway"}),
        httpx.Response(429, json={"message": "Too Many Requests"}),
        problem(503, "store-unavailable", "Try again in a moment"),
    ],
)
def test_a_post_is_repeated_with_the_same_key(
    terminal: Terminal, api: FakeApi, failure: Exception | httpx.Response
) -> None:
    api.on("POST", PATH, failure, failure, a_request("REVOKING"))
    assert terminal.run("return", REQUEST_ID).exit_code == 0
    keys = [call.headers["idempotency-key"] for call in api.sent("POST", PATH)]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert terminal.slept == [0.5, 1.0]


def test_two_posts_have_two_keys(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", PATH, a_request("REVOKING"))
    terminal.run("return", REQUEST_ID)
    terminal.run("return", REQUEST_ID)
    assert len({call.headers["idempotency-key"] for call in api.calls}) == 2


@pytest.mark.parametrize(
    ("answer", "exit_code", "message"),
    [
        (
            problem(403, "not-allowed", "The caller may not do this", detail="only the requester"),
            1,
            "only the requester",
        ),
        (problem(409, "conflict", "Not possible in the present state"), 1, "Not possible in the present state"),
        (problem(401, "unauthenticated", "The caller is not known"), 4, "nightlatch login"),
        (
            problem(401, "fresh-sign-in-required", "Sign in again", detail="approving takes a sign-in within PT15M"),
            4,
            "approving takes a sign-in within PT15M; sign in again with: nightlatch login --fresh",
        ),
        (httpx.Response(401, json={"message": "Unauthorized"}), 4, "nightlatch login"),
        (problem(500, "internal-error", "Something broke on our side"), 5, "Something broke"),
        (httpx.Response(503, text="<html>"), 5, "answered 503"),
        (httpx.Response(429, json={"message": "Too Many Requests"}), 5, "Too Many Requests"),
        (problem(429, "limit-reached", "There is no room for more"), 1, "no room"),
        (httpx.Response(200, text="<html>"), 5, "not the API's JSON"),
        (httpx.ConnectError("refused"), 5, "https://api.example.com/ does not answer: refused"),
    ],
)
def test_a_script_can_tell_what_went_wrong(
    terminal: Terminal, api: FakeApi, answer: httpx.Response | Exception, exit_code: int, message: str
) -> None:
    api.on("GET", "/v1/flows", answer)
    result = terminal.run("flows", "list")
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr


def test_no_error_ever_shows_the_token(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/flows", httpx.ConnectError("refused"))
    assert "token-of-maya" not in terminal.run("flows", "list").output


def test_the_exit_codes_are_in_the_help(terminal: Terminal) -> None:
    shown = " ".join(terminal.run("--help").stdout.split())
    assert "0 done · 1 the API refused · 2 wrong usage · 3 waited" in shown


@pytest.mark.parametrize("words", [("nonsense",), ("requests", "list", "--limit", "0"), ("-o", "xml", "whoami")])
def test_wrong_usage_is_exit_code_2(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert terminal.run(*words).exit_code == 2


def test_the_output_may_be_chosen_before_the_command_too(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/approvals", {"requests": [], "next_cursor": None})
    assert terminal.run("-o", "table", "approvals").stdout.startswith("ID")
