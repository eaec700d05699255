"""Tokens by OAuth 2.0 client credentials (RFC 6749, section 4.4), kept until shortly before they end."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from nightlatch.adapters.destinations.answers import kept
from nightlatch.domain.errors import NoAnswerError
from nightlatch.services.ports.egress import Answer, Egress, OutgoingCall

OK = 200
MARGIN = timedelta(minutes=1)
UNTOLD = 300
"""So many seconds is a token taken to be valid when its server does not say."""

MOST_SHOWN = 500


@dataclass(frozen=True)
class Application:
    """Who asks for a token, where, and for what."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    ca_certificate: str = ""


class Tokens:
    """Asks for tokens, and keeps them."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._kept: dict[Application, tuple[str, datetime]] = {}

    def token(self, application: Application, *, at: datetime, timeout: timedelta) -> str:
        """Give a token that is valid; raise NoAnswerError when none is to be had."""
        token, until = self._kept.get(application, ("", at))
        if at < until:
            return token
        token, lifetime = self._asked(application, timeout)
        self._kept[application] = (token, at + lifetime - MARGIN)
        return token

    def forget(self, application: Application) -> None:
        """Drop the token of an application: it was not accepted."""
        self._kept.pop(application, None)

    def _asked(self, application: Application, timeout: timedelta) -> tuple[str, timedelta]:
        form = {
            "grant_type": "client_credentials",
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            **({"scope": application.scope} if application.scope else {}),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        body = urlencode(form).encode()
        answer = self._egress.call(
            OutgoingCall("POST", application.token_url, headers, body, timeout, application.ca_certificate)
        )
        return _read(answer, application.client_secret)


def _read(answer: Answer, secret: str) -> tuple[str, timedelta]:
    try:
        told: Any = json.loads(answer.body) if answer.status == OK else None
        return str(told["access_token"]), timedelta(seconds=int(told.get("expires_in", UNTOLD)))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        shown = kept(answer, secrets=(secret,))[:MOST_SHOWN] if answer.status != OK else "no token"
        raise NoAnswerError(f"the token server answered {answer.status}: {shown}") from error
