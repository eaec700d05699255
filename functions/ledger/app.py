"""Rung by every event that enters the outbox, and every minute: numbers and chains what waits."""

from typing import Any

from nightlatch.bootstrap.sequencer import sequencer

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.wakes import drain

logger = Logger()


def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """Drain the outbox; what rang does not matter."""
    drain(sequencer(), context, logger=logger)
