"""Signing in and out: away to the identity provider, back with a code, and a session in place of every token.

What a sign-in must come back with lies in a cookie of its browser only. It needs no signature: `__Host-` cookies are
set by this host alone, and who can write them could as well begin a sign-in of their own.
"""

import base64
import json
import secrets
from dataclasses import asdict
from urllib.parse import urlencode

from aws_lambda_powertools import Logger

from nightlatch.domain.errors import AuthenticationError, EgressError, StoreUnavailableError
from nightlatch.domain.identity import Principal
from nightlatch.entrypoints.api.caller import principal_from
from nightlatch.entrypoints.console.answers import Answer, html, redirect
from nightlatch.entrypoints.console.cookies import SESSION, SIGN_IN, forgotten, session_cookie, sign_in_cookie
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.entrypoints.console.forgery import own_path
from nightlatch.entrypoints.console.templating import rendered
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.services.signing_in import Attempt

logger = Logger()

REFUSED = 403


def to_sign_in(visit: Visit) -> Answer:
    """Ask a stranger to sign in, and remember where they wanted to go."""
    wanted = own_path(visit.address) if visit.method == "GET" else "/"
    again = f"/auth/login?{urlencode({'return_to': wanted})}"
    page = _page("signed_out.html", again=again, is_new=SESSION not in visit.cookies).with_cookies(forgotten(SESSION))
    # A part of a page that is asked for anew must not be replaced by this page: the whole page is to be loaded again.
    return page.with_headers(HX_Refresh="true") if "hx-request" in visit.headers else page


def login(visit: Visit, desk: Desk) -> Answer:
    """Begin a sign-in, and send the browser to the identity provider."""
    try:
        attempt, page = desk.signing_in().begin(
            return_to=own_path(visit.asked("return_to") or "/"), redirect_uri=_redirect_uri(visit, desk)
        )
    except EgressError as error:
        return _failed(visit, desk, error)
    kept = base64.urlsafe_b64encode(json.dumps(asdict(attempt)).encode()).decode().rstrip("=")
    return redirect(page).with_cookies(sign_in_cookie(kept))


def callback(visit: Visit, desk: Desk) -> Answer:
    """End a sign-in: check what came back, and begin a session."""
    try:
        attempt = _attempt(visit)
        given = {name: values[0] for name, values in visit.query.items()}
        claims = desk.signing_in().finish(attempt, given, redirect_uri=_redirect_uri(visit, desk))
        principal = _person(principal_from(claims, desk.settings()))
    except (AuthenticationError, EgressError) as error:
        return _failed(visit, desk, error)
    begun = desk.sessions().begin(principal, origin=visit.origin)
    return redirect(own_path(attempt.return_to)).with_cookies(session_cookie(begun.cookie), forgotten(SIGN_IN))


def logout(visitor: Visitor) -> Answer:
    """End this session."""
    visitor.desk.sessions().end(visitor.session.id, visitor.call)
    left = redirect("/auth/signed-out").with_cookies(forgotten(SESSION))
    return left.with_headers(Clear_Site_Data='"cache"')


def signed_out(_visit: Visit, _desk: Desk) -> Answer:
    """Say that the session is over."""
    return _page("signed_out.html", again="/auth/login", is_new=None)


def _failed(visit: Visit, desk: Desk, error: Exception) -> Answer:
    """Say kindly that it did not work, and let the trail know."""
    logger.warning("sign-in failed", reason=str(error))
    try:
        desk.sign_ins().refused(None, reason=str(error), origin=visit.origin)
    except StoreUnavailableError:
        logger.exception("failed sign-in could not be told")
    return _page("sign_in_failed.html", status=REFUSED, reason=str(error)).with_cookies(forgotten(SIGN_IN))


def _person(principal: Principal) -> Principal:
    if principal.is_service:
        raise AuthenticationError("the console is for people, not for services")
    return principal


def _attempt(visit: Visit) -> Attempt:
    kept = visit.cookies.get(SIGN_IN, "")
    try:
        return Attempt(**json.loads(base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4))))
    except (ValueError, TypeError) as error:
        raise AuthenticationError("the sign-in took too long, or was begun in another browser") from error


def _redirect_uri(visit: Visit, desk: Desk) -> str:
    return f"{desk.console().scheme}://{visit.headers.get('host', '')}/auth/callback"


def _page(template: str, *, status: int = 200, **shown: object) -> Answer:
    nonce = secrets.token_urlsafe(16)
    return html(rendered(template, nonce=nonce, **shown), nonce=nonce, status=status)
