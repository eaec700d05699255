"""Who comes is told: at the first call after signing in, and when a token is refused that API Gateway let through."""

from typing import Annotated

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.bootstrap.api_reads import api_reads
from nightlatch.bootstrap.people import acquaintances
from nightlatch.bootstrap.sign_ins import sign_ins
from nightlatch.domain.errors import AuthenticationError, StoreUnavailableError
from nightlatch.entrypoints.api.authorization import Next
from nightlatch.entrypoints.api.caller import named_in, origin_of
from nightlatch.services.api_reads import ApiReads
from nightlatch.services.call import Call
from nightlatch.services.people import Acquaintances
from nightlatch.services.sign_ins import SignIns

logger = Logger()

TOLD_BY_THEMSELVES = frozenset({"/v1/audit", "/v1/audit/entries", "/v1/audit/entries/{entry_id}", "/v1/audit/export"})


def tell_refused_token(
    app: APIGatewayHttpResolver, next_middleware: Next, told: Annotated[SignIns, Depends(sign_ins)]
) -> Response[str]:
    """Count a token that is refused. It is refused whether that can be told or not."""
    try:
        return next_middleware(app)
    except AuthenticationError as error:
        event = app.current_event.raw_event
        try:
            told.refused(named_in(event), reason=str(error), origin=origin_of(event))
        except StoreUnavailableError:
            logger.exception("refused token could not be told")
        raise


def tell_sign_in(
    app: APIGatewayHttpResolver, next_middleware: Next, register: Annotated[Acquaintances, Depends(acquaintances)]
) -> Response[str]:
    """Note who calls for the first time since they signed in, whatever they may do here."""
    if principal := app.context.get("principal"):
        register.welcome(Call(principal=principal, origin=origin_of(app.current_event.raw_event)))
    return next_middleware(app)


def tell_read(
    app: APIGatewayHttpResolver, next_middleware: Next, reads: Annotated[ApiReads, Depends(api_reads)]
) -> Response[str]:
    """Count a call that only reads, where all of them are told, and those of the trail tell themselves."""
    principal, route = app.context.get("principal"), app.request.route
    if principal and app.request.method == "GET" and route not in TOLD_BY_THEMSELVES:
        reads.count(Call(principal=principal, origin=origin_of(app.current_event.raw_event)), route=route)
    return next_middleware(app)
