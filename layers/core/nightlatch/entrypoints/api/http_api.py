"""The resolver that every API function is made of, and the outermost edge: what goes wrong is answered and logged here.

The order matters: who it is and whether they may comes before what they sent, so that a stranger learns nothing.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoHandlerError
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_HTTP
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic_core import to_json

from nightlatch.domain.errors import NightlatchError
from nightlatch.entrypoints.api.arrivals import tell_read, tell_refused_token, tell_sign_in
from nightlatch.entrypoints.api.authorization import Next, authorize, identify, no_route
from nightlatch.entrypoints.api.problems import answer
from nightlatch.entrypoints.api.validation import Validation, read_json
from nightlatch.entrypoints.problem_kinds import problem_of

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

logger = Logger()


def http_api() -> APIGatewayHttpResolver:
    """Make an API without routes.

    Answers are written as they are (`views.base` says why that is enough). They are not validated on the way out, as
    the resolver's own `enable_validation` would do.
    """
    api = APIGatewayHttpResolver(debug=False, serializer=_text, json_body_deserializer=read_json)
    before = (tell_refused_token, identify, _note_caller, tell_sign_in, authorize, tell_read)
    api.use(middlewares=[*before, Validation()])  # type: ignore[no-untyped-call]  # as Powertools wrote it

    def answer_known(error: NightlatchError) -> Response[str]:
        logger.append_keys(problem=problem_of(error).slug)
        return answer(error)

    def answer_unknown_route(_: NoHandlerError) -> Response[str]:
        return answer_known(no_route(api.current_event.http_method, api.current_event.path))

    def answer_unexpected(error: Exception) -> Response[str]:
        logger.error("call failed", exc_info=error)
        return answer(error)

    api.exception_handler(NightlatchError)(answer_known)
    api.exception_handler(NoHandlerError)(answer_unknown_route)
    api.exception_handler(Exception)(answer_unexpected)
    return api


def lambda_handler(api: APIGatewayHttpResolver) -> Handler:
    """Make the function's handler: it answers, and logs one line about it."""

    @logger.inject_lambda_context(correlation_id_path=API_GATEWAY_HTTP, clear_state=True)
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        started_at = perf_counter()
        answered = api.resolve(event, context)
        logger.info(
            "call answered",
            method=event["requestContext"]["http"]["method"],
            path=event["rawPath"],
            status=answered["statusCode"],
            milliseconds=round((perf_counter() - started_at) * 1000),
        )
        # An answer without a body has null for one, which is no text: not every gateway takes it.
        return {**answered, "body": answered["body"] or ""}

    return handler


def _note_caller(app: APIGatewayHttpResolver, next_middleware: Next) -> Response[str]:
    """Let every line that is logged from here on say whose call it is."""
    if principal := app.context.get("principal"):
        logger.append_keys(principal=principal.id)
    return next_middleware(app)


def _text(body: object) -> str:
    return to_json(body).decode()
