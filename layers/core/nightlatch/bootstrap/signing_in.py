"""Signing in to the console."""

import os
from functools import cache
from urllib.parse import urlsplit

from nightlatch.adapters.egress import DirectEgress
from nightlatch.adapters.loopback import Loopback
from nightlatch.adapters.openid import OpenIdProvider
from nightlatch.bootstrap import clock
from nightlatch.bootstrap.settings import console_settings, settings
from nightlatch.services.ports.egress import Egress
from nightlatch.services.signing_in import SigningIn


@cache
def signing_in() -> SigningIn:
    """Wire the sign-in."""
    chosen = console_settings()
    provider = OpenIdProvider(issuer=chosen.issuer, egress=_way_to_the_issuer(), sign_in_page=chosen.sign_in_page)
    return SigningIn(
        provider=provider,
        issuer=chosen.issuer,
        client_id=chosen.client_id,
        scopes=chosen.scopes,
        clock=clock.now,
        randomness=os.urandom,
    )


def _way_to_the_issuer() -> Egress:
    """Choose how the issuer is called. The deployer named it, so it may be inside, as an exception is."""
    chosen = console_settings()
    if chosen.sign_in_page:
        return Loopback()
    issuer = urlsplit(chosen.issuer).netloc.lower()
    return DirectEgress(exceptions=settings().egress_exceptions | {issuer})
