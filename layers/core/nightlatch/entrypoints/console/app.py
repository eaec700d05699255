"""The console's routes, and the outermost edge: strangers are sent to sign in, what goes wrong is told kindly.

A table of our own rather than Powertools' resolver: that one alone takes longer to import than all of these pages.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from functools import cache
from time import perf_counter
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_HTTP
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.errors import InvalidInputError, NightlatchError, NotFoundError
from nightlatch.domain.session import Session
from nightlatch.entrypoints.console import authentication
from nightlatch.entrypoints.console.answers import Answer, html
from nightlatch.entrypoints.console.cookies import SESSION
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.entrypoints.console.forgery import refuse_foreign, refuse_forged
from nightlatch.entrypoints.console.pages import account, asking, deciding, my_access, one_request
from nightlatch.entrypoints.console.static_files import static_file
from nightlatch.entrypoints.console.templating import rendered
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.problem_kinds import INTERNAL_ERROR, MethodNotAllowedError, problem_of

logger = Logger()

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

STRANGERS: dict[tuple[str, str], Callable[..., Answer]] = {
    ("GET", "/auth/login"): authentication.login,
    ("GET", "/auth/callback"): authentication.callback,
    ("GET", "/auth/signed-out"): authentication.signed_out,
    ("GET", "/static/{name}"): lambda _visit, _desk, name: static_file(name),
}
"""What anybody may ask for: called with the visit and the desk."""

PAGES: dict[tuple[str, str], Callable[..., Answer]] = {
    ("GET", "/"): my_access.show,
    ("GET", "/request"): asking.show,
    ("GET", "/request/check"): asking.show,
    ("POST", "/request/check"): asking.check,
    ("POST", "/request"): asking.send,
    ("GET", "/requests/{request_id}"): one_request.show,
    ("POST", "/requests/{request_id}/credentials"): one_request.credentials,
    ("POST", "/requests/{request_id}/cancel"): one_request.cancel,
    ("POST", "/requests/{request_id}/return"): one_request.give_back,
    ("POST", "/requests/{request_id}/extend"): one_request.extend,
    ("GET", "/approvals"): deciding.show,
    ("POST", "/requests/{request_id}/approve"): deciding.approve,
    ("POST", "/requests/{request_id}/reject"): deciding.reject,
    ("GET", "/account/sessions"): account.sessions,
    ("POST", "/account/sessions/{session_id}/end"): account.end_session,
    ("POST", "/auth/logout"): authentication.logout,
}
"""What somebody may ask for who is signed in: called with the visitor."""


def lambda_handler(desk: Desk) -> Handler:
    """Make the function's handler: it answers, and logs one line about it."""

    @logger.inject_lambda_context(correlation_id_path=API_GATEWAY_HTTP, clear_state=True)
    def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        began, visit = perf_counter(), Visit(event)
        answer = respond(visit, desk)
        milliseconds = round((perf_counter() - began) * 1000)
        logger.info(
            "page answered", method=visit.method, path=visit.path, status=answer.status, milliseconds=milliseconds
        )
        return answer.as_json()

    return handler


def respond(visit: Visit, desk: Desk) -> Answer:
    """Answer, whatever happens."""
    try:
        return _routed(visit, desk)
    except NightlatchError as error:
        logger.append_keys(problem=problem_of(error).slug)
        return _refusal(error)
    except Exception as error:  # the outermost edge: a person is never shown a trace
        logger.exception("page failed")
        return _refusal(error)


def _routed(visit: Visit, desk: Desk) -> Answer:
    if found := _found(STRANGERS, visit):
        page, names = found
        return page(visit, desk, **names)
    page, names = _found(PAGES, visit) or _no_page(visit)
    if visit.method != "GET":
        refuse_foreign(visit)
    session = current_session(visit, desk)
    if session is None:
        return authentication.to_sign_in(visit)
    if visit.method != "GET":
        refuse_forged(visit, session.form_token)
    visitor = Visitor(visit, session, desk)
    logger.append_keys(principal=visitor.principal.id)
    return page(visitor, **names)


def current_session(visit: Visit, desk: Desk) -> Session | None:
    """Find whose visit it is, by its cookie."""
    cookie = visit.cookies.get(SESSION)
    return desk.sessions().current(cookie, origin=visit.origin) if cookie else None


def _found(
    routes: Mapping[tuple[str, str], Callable[..., Answer]], visit: Visit
) -> tuple[Callable[..., Answer], dict[str, str]] | None:
    for (method, route), page in routes.items():
        if method == visit.method and (match := _pattern(route).fullmatch(visit.path)):
            return page, match.groupdict()
    return None


def _no_page(visit: Visit) -> Any:
    """Say why there is no page: the path is unknown, or known with another method."""
    known = {method for method, route in (*STRANGERS, *PAGES) if _pattern(route).fullmatch(visit.path)}
    if known:
        raise MethodNotAllowedError(visit.method, allowed=sorted(known))
    raise NotFoundError("there is no such page")


@cache
def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]{1,200})", route))


def _refusal(error: Exception) -> Answer:
    """Tell what went wrong, in a page that needs nothing else to work."""
    problem = problem_of(error)
    faults = [fault.message for fault in error.faults] if isinstance(error, InvalidInputError) else []
    detail = "" if problem is INTERNAL_ERROR or faults else str(error)
    nonce = secrets.token_urlsafe(16)
    body = rendered("problem.html", nonce=nonce, problem=problem, detail=detail, faults=faults)
    answer = html(body, nonce=nonce, status=problem.status)
    return answer.with_headers(Allow=", ".join(error.allowed)) if isinstance(error, MethodNotAllowedError) else answer
