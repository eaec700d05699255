"""The deployment's OpenID Connect provider: found by its issuer, asked over HTTPS."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from nightlatch.domain.errors import AuthenticationError
from nightlatch.services.ports.egress import Answer, Egress, OutgoingCall
from nightlatch.services.ports.sessions import Tokens

PATIENCE = timedelta(seconds=5)
JSON = {"Accept": "application/json"}
GOOD = 200


class OpenIdProvider:
    """Asks the provider where to go, once, and exchanges codes there.

    `sign_in_page` is that of a provider that cannot be asked: the local stack's.
    """

    def __init__(self, *, issuer: str, egress: Egress, sign_in_page: str = "") -> None:
        self._issuer = issuer
        self._egress = egress
        self._sign_in_page = sign_in_page

    def page(self, query: Mapping[str, str]) -> str:
        """Write the address at which a person signs in."""
        address = self._endpoints["authorization_endpoint"]
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    def redeem(self, form: Mapping[str, str]) -> Tokens:
        """Exchange a code for tokens."""
        headers = {**JSON, "Content-Type": "application/x-www-form-urlencoded"}
        address = self._endpoints["token_endpoint"]
        call = OutgoingCall("POST", address, headers, urlencode(form).encode(), PATIENCE)
        given = _json(self._egress.call(call))
        return Tokens(id_claims=_claims(given.get("id_token")), access_claims=_claims(given.get("access_token")))

    @cached_property
    def _endpoints(self) -> Mapping[str, str]:
        if self._sign_in_page:
            token = self._sign_in_page.removesuffix("authorize") + "token"
            return {"authorization_endpoint": self._sign_in_page, "token_endpoint": token}
        address = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        known = _json(self._egress.call(OutgoingCall("GET", address, JSON, b"", PATIENCE)))
        if known.get("issuer") != self._issuer:
            raise AuthenticationError("the identity provider's description is of another issuer")
        return {name: str(known.get(name, "")) for name in ("authorization_endpoint", "token_endpoint")}


def _json(answer: Answer) -> dict[str, Any]:
    try:
        known = json.loads(answer.body)
    except ValueError:
        known = None
    if answer.status != GOOD or not isinstance(known, dict):
        why = known.get("error") if isinstance(known, dict) else None
        raise AuthenticationError(f"the identity provider answered {answer.status}: {str(why)[:100]}")
    return known


def _claims(token: object) -> dict[str, Any]:
    """Read what a token says. Its signature is not looked at: it came from its maker, over TLS."""
    try:
        payload = str(token).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        claims = None
    if not isinstance(claims, dict):
        raise AuthenticationError("the identity provider's tokens cannot be read: they must be JWTs")
    return claims
