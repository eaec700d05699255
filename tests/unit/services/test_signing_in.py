"""Signing in with a browser: what is asked of the provider, and which answers are refused."""

import base64
import hashlib
import os
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from nightlatch.domain.errors import AuthenticationError
from nightlatch.services.ports.sessions import Claims
from nightlatch.services.signing_in import SigningIn
from tests.builders import ISSUER, MAYA, FakeClock
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


def sign_in(signing_in: SigningIn, provider: FakeProvider, **brought: str | None) -> Claims:
    attempt, page = signing_in.begin(return_to="/", redirect_uri=BACK)
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
    assert sign_in(signing_in, provider)["sub"] == MAYA.subject
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
