"""A run of the function `retention`: it walks on along the ledger while time lasts."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.errors import RivalChangeError
from nightlatch.entrypoints.runs import TIME_TO_STOP
from nightlatch.services.retention import Retention


def walk(retention: Retention, context: LambdaContext, *, logger: Logger) -> int:
    """Let the walk of retention go on until there is nothing to do, a rival is at it, or time runs short.

    Returns how many entries' times it moved.
    """
    below, moved = 0, 0
    while context.get_remaining_time_in_millis() > TIME_TO_STOP:
        try:
            step = retention.step()
        except RivalChangeError:
            break
        if step is None:
            break
        below, moved = step.next, moved + step.moved
    if below:
        logger.info("entries follow the retention", below=below, moved=moved)
    return moved
