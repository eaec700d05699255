"""Sign in to the user pool with a password, and keep a session alive with its refresh token."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx

from nightlatch.entrypoints.cli.browser import endpoints, take_back, tokens_from
from nightlatch.entrypoints.cli.errors import NotSignedInError, UnreachableError
from nightlatch.entrypoints.cli.session import Profile, Profiles, Stack, Tokens

RENEW_BEFORE_SECONDS = 30
"""A token that ends sooner than this is renewed before it is used."""


class Session:
    """One profile's access to the API: a token that is renewed when it has to be."""

    def __init__(
        self, profile: Profile, *, profiles: Profiles, http: httpx.Client, now: Callable[[], datetime]
    ) -> None:
        self._profile = profile
        self._profiles = profiles
        self._http = http
        self._now = now

    def token(self) -> str:
        """Give an access token that is still good."""
        now = int(self._now().timestamp())
        if self._profile.tokens.expires_at - now < RENEW_BEFORE_SECONDS:
            self._profile = replace(self._profile, tokens=self._renewed(now))
            self._profiles.save(self._profile)
        return self._profile.tokens.access_token

    def _renewed(self, now: int) -> Tokens:
        expired = NotSignedInError(f"the session of {self._profile.name} has ended; sign in with: nightlatch login")
        if self._profile.tokens.refresh_token is None:
            raise expired
        try:
            return renew(self._http, self._profile.stack, self._profile.tokens.refresh_token, now=now)
        except NotSignedInError as error:
            raise expired from error


def sign_in(http: httpx.Client, stack: Stack, username: str, password: str, *, now: int) -> Tokens:
    """Exchange a name and a password for tokens, at a Cognito user pool."""
    given = {"USERNAME": username, "PASSWORD": password}
    return _initiate(http, stack, "USER_PASSWORD_AUTH", given, now=now, kept=None)


def renew(http: httpx.Client, stack: Stack, refresh_token: str, *, now: int) -> Tokens:
    """Exchange a refresh token for new tokens."""
    if stack.login_url:
        given = {"REFRESH_TOKEN": refresh_token}
        return _initiate(http, stack, "REFRESH_TOKEN_AUTH", given, now=now, kept=refresh_token)
    form = {"grant_type": "refresh_token", "client_id": stack.client_id, "refresh_token": refresh_token}
    return tokens_from(http, endpoints(http, stack).token, form, now=now, kept=refresh_token)


def revoke(http: httpx.Client, stack: Stack, refresh_token: str) -> None:
    """Let the issuer take a refresh token back, so that no copy of it is good for anything."""
    if stack.login_url:
        _ask_user_pool(http, stack, "RevokeToken", {"ClientId": stack.client_id, "Token": refresh_token})
    else:
        take_back(http, stack, refresh_token)


def _initiate(
    http: httpx.Client, stack: Stack, flow: str, given: Mapping[str, str], *, now: int, kept: str | None
) -> Tokens:
    asked = {"AuthFlow": flow, "ClientId": stack.client_id, "AuthParameters": given}
    answer = _ask_user_pool(http, stack, "InitiateAuth", asked)
    if "ChallengeName" in answer:
        challenge = answer["ChallengeName"]
        raise NotSignedInError(f"the user pool asks for {challenge}; sign in with the browser: nightlatch login")
    result = answer["AuthenticationResult"]
    return Tokens(
        access_token=result["AccessToken"],
        refresh_token=result.get("RefreshToken") or kept,
        expires_at=now + int(result["ExpiresIn"]),
    )


def _ask_user_pool(http: httpx.Client, stack: Stack, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": f"AWSCognitoIdentityProviderService.{action}",
    }
    try:
        answer = http.post(str(stack.login_url), json=body, headers=headers)
    except httpx.TransportError as error:
        raise UnreachableError(f"{stack.login_url} does not answer: {error}") from error
    if answer.is_server_error:
        raise UnreachableError(f"{stack.login_url} answered {answer.status_code}")
    known: dict[str, Any] = answer.json() if answer.content else {}
    if answer.is_error:
        raise NotSignedInError(f"not signed in: {known.get('message') or known.get('__type') or answer.status_code}")
    return known
