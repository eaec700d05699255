"""Who calls and how the call came in, as API Gateway says it: never by a header that the caller can write.

API Gateway has verified the token (signature, issuer, audience, times) and hands its claims over in
`requestContext.authorizer.jwt.claims`. It writes every claim as text, lists as `[a b]`: two groups `a` and `b`, or one
group `a b`, nobody can tell. So a group whose name has a blank must not share a word with a group that has rights.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from nightlatch.bootstrap.settings import Settings
from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.errors import AuthenticationError
from nightlatch.domain.fresh_sign_in import read_auth_time
from nightlatch.domain.identity import Principal, Role
from nightlatch.entrypoints.api.told_calls import told_call

MOST_GROUPS = 200
LONGEST_GROUPS_CLAIM = 8192
LONGEST_ID = 512
LONGEST_LABEL = 256
LONGEST_USER_AGENT = 500

NAME_CLAIMS = ("name", "preferred_username", "username", "cognito:username")
CLIENT_CLAIMS = ("client_id", "azp", "appid", "cid")
SESSION_CLAIMS = ("origin_jti", "sid", "auth_time")
"""What is the same in all tokens of one sign-in: Cognito's, then that of OpenID Connect's logout, then its time."""

SOURCES = {"cli": Source.CLI, "web": Source.WEB}
"""What X-Nightlatch-Client may say. It is a label, no more: nothing is decided by it."""

Event = Mapping[str, Any]
Claims = Mapping[str, Any]


def principal_of(event: Event, settings: Settings) -> Principal:
    """Name the caller; raise AuthenticationError when the claims do not say who it is."""
    claims = _claims(event)
    _refuse_id_token(claims)
    return principal_from(claims, settings)


def principal_from(claims: Claims, settings: Settings) -> Principal:
    """Name whom an access token was given to; raise AuthenticationError when it does not say."""
    groups = groups_in(claims.get(settings.groups_claim))
    issuer, subject = _identifying(claims, "iss"), _identifying(claims, "sub")
    is_service = _is_service(claims)
    return Principal(
        issuer=issuer,
        subject=subject,
        name=_name(claims),
        email=_label(claims, "email"),
        groups=groups,
        roles=roles_of(groups, settings, is_service=is_service),
        sign_in=None if is_service else _sign_in(claims),
        signed_in_at=None if is_service else read_auth_time(claims.get("auth_time")),
    )


def named_in(event: Event) -> Principal | None:
    """Name whom a token that is refused was given to, without any rights; None when it does not say even that."""
    try:
        claims = _claims(event)
        issuer, subject = _identifying(claims, "iss"), _identifying(claims, "sub")
    except AuthenticationError:
        return None
    return Principal(issuer=issuer, subject=subject, name=_name(claims), email=_label(claims, "email"))


def origin_of(event: Event, *, body: object = None) -> Origin:
    """Tell how a call came in, and with which body."""
    http, headers = event["requestContext"]["http"], _headers(event)
    return Origin(
        source=SOURCES.get(headers.get("x-nightlatch-client", ""), Source.API),
        ip_address=http.get("sourceIp"),
        user_agent=(http.get("userAgent") or "")[:LONGEST_USER_AGENT] or None,
        call=told_call(
            method=http["method"],
            path=event["rawPath"],
            query=event.get("rawQueryString") or "",
            referer=headers.get("referer", ""),
            body=body,
        ),
    )


def groups_in(claim: object) -> frozenset[str]:
    """Read the groups claim in any of its forms: a list, `["a","b"]`, `[a b]`, one group, nothing.

    A comma never separates, and what is none of these forms is refused: no right is ever guessed.
    """
    if claim is None or claim == "":
        return frozenset()
    names = _listed(claim) if isinstance(claim, str) else claim
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise AuthenticationError("the token's groups cannot be read")
    if len(names) > MOST_GROUPS or sum(map(len, names)) > LONGEST_GROUPS_CLAIM:
        raise AuthenticationError("the token has too many groups")
    return frozenset(name for name in names if name)


def _listed(claim: str) -> object:
    if len(claim) > LONGEST_GROUPS_CLAIM:
        raise AuthenticationError("the token has too many groups")
    if not (claim.startswith("[") and claim.endswith("]")):
        return [claim]
    if claim.startswith('["'):
        with suppress(ValueError):
            names: object = json.loads(claim)
            return names
    return claim[1:-1].split()


def roles_of(groups: frozenset[str], settings: Settings, *, is_service: bool) -> frozenset[Role]:
    """Give the roles that the groups stand for. A service may ask and read, so it is never an administrator."""
    roles = {Role.SERVICE if is_service else Role.REQUESTER}
    if groups & settings.auditor_groups:
        roles.add(Role.AUDITOR)
    if groups & settings.admin_groups and not is_service:
        roles.add(Role.ADMIN)
    return frozenset(roles)


def _is_service(claims: Claims) -> bool:
    """Whether the token was got by client credentials, as the well-known providers show it."""
    clients = {claims[claim] for claim in CLIENT_CLAIMS if isinstance(claims.get(claim), str)}
    return (
        claims.get("gty") == "client-credentials"  # Auth0
        or claims.get("idtyp") == "app"  # Entra ID
        or claims.get("sub") in clients  # Cognito, Okta
        or claims.get("preferred_username") in {f"service-account-{client}" for client in clients}  # Keycloak
    )


def _refuse_id_token(claims: Claims) -> None:
    """Refuse an ID token: API Gateway takes it, because it has the same issuer and audience."""
    if claims.get("token_use") == "id" or not claims.keys().isdisjoint({"nonce", "at_hash", "c_hash"}):
        raise AuthenticationError("this is an ID token; send the access token")


def _claims(event: Event) -> Claims:
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    claims = (authorizer.get("jwt") or {}).get("claims")
    if not isinstance(claims, Mapping):
        raise AuthenticationError("there is no token")
    return claims


def _identifying(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise AuthenticationError(f"the token has no usable claim {name}")
    return value


def _label(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return value[:LONGEST_LABEL] if isinstance(value, str) else ""


def _name(claims: Claims) -> str:
    return next((label for claim in NAME_CLAIMS if (label := _label(claims, claim))), "")


def _sign_in(claims: Claims) -> str | None:
    """Tell sign-ins apart; what a session is known by at the identity provider is nobody else's business."""
    for claim in SESSION_CLAIMS:
        if value := claims.get(claim):
            return hashlib.sha256(f"{claim} {value}".encode()).hexdigest()[:16]
    return None


def _headers(event: Event) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}
