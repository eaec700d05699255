"""Signing in with a browser: what is asked of the provider, and which answers are refused."""

import base64
import hashlib
import os
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from nightlatch.domain.errors import AuthenticationError
from nightlatch.services.signing_in import SignedIn, SigningIn
from tests.builders import HOUR, ISSUER, MAYA, NOON, FakeClock
from tests.fakes.provider import CLIENT, FakeProvider

BACK = "https://console.example.com/auth/callback"


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider(FakeClock())


@pytest.fixture
def signing_in(provider: FakeProvider) -> SigningIn:
    return SigningIn(
        provider=provider,
        issuer=ISSUER,
        client_id=CLIENT,
        scopes="openid email",
        clock=provider.clock,
        randomness=os.urandom,
    )


def sign_in(
    signing_in: SigningIn, provider: FakeProvider, *, is_fresh: bool = False, **brought: str | None
) -> SignedIn:
    attempt, page = signing_in.begin(return_to="/", redirect_uri=BACK, is_fresh=is_fresh)
    given = {**provider.signed_in(page, MAYA), **brought}
    return signing_in.finish(attempt, {name: text for name, text in given.items() if text}, redirect_uri=BACK)


def test_the_provider_is_asked_for_a_code_with_all_that_guards_it(signing_in: SigningIn) -> None:
    attempt, page = signing_in.begin(return_to="/", redirect_uri=BACK)

    challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).decode().rstrip("=")
    assert dict(parse_qsl(urlsplit(page).query)) == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": BACK,
        "scope": "openid email",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


def test_no_two_sign_ins_share_a_secret(signing_in: SigningIn) -> None:
    one, other = (signing_in.begin(return_to="/", redirect_uri=BACK)[0] for _ in range(2))

    assert len({one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}) == 6


def test_what_the_access_token_says_comes_of_it(signing_in: SigningIn, provider: FakeProvider) -> None:
    assert sign_in(signing_in, provider).claims["sub"] == MAYA.subject
    assert provider.forms[0]["redirect_uri"] == BACK
    assert provider.forms[0]["code"] == "c-1"


@pytest.mark.parametrize("state", [None, "another"])
def test_an_answer_to_no_sign_in_of_this_browser_is_refused(
    signing_in: SigningIn, provider: FakeProvider, state: str | None
) -> None:
    """E4: another site brings a browser back with a code that is not of its own sign-in."""
    with pytest.raises(AuthenticationError, match="not the answer"):
        sign_in(signing_in, provider, state=state)
    assert provider.forms == []


def test_what_the_provider_says_instead_of_a_code_is_told(signing_in: SigningIn, provider: FakeProvider) -> None:
    with pytest.raises(AuthenticationError, match="access_denied"):
        sign_in(signing_in, provider, code=None, error="access_denied")


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"iss": "https://evil.example.com"}, "another issuer"),
        ({"aud": "cli"}, "another client"),
        ({"aud": ["cli", "other"]}, "another client"),
        ({"aud": [CLIENT, "other"], "azp": "other"}, "another client"),
        ({"nonce": "of another sign-in"}, "not of this sign-in"),
        ({"nonce": None}, "not of this sign-in"),
        ({"exp": 1}, "over"),
        ({"exp": "never"}, "over"),
    ],
)
def test_an_id_token_that_is_not_of_this_sign_in_is_refused(
    signing_in: SigningIn, provider: FakeProvider, spoilt: dict[str, Any], why: str
) -> None:
    provider.spoilt_id = spoilt

    with pytest.raises(AuthenticationError, match=why):
        sign_in(signing_in, provider)


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [({"sub": "noa"}, "somebody else"), ({"iss": "https://evil.example.com"}, "somebody else"), ({"exp": 1}, "over")],
)
def test_an_access_token_of_somebody_else_is_refused(
    signing_in: SigningIn, provider: FakeProvider, spoilt: dict[str, Any], why: str
) -> None:
    provider.spoilt_access = spoilt

    with pytest.raises(AuthenticationError, match=why):
        sign_in(signing_in, provider)


# When it was


def seconds(at: datetime) -> int:
    return int(at.timestamp())


@pytest.mark.parametrize("is_fresh", [False, True])
def test_when_the_person_signed_in_is_what_the_id_token_says(
    signing_in: SigningIn, provider: FakeProvider, is_fresh: bool
) -> None:
    provider.spoilt_id = {"auth_time": seconds(NOON) + 5}
    provider.spoilt_access = {"auth_time": seconds(NOON) + 9}

    assert sign_in(signing_in, provider, is_fresh=is_fresh).at == NOON + timedelta(seconds=5)


def test_without_that_it_is_what_the_access_token_says(signing_in: SigningIn, provider: FakeProvider) -> None:
    provider.spoilt_access = {"auth_time": seconds(NOON - HOUR)}

    assert sign_in(signing_in, provider).at == NOON - HOUR


def test_of_a_provider_that_never_says_the_time_of_a_sign_in_is_unknown(
    signing_in: SigningIn, provider: FakeProvider
) -> None:
    """A13: the provider may have known the person for days, and asked nothing."""
    assert sign_in(signing_in, provider).at is None


def test_a_fresh_sign_in_is_asked_for_in_the_words_of_openid_connect(signing_in: SigningIn) -> None:
    _, page = signing_in.begin(return_to="/", redirect_uri=BACK, is_fresh=True)

    query = dict(parse_qsl(urlsplit(page).query))
    assert (query["prompt"], query["max_age"]) == ("login", "0")


def test_a_provider_that_never_says_is_believed_when_it_was_to_ask(
    signing_in: SigningIn, provider: FakeProvider
) -> None:
    assert sign_in(signing_in, provider, is_fresh=True).at == NOON


@pytest.mark.parametrize("token", ["spoilt_id", "spoilt_access"])
def test_a_provider_that_did_not_ask_again_lets_nobody_pass_as_fresh(
    signing_in: SigningIn, provider: FakeProvider, token: str
) -> None:
    """A13: who holds the browser takes from the address that the provider is to ask."""
    setattr(provider, token, {"auth_time": seconds(NOON) - 61})

    with pytest.raises(AuthenticationError, match="did not ask again"):
        sign_in(signing_in, provider, is_fresh=True)


def test_a_provider_whose_clock_is_a_little_behind_is_believed(signing_in: SigningIn, provider: FakeProvider) -> None:
    provider.spoilt_id = {"auth_time": seconds(NOON) - 60}

    assert sign_in(signing_in, provider, is_fresh=True).at == NOON - timedelta(minutes=1)
