"""Ending access that is somebody else's."""

import json

import httpx
import pytest

from nightlatch.entrypoints.cli.commands.ending import PAUSES
from tests.unit.entrypoints.cli.fake_api import REQUEST_ID, FakeApi, a_request, an_outcome, problem, somebody
from tests.unit.entrypoints.cli.terminal import Terminal

OTHER_ID = "req_0cn4k1qg7o0002ddddeeeecccc"
ENDING = a_request("REVOKING")
OTHER = a_request("REVOKING", id=OTHER_ID)
STOP = "/v1/people/usr_maya/stop"
STOP_MAYA = ("revoke", "--person", "usr_maya", "--reason", "laptop stolen")
REVOKE_BOTH = ("revoke", REQUEST_ID, OTHER_ID, "--reason", "over")


def test_revoking_needs_a_reason(terminal: Terminal) -> None:
    assert terminal.run("revoke", REQUEST_ID).exit_code == 2


@pytest.mark.parametrize("words", [(), (REQUEST_ID, "--person", "usr_maya")])
def test_it_is_either_requests_or_a_person(terminal: Terminal, api: FakeApi, words: tuple[str, ...]) -> None:
    result = terminal.run("revoke", *words, "--reason", "x")
    assert (result.exit_code, api.calls) == (2, [])


def test_several_requests_are_revoked_in_one_call(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", "/v1/revocations", {"results": [an_outcome(ENDING), an_outcome(OTHER)]})
    shown = " ".join(terminal.table(*REVOKE_BOTH, REQUEST_ID).split())
    assert api.body("POST", "/v1/revocations") == {"requests": [REQUEST_ID, OTHER_ID], "reason": "over"}
    assert f"{REQUEST_ID} Maya Cohen ◐ revoking {OTHER_ID} Maya Cohen ◐ revoking" in shown


def test_what_could_not_be_revoked_is_told_and_the_rest_goes_on(terminal: Terminal, api: FakeApi) -> None:
    refused = an_outcome(refused="request is PENDING")
    api.on("POST", "/v1/revocations", {"results": [refused, an_outcome(OTHER)]})
    result = terminal.run(*REVOKE_BOTH, "-o", "table")
    assert result.exit_code == 1
    assert "✗ Not possible now: request is PENDING" in result.stdout
    assert "revoking" in result.stdout
    assert "1 of 2 requests could not be ended" in result.stderr


def test_everything_of_a_person_ends(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", STOP, {"results": [an_outcome(ENDING)]})
    assert terminal.json(*STOP_MAYA, "--yes") == {"results": [an_outcome(ENDING)]}
    assert api.body("POST", STOP) == {"reason": "laptop stolen"}
    assert not terminal.slept


def test_what_others_are_just_changing_is_tried_again_until_it_ends(terminal: Terminal, api: FakeApi) -> None:
    changing = an_outcome(refused="request was changed meanwhile")
    api.on(
        "POST",
        STOP,
        {"results": [changing, an_outcome(OTHER)]},
        {"results": [changing]},
        {"results": [an_outcome(ENDING)]},
    )
    assert terminal.json(*STOP_MAYA, "--yes")["results"] == [an_outcome(ENDING), an_outcome(OTHER)]
    assert terminal.slept == [*PAUSES[:2]]
    keys = {call.headers["idempotency-key"] for call in api.sent("POST", STOP)}
    assert len(keys) == 3


def test_trying_again_has_an_end_and_says_what_is_left(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", STOP, {"results": [an_outcome(refused="request was changed meanwhile")]})
    result = terminal.run(*STOP_MAYA, "--yes")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["results"][0]["problem"]["status"] == 409
    assert terminal.slept == [*PAUSES]


def test_somebody_without_anything_is_told_as_such(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", STOP, {"results": []})
    assert "Nothing to end." in terminal.table(*STOP_MAYA, "--yes")


@pytest.mark.parametrize(("typed", "exit_code", "stops"), [("y\n", 0, 1), ("n\n", 1, 0), ("", 1, 0)])
def test_a_person_is_stopped_only_once_confirmed(
    terminal: Terminal, api: FakeApi, typed: str, exit_code: int, stops: int
) -> None:
    api.on("GET", "/v1/people", {"people": [somebody()]})
    api.on("POST", STOP, {"results": []})
    result = terminal.run(*STOP_MAYA, typed=typed)
    assert (result.exit_code, len(api.sent("POST", STOP))) == (exit_code, stops)
    assert "Everything that Maya Cohen (usr_maya) has or has asked for is going to end." in result.stderr


def test_an_unknown_person_is_not_stopped(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/people", {"people": []})
    result = terminal.run(*STOP_MAYA, typed="y\n")
    assert (result.exit_code, api.sent("POST", STOP)) == (2, [])
    assert "nightlatch people list" in result.stderr


def test_what_is_quarantined_is_closed_by_hand(terminal: Terminal, api: FakeApi) -> None:
    path = f"/v1/requests/{REQUEST_ID}/close"
    api.on("POST", path, a_request("REVOKED"))
    assert "○ revoked" in terminal.table("close", REQUEST_ID, "--reason", "database is gone")
    assert api.body("POST", path) == {"reason": "database is gone"}


def test_what_is_not_quarantined_is_not_closed(terminal: Terminal, api: FakeApi) -> None:
    refusal: httpx.Response = problem(409, "conflict", "Not possible now", detail="it is GRANTED and not quarantined")
    api.on("POST", f"/v1/requests/{REQUEST_ID}/close", refusal)
    result = terminal.run("close", REQUEST_ID, "--reason", "x")
    assert result.exit_code == 1
    assert "not quarantined" in result.stderr


def test_people_are_listed(terminal: Terminal, api: FakeApi) -> None:
    robot = somebody(id="usr_ci", name="CI", is_service=True, groups=["machines", "developers"])
    api.on("GET", "/v1/people", {"people": [somebody(), robot]})
    shown = " ".join(terminal.table("people", "list").split())
    assert "usr_maya Maya Cohen maya@example.com developers 14:00 CET" in shown
    assert "usr_ci CI (service) maya@example.com machines, developers 14:00 CET" in shown
    assert "2 people." in shown
