"""Called by the user pool while somebody signs in: counts attempts, and puts name and e-mail into access tokens."""

from typing import Any

from nightlatch.bootstrap.sign_ins import sign_ins_at_the_user_pool

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.user_pool import answer_user_pool

logger = Logger()


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Give the event back, as Cognito wants it."""
    return answer_user_pool(event, sign_ins_at_the_user_pool, logger=logger)
