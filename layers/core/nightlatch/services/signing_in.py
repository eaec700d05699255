"""Sign in with a browser: OpenID Connect's code flow with PKCE, whose every step is ours (RFC 6749, 7636, OIDC Core).

The code is exchanged over TLS with the provider itself, so its certificate stands for the ID token's signature (OIDC
Core 3.1.3.7, 6). Everything else of the ID token is checked here.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from nightlatch.domain.errors import AuthenticationError
from nightlatch.domain.fresh_sign_in import read_auth_time
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.sessions import Claims, IdentityProvider, Tokens
from nightlatch.services.sessions import same

SECRET_BYTES = 32
LEEWAY = timedelta(minutes=2)
"""So far may the provider's clock be from ours."""

SKEW = timedelta(minutes=1)
"""So far may it be where what counts is whether somebody signed in just now."""

FRESH = {"prompt": "login", "max_age": "0"}
"""What asks a provider to let somebody sign in anew, and to say when they did (OpenID Connect Core 3.1.2.1)."""


class Attempt(NamedTuple):
    """One sign-in under way: its browser keeps it, so that only who began it can end it.

    `fresh_from` (seconds since 1970) is when the provider was asked to let the person sign in anew; None: it was not.
    """

    state: str
    nonce: str
    verifier: str
    return_to: str
    fresh_from: int | None = None


class SignedIn(NamedTuple):
    """What comes of a sign-in: what the access token says, and when the provider asked who it is, if that is known."""

    claims: Claims
    at: datetime | None


class SigningIn:
    """The two halves of a sign-in: away to the provider, and back."""

    def __init__(
        self,
        *,
        provider: IdentityProvider,
        issuer: str,
        client_id: str,
        scopes: str,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._provider = provider
        self._issuer = issuer
        self._client_id = client_id
        self._scopes = scopes
        self._clock = clock
        self._randomness = randomness

    def begin(self, *, return_to: str, redirect_uri: str, is_fresh: bool = False) -> tuple[Attempt, str]:
        """Begin a sign-in, and say where the person is sent; a fresh one, though the provider may know them still."""
        state, nonce, verifier = (self._randomness(SECRET_BYTES).hex() for _ in range(3))
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": self._scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": _s256(verifier),
            "code_challenge_method": "S256",
            **(FRESH if is_fresh else {}),
        }
        fresh_from = int(self._clock().timestamp()) if is_fresh else None
        return Attempt(state, nonce, verifier, return_to, fresh_from), self._provider.page(query)

    def finish(self, attempt: Attempt, given: Mapping[str, str], *, redirect_uri: str) -> SignedIn:
        """End a sign-in with what the browser brought back.

        Raises AuthenticationError when it is not the answer to `attempt`, or says what cannot be relied on.
        """
        if not same(given.get("state", ""), attempt.state):
            raise AuthenticationError("this is not the answer to a sign-in that this browser began")
        if "code" not in given:
            raise AuthenticationError(f"the identity provider said: {given.get('error', 'nothing')[:100]}")
        form = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "code": given["code"],
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.verifier,
        }
        tokens = self._provider.redeem(form)
        self._check_id_token(tokens.id_claims, nonce=attempt.nonce)
        self._check_access_token(tokens.access_claims, tokens.id_claims)
        return SignedIn(tokens.access_claims, _signed_in_at(attempt, tokens))

    def _check_id_token(self, claims: Claims, *, nonce: str) -> None:
        """Check what OIDC Core 3.1.3.7 asks of a client, but for the signature."""
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._issuer:
            raise AuthenticationError("the ID token is of another issuer")
        if self._client_id not in audiences or claims.get("azp", self._client_id) != self._client_id:
            raise AuthenticationError("the ID token was given to another client")
        if not same(str(claims.get("nonce", "")), nonce):
            raise AuthenticationError("the ID token is not of this sign-in")
        self._check_time(claims)

    def _check_access_token(self, claims: Claims, id_claims: Claims) -> None:
        if (claims.get("iss"), claims.get("sub")) != (id_claims.get("iss"), id_claims.get("sub")):
            raise AuthenticationError("the access token is of somebody else")
        self._check_time(claims)

    def _check_time(self, claims: Claims) -> None:
        expires = claims.get("exp")
        if not isinstance(expires, int) or expires < (self._clock() - LEEWAY).timestamp():
            raise AuthenticationError("the token is over")


def _signed_in_at(attempt: Attempt, tokens: Tokens) -> datetime | None:
    """Tell when the provider asked who it is. One that never says is believed when it was asked to, and only then.

    A browser can take out of its way to the provider that it is to ask: so a time that is told is looked at.
    """
    told = read_auth_time(tokens.id_claims.get("auth_time", tokens.access_claims.get("auth_time")))
    if attempt.fresh_from is None:
        return told
    asked_at = datetime.fromtimestamp(attempt.fresh_from, UTC)
    if told and told < asked_at - SKEW:
        raise AuthenticationError("the identity provider did not ask again who you are: sign out there first")
    return told or asked_at


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
