"""What is refused before a handler sees it: too much, not JSON, unknown or wrong fields and parameters."""

import math
from collections.abc import Iterator
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares.openapi_validation import OpenAPIRequestValidationMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from pydantic_core import from_json

from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.entrypoints.problem_kinds import TooLargeError, UnsupportedMediaTypeError

LARGEST_BODY = 64 * 1024
LARGEST_BODIES = {"/v1/audit/entries": 2 * 1024 * 1024}
"""Paths whose bodies may be larger."""

LONGEST_QUERY = 8 * 1024
DEEPEST = 32
MEDIA_TYPE = "application/json"

WORDING = {"missing": "is required", "extra_forbidden": "is not a known field"}


class Validation(OpenAPIRequestValidationMiddleware):
    """Checks what was sent against the handler's types, and names every fault in one answer."""

    def handler(self, app: Any, next_middleware: Any) -> Response[str]:
        """Pass the checked values on."""
        event = app.current_event
        refuse_too_much(event.raw_event)
        if event.body:
            refuse_other_than_json(event)
        unknown = list(_unknown_parameters(app))
        try:
            answer: Response[str] = super().handler(app, _refusing(unknown) if unknown else next_middleware)
        except RequestValidationError as error:
            raise InvalidInputError(*unknown, *map(_fault, error.errors())) from error
        return answer

    def _get_body(self, app: Any) -> Any:
        """Read the body as JSON: what it says of its type was looked at before."""
        return app.current_event.json_body


def read_json(text: str) -> Any:
    """Read a JSON document: complete, valid Unicode, finite numbers, not too deep."""
    try:
        document = from_json(text)
    except ValueError as error:
        raise InvalidInputError(Fault("", f"is not JSON: {error}")) from error
    if faults := list(_faults_in(document)):
        raise InvalidInputError(*faults)
    return document


def refuse_too_much(event: dict[str, Any]) -> None:
    """Refuse a body or a query string that is larger than any sensible one, before anything is parsed."""
    largest = LARGEST_BODIES.get(event["rawPath"], LARGEST_BODY)
    if len((event.get("body") or "").encode(errors="surrogatepass")) > largest:
        raise TooLargeError(f"the body is larger than {largest} bytes")
    if len(event.get("rawQueryString") or "") > LONGEST_QUERY:
        raise TooLargeError(f"the query string is longer than {LONGEST_QUERY} characters")


def refuse_other_than_json(event: Any) -> None:
    """Refuse a body that is not said to be JSON, or is no object. A form of another site can send neither."""
    media_type = event.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise UnsupportedMediaTypeError(f"the body must be {MEDIA_TYPE}")
    try:
        document = event.json_body
    except ValueError as error:
        raise InvalidInputError(Fault("", "is not UTF-8 text")) from error
    if not isinstance(document, dict):
        raise InvalidInputError(Fault("", "must be an object"))


def pointer(*steps: str | int) -> str:
    """Write a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _faults_in(document: Any) -> Iterator[Fault]:
    """Find numbers that are none, and stop where it gets too deep."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        steps, value = waiting.pop()
        if isinstance(value, float) and not math.isfinite(value):
            yield Fault(pointer(*steps), "must be a finite number")
        if isinstance(value, dict | list):
            if len(steps) == DEEPEST:
                yield Fault("", f"is nested deeper than {DEEPEST} levels")
                return
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            waiting.extend(((*steps, step), item) for step, item in inner)


def _refusing(faults: list[Fault]) -> Any:
    def refuse(_: APIGatewayHttpResolver) -> Response[str]:
        raise InvalidInputError(*faults)

    return refuse


def _unknown_parameters(app: Any) -> Iterator[Fault]:
    known = {parameter.alias for parameter in app.context["_route"].dependant.query_params}
    for name in app.current_event.query_string_parameters:
        if name not in known:
            yield Fault(f"?{name}", "is not a known parameter")


def _fault(error: dict[str, Any]) -> Fault:
    """Name a fault as Pydantic found it: in the body by its pointer, else by the parameter's name."""
    place, *steps = error["loc"]
    message = WORDING.get(error["type"], error["msg"].removeprefix("Value error, "))
    return Fault(pointer(*steps) if place == "body" else f"?{steps[0]}", message)
