"""What the user pool calls: its recorded events, handed to the function as Cognito would."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from nightlatch.bootstrap.sign_ins import sign_ins_at_the_user_pool
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.identity import Principal
from nightlatch.domain.tally import Tally, TallyKind
from nightlatch.entrypoints.api.openapi import load_function
from tests.builders import World
from tests.functions.client import ROOT, Context

Event = dict[str, Any]
Called = Callable[[Event], Event]

ATTEMPT: Event = json.loads((ROOT / "events" / "sign_ins_attempt.json").read_text())
TOKENS: Event = json.loads((ROOT / "events" / "sign_ins_tokens.json").read_text())
ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Nl4tcH0aB"
NO_ATTRIBUTES: Event = {"userAttributes": {}}


@pytest.fixture
def called(world: World, monkeypatch: pytest.MonkeyPatch) -> Called:
    """Load the function over the fakes of the world."""
    app = load_function("sign_ins", ROOT / "functions")
    monkeypatch.setattr(app, sign_ins_at_the_user_pool.__name__, lambda: world.sign_ins)
    return lambda event: dict(app.handler(deepcopy(event), Context()))


def like(event: Event, *, request: Event | None = None, **fields: object) -> Event:
    """Change an event in places."""
    return {**event, **fields, "request": {**event["request"], **(request or {})}}


def counted(world: World) -> list[tuple[TallyKind, int, int]]:
    """What was counted: of which kind, how often, and how much came to something."""
    return [
        (tally.kind, tally.version, tally.total) for tally in world.store.closed(world.clock.now.replace(year=2099))
    ]


def test_an_attempt_is_counted_and_the_person_may_go_on(called: Called, world: World) -> None:
    assert called(ATTEMPT) == ATTEMPT
    assert counted(world) == [(TallyKind.SIGN_INS, 1, 0)]


def test_the_person_is_the_one_that_their_tokens_name(called: Called, world: World) -> None:
    called(ATTEMPT)

    [tally] = world.store.closed(world.clock.now.replace(year=2099))

    token = Principal(issuer=ISSUER, subject=ATTEMPT["request"]["userAttributes"]["sub"])
    assert (tally.about, tally.event.actor.id, tally.event.actor.name) == (token.id, token.id, "Maya Cohen")


@pytest.mark.parametrize("source", ["Authentication", "HostedAuth", "NewPasswordChallenge", "AuthenticateDevice"])
def test_tokens_are_counted_against_the_attempt(called: Called, world: World, source: str) -> None:
    called(ATTEMPT)
    called(like(TOKENS, triggerSource=f"TokenGeneration_{source}"))

    assert counted(world) == [(TallyKind.SIGN_INS, 2, 1)]


@pytest.mark.parametrize("source", ["RefreshTokens", "ClientCredentials"])
def test_tokens_that_end_no_sign_in_count_for_nothing(called: Called, world: World, source: str) -> None:
    called(ATTEMPT)
    called(like(TOKENS, triggerSource=f"TokenGeneration_{source}"))

    assert counted(world) == [(TallyKind.SIGN_INS, 1, 0)]


def test_tokens_without_an_attempt_begin_nothing(called: Called, world: World) -> None:
    called(TOKENS)

    assert counted(world) == []


def test_what_somebody_typed_who_is_no_user_is_not_kept(called: Called, world: World) -> None:
    """B6: it may be a password, and a million names are one event."""
    for name, attributes in (("hunter2-hunter2", NO_ATTRIBUTES), ("root", NO_ATTRIBUTES), ("root", {})):
        called(like(ATTEMPT, userName=name, request={**attributes, "userNotFound": True}))

    [tally] = world.store.closed(world.clock.now.replace(year=2099))

    assert (tally.kind, tally.version, tally.event.actor.id) == (TallyKind.UNKNOWN_SIGN_INS, 3, "unknown")
    assert "hunter2" not in tally.model_dump_json()


@pytest.mark.parametrize("error", [StoreUnavailableError("DynamoDB is too busy"), KeyError("a fault of ours")])
def test_whatever_goes_wrong_nobody_is_kept_from_signing_in(
    called: Called,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    """B6: and it is logged."""

    def refuse(_: Tally) -> bool:
        raise error

    monkeypatch.setattr(world.store, "count", refuse)
    monkeypatch.setattr(world.store, "count_tokens", refuse)

    assert called(ATTEMPT) == ATTEMPT
    assert claims_given(called(TOKENS))
    assert caplog.messages.count("sign-in could not be counted") == 2


def test_nobody_is_kept_from_signing_in_by_a_function_that_is_wired_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwired() -> None:
        raise KeyError("NIGHTLATCH_STATE_TABLE")

    app = load_function("sign_ins", ROOT / "functions")
    monkeypatch.setattr(app, sign_ins_at_the_user_pool.__name__, unwired)

    assert app.handler(deepcopy(ATTEMPT), Context()) == ATTEMPT


# Claims


def claims_given(answer: Event) -> object:
    return answer["response"]["claimsAndScopeOverrideDetails"]


def test_the_access_token_gets_the_name_and_the_address(called: Called) -> None:
    claims = {"name": "Maya Cohen", "email": "maya@example.com"}

    assert claims_given(called(TOKENS)) == {"accessTokenGeneration": {"claimsToAddOrOverride": claims}}


def test_what_a_person_lacks_is_left_out(called: Called) -> None:
    event = like(TOKENS, request={"userAttributes": {"sub": "53a4b8d2", "email": ""}})

    assert claims_given(called(event)) == {"accessTokenGeneration": {"claimsToAddOrOverride": {}}}


@pytest.mark.parametrize("request_of_a_service", [NO_ATTRIBUTES, {"userAttributes": None}])
def test_a_service_has_no_claims_of_a_person(called: Called, request_of_a_service: Event) -> None:
    event = like(TOKENS, triggerSource="TokenGeneration_ClientCredentials", request=request_of_a_service)

    assert claims_given(called(event)) == {"accessTokenGeneration": {"claimsToAddOrOverride": {}}}


def test_the_request_comes_back_as_it_was(called: Called) -> None:
    assert called(TOKENS)["request"] == TOKENS["request"]
