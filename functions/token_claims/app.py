"""Puts a person's name and e-mail address into the user pool's access tokens (Cognito pre token generation, V2)."""

import logging
from typing import Any

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

CLAIMS = ("name", "email")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Add the claims that the person has; the API shows them and decides nothing by them."""
    attributes = event["request"]["userAttributes"]
    claims = {claim: attributes[claim] for claim in CLAIMS if attributes.get(claim)}
    event["response"]["claimsAndScopeOverrideDetails"] = {"accessTokenGeneration": {"claimsToAddOrOverride": claims}}
    logger.info("token claims added: %s", ", ".join(claims))
    return event
