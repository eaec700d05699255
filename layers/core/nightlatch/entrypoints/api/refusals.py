"""Tokens that API Gateway lets through and we do not: told, then refused."""

from typing import Annotated

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.bootstrap.sign_ins import sign_ins
from nightlatch.domain.errors import AuthenticationError, StoreUnavailableError
from nightlatch.entrypoints.api.authorization import Next
from nightlatch.entrypoints.api.caller import named_in, origin_of
from nightlatch.services.sign_ins import SignIns

logger = Logger()


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
