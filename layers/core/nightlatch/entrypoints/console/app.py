"""The console's outermost edge: strangers are sent to sign in, what goes wrong is told kindly."""

import secrets
from collections.abc import Callable
from time import perf_counter
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_HTTP
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.errors import InvalidInputError, NightlatchError, NotAllowedError
from nightlatch.domain.session import Session
from nightlatch.entrypoints.console.answers import Answer, html
from nightlatch.entrypoints.console.cookies import SESSION
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.entrypoints.console.forgery import refuse_foreign, refuse_forged
from nightlatch.entrypoints.console.site import STRANGERS, Site
from nightlatch.entrypoints.console.strangers import to_sign_in
from nightlatch.entrypoints.console.templating import rendered
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.problem_kinds import INTERNAL_ERROR, MethodNotAllowedError, problem_of

logger = Logger()

TOLD_BY_THEMSELVES = frozenset({"/oversight/audit", "/oversight/audit/{entry_id}"})
"""Pages whose reads are told with what was read."""

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def lambda_handler(site: Site) -> Handler:
    """Make a function's handler: it answers, and logs one line about it."""

    @logger.inject_lambda_context(correlation_id_path=API_GATEWAY_HTTP, clear_state=True)
    def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        began, visit = perf_counter(), Visit(event)
        answer = respond(visit, site)
        milliseconds = round((perf_counter() - began) * 1000)
        logger.info(
            "page answered", method=visit.method, path=visit.path, status=answer.status, milliseconds=milliseconds
        )
        return answer.as_json()

    return handler


def respond(visit: Visit, site: Site) -> Answer:
    """Answer, whatever happens."""
    try:
        return _routed(visit, site)
    except NightlatchError as error:
        logger.append_keys(problem=problem_of(error).slug)
        return _refusal(error)
    except Exception as error:  # the outermost edge: a person is never shown a trace
        logger.exception("page failed")
        return _refusal(error)


def _routed(visit: Visit, site: Site) -> Answer:
    page, names, roles, route = site.found(visit)
    if roles == STRANGERS:
        return page(visit, site.desk, **names)
    if visit.method != "GET":
        refuse_foreign(visit)
    session = current_session(visit, site.desk)
    if session is None:
        return to_sign_in(visit)
    if visit.method != "GET":
        refuse_forged(visit, session.form_token)
    visitor = Visitor(visit, session, site.desk)
    logger.append_keys(principal=visitor.principal.id)
    if not visitor.principal.has(*roles):
        raise NotAllowedError(f"this is for {' or '.join(f'{role}s' for role in sorted(roles))} only")
    if visit.method == "GET" and route not in TOLD_BY_THEMSELVES:
        site.desk.api_reads().count(visitor.call, route=route)
    return page(visitor, **names)


def current_session(visit: Visit, desk: Desk) -> Session | None:
    """Find whose visit it is, by its cookie."""
    cookie = visit.cookies.get(SESSION)
    return desk.sessions().current(cookie, origin=visit.origin, is_use=not visit.is_unasked) if cookie else None


def _refusal(error: Exception) -> Answer:
    """Tell what went wrong, in a page that needs nothing else to work."""
    problem = problem_of(error)
    faults = error.faults if isinstance(error, InvalidInputError) else ()
    detail = "" if problem is INTERNAL_ERROR or faults else str(error)
    nonce = secrets.token_urlsafe(16)
    body = rendered("problem.html", nonce=nonce, problem=problem, detail=detail, faults=faults)
    answer = html(body, nonce=nonce, status=problem.status)
    return answer.with_headers(Allow=", ".join(error.allowed)) if isinstance(error, MethodNotAllowedError) else answer
