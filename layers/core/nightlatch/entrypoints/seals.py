"""The run of the function `sealing`: seal what is new, check a piece of what is kept, and say how far behind it is."""

from typing import TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.errors import RivalChangeError
from nightlatch.entrypoints.metrics import embedded
from nightlatch.services.sealing import Sealing, Standing
from nightlatch.services.self_check import SelfCheck

TIME_TO_SEAL = 60_000
"""Milliseconds that a span, at its longest, and the piece of a check must have left."""


def seal(sealing: Sealing, check: SelfCheck, context: LambdaContext, *, logger: Logger, metrics: TextIO) -> int:
    """Seal and check for as long as time lasts, and return how many entries were sealed.

    Whatever goes wrong, how far behind sealing is gets told.
    """
    sealed = 0

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > TIME_TO_SEAL

    try:
        while has_time() and (digest := sealing.seal_next()):
            sealed += digest.count
            logger.info("span sealed", first_seq=digest.first_seq, last_seq=digest.last_seq, digest=digest.key)
        logger.info("trail checked", entries=check.run(has_time=has_time))
    except RivalChangeError:
        logger.info("somebody else is sealing")
    finally:
        metrics.write(metric_line(sealing.standing(), function=context.function_name) + "\n")
    return sealed


def metric_line(standing: Standing, *, function: str) -> str:
    """Write how far sealing is as metrics."""
    figures = {
        "OldestUnsealedSeconds": int(standing.oldest_unsealed.total_seconds()),
        "IntegrityFailures": standing.findings,
    }
    return embedded(figures, at=standing.at, function=function)
