"""Signing in and out: away to the identity provider, back with a code, and a session in place of every token.

What a sign-in must come back with lies in a cookie of its browser only. It needs no signature: `__Host-` cookies are
set by this host alone, and who can write them could as well begin a sign-in of their own.
"""

import base64
import json

from aws_lambda_powertools import Logger

from nightlatch.domain.errors import AuthenticationError, EgressError, StoreUnavailableError
from nightlatch.domain.identity import Principal
from nightlatch.entrypoints.api.caller import principal_from
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.cookies import SESSION, SIGN_IN, forgotten, session_cookie, sign_in_cookie
from nightlatch.entrypoints.console.forgery import own_path
from nightlatch.entrypoints.console.front.desk import FrontDesk
from nightlatch.entrypoints.console.strangers import page_for_strangers
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.services.signing_in import Attempt

logger = Logger()

REFUSED = 403


def login(visit: Visit, desk: FrontDesk) -> Answer:
    """Begin a sign-in, and send the browser to the identity provider."""
    try:
        attempt, page = desk.signing_in().begin(
            return_to=own_path(visit.asked("return_to") or "/"),
            redirect_uri=_redirect_uri(visit, desk),
            is_fresh=bool(visit.asked("fresh")),
        )
    except EgressError as error:
        return _failed(visit, desk, error)
    kept = base64.urlsafe_b64encode(json.dumps(attempt._asdict()).encode()).decode().rstrip("=")
    return redirect(page).with_cookies(sign_in_cookie(kept))


def callback(visit: Visit, desk: FrontDesk) -> Answer:
    """End a sign-in: check what came back, and begin a session."""
    try:
        attempt = _attempt(visit)
        given = {name: values[0] for name, values in visit.query.items()}
        signed_in = desk.signing_in().finish(attempt, given, redirect_uri=_redirect_uri(visit, desk))
        known = _person(principal_from(signed_in.claims, desk.settings()))
    except (AuthenticationError, EgressError) as error:
        return _failed(visit, desk, error)
    principal = known.model_copy(update={"signed_in_at": signed_in.at})
    begun = desk.sessions().begin(principal, origin=visit.origin)
    return redirect(own_path(attempt.return_to)).with_cookies(session_cookie(begun.cookie), forgotten(SIGN_IN))


def logout(visitor: Visitor[FrontDesk]) -> Answer:
    """End this session."""
    visitor.desk.sessions().end(visitor.session.id, visitor.call)
    left = redirect("/auth/signed-out").with_cookies(forgotten(SESSION))
    return left.with_headers(Clear_Site_Data='"cache"')


def signed_out(_visit: Visit, _desk: FrontDesk) -> Answer:
    """Say that the session is over."""
    return page_for_strangers("signed_out.html", again="/auth/login", is_new=None)


def _failed(visit: Visit, desk: FrontDesk, error: Exception) -> Answer:
    """Say kindly that it did not work, and let the trail know."""
    logger.warning("sign-in failed", reason=str(error))
    try:
        desk.sign_ins().refused(None, reason=str(error), origin=visit.origin)
    except StoreUnavailableError:
        logger.exception("failed sign-in could not be told")
    return page_for_strangers("sign_in_failed.html", status=REFUSED, reason=str(error)).with_cookies(forgotten(SIGN_IN))


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


def _redirect_uri(visit: Visit, desk: FrontDesk) -> str:
    return f"{desk.console().scheme}://{visit.headers.get('host', '')}/auth/callback"
