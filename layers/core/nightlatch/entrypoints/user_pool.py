"""What the user pool (Cognito) calls while somebody signs in: before the password counts, and before tokens are made.

Cognito lets nobody in when a trigger fails or takes more than five seconds. So what goes wrong here is logged, and the
person signs in all the same: who cannot write into the trail must still be able to sign in and end access.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from nightlatch.domain.identity import Principal
from nightlatch.services.sign_ins import SignIns

ATTEMPT = "PreAuthentication_Authentication"
TOKENS = frozenset(
    {
        "TokenGeneration_Authentication",
        "TokenGeneration_AuthenticateDevice",
        "TokenGeneration_HostedAuth",
        "TokenGeneration_NewPasswordChallenge",
    }
)
"""Tokens that end a sign-in; others renew a session, or are a service's."""

CLAIMS = ("name", "email")

Event = dict[str, Any]


def answer_user_pool(event: Event, sign_ins: Callable[[], SignIns], *, logger: Logger) -> Event:
    """Count what the user pool tells; when tokens are made, say of the person what they are to show."""
    source = event["triggerSource"]
    logger.info("user pool called", source=source)
    try:
        _count(event, source, sign_ins())
    except Exception:  # whatever it is, the person is not to suffer for it
        logger.exception("sign-in could not be counted", source=source)
    if source.startswith("TokenGeneration_"):
        event["response"]["claimsAndScopeOverrideDetails"] = {
            "accessTokenGeneration": {"claimsToAddOrOverride": _claims(event)}
        }
    return event


def _count(event: Event, source: str, sign_ins: SignIns) -> None:
    whose = _whose(event)
    if source == ATTEMPT:
        sign_ins.attempted(whose, client=event["callerContext"]["clientId"])
    elif source in TOKENS and whose:
        sign_ins.succeeded(whose)


def _whose(event: Event) -> Principal | None:
    """Name the user as their tokens will. What somebody types who is no user may be a password: it is not kept."""
    attributes = _attributes(event)
    if event["request"].get("userNotFound") or "sub" not in attributes:
        return None
    return Principal(
        issuer=f"https://cognito-idp.{event['region']}.amazonaws.com/{event['userPoolId']}",
        subject=attributes["sub"],
        name=attributes.get("name") or event["userName"],
        email=attributes.get("email", ""),
    )


def _claims(event: Event) -> dict[str, str]:
    """Choose the claims that the person has; the API shows them and decides nothing by them."""
    attributes = _attributes(event)
    return {claim: attributes[claim] for claim in CLAIMS if attributes.get(claim)}


def _attributes(event: Event) -> Mapping[str, str]:
    attributes: Mapping[str, str] = event["request"].get("userAttributes") or {}
    return attributes
